//! vCPUs of a domain.

use std::fmt;

/// One vCPU of a domain at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vcpu {
    /// Number of the vCPU in its domain. Numbers may have holes.
    pub id: u32,
    /// State of the vCPU.
    pub state: VcpuState,
    /// CPU time used by the vCPU, in ns, cumulative.
    pub cpu_time_ns: Option<u64>,
    /// Number of the pCPU on which the vCPU runs, or ran last.
    pub pcpu: Option<u32>,
    /// Time that its thread waited on a run queue, in ns, cumulative: `wait_sum` in the host's
    /// `/proc/<pid>/task/<tid>/sched`. The kernel counts it only while `kernel.sched_schedstats` is on
    /// (libvirt's `vcpu.<n>.wait`).
    pub wait_ns: Option<u64>,
    /// Time that it was ready to run and did not run, in ns, cumulative: steal (libvirt's
    /// `vcpu.<n>.delay`).
    pub delay_ns: Option<u64>,
    /// True if the guest has halted it (libvirt's `vcpu.<n>.halted`).
    pub halted: Option<bool>,
}

/// State of a vCPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VcpuState {
    /// It runs on a pCPU (Xen); it is not blocked (libvirt).
    Running,
    /// It could run, and waits for a pCPU. Only Xen reports this state.
    Ready,
    /// It waits for an event.
    Blocked,
    /// Its domain is paused or has ended, so it may not run. Only Xen reports this state.
    Paused,
    /// The guest has not brought it up.
    Offline,
    /// The hypervisor did not report the state, or reported one that virtmon does not know.
    #[default]
    Unknown,
}

impl VcpuState {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Running,
        Self::Ready,
        Self::Blocked,
        Self::Paused,
        Self::Offline,
        Self::Unknown,
    ];

    /// The word in the tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Blocked => "blocked",
            Self::Paused => "paused",
            Self::Offline => "offline",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for VcpuState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
