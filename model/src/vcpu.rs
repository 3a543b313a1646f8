use std::fmt;

/// One vCPU of a domain at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vcpu {
    /// Its number in the domain. Numbers may have holes.
    pub id: u32,
    /// What it is doing.
    pub state: VcpuState,
    /// CPU time that it used, in ns, cumulative.
    pub cpu_time_ns: Option<u64>,
    /// The pCPU that it is on, or was on last.
    pub pcpu: Option<u32>,
    /// `wait_sum` of its thread in the host's `/proc/<pid>/task/<tid>/sched`, in ns, cumulative:
    /// time on a run queue, kept only while the host's `kernel.sched_schedstats` is on (libvirt's
    /// `vcpu.<n>.wait`).
    pub wait_ns: Option<u64>,
    /// Time that it could have run and was not let, in ns, cumulative: steal (libvirt's
    /// `vcpu.<n>.delay`).
    pub delay_ns: Option<u64>,
    /// Whether the guest has halted it (libvirt's `vcpu.<n>.halted`).
    pub halted: Option<bool>,
}

/// What a vCPU is doing, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VcpuState {
    /// It is on a pCPU (Xen); it is not blocked (libvirt).
    Running,
    /// It could run, and waits for a pCPU. Only Xen tells it apart.
    Ready,
    /// It waits for an event.
    Blocked,
    /// Its domain is paused or has ended, so it may not run. Only Xen tells it apart.
    Paused,
    /// The guest has not brought it up.
    Offline,
    /// The hypervisor did not tell, or in a word that virtmon does not know.
    #[default]
    Unknown,
}

impl VcpuState {
    /// The word that the tables print.
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
