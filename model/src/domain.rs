//! A domain: its identity, values and state.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::device::{Devices, Disk, Nic};
use crate::instance::Instance;
use crate::memory::Memory;
use crate::rows::Rows;
use crate::vcpu::Vcpu;

/// Identity of one incarnation of a domain.
///
/// An id alone is not enough, because Xen reuses domids. A uuid alone is not enough, because a domain
/// keeps it over a reboot, and its counters start again from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Identity {
    /// Xen's domid, or libvirt's id of a running domain.
    pub id: u32,
    /// Uuid of the domain: Xen's handle, which is all zeros for domain 0.
    pub uuid: Uuid,
    /// The hypervisor's own number for this incarnation of the domain, if it has one
    /// (`XEN_DOMCTL_get_domain_state`, Xen 4.21 and later).
    pub incarnation: Option<u64>,
}

/// One domain at one moment.
#[derive(Debug, Clone, Default)]
pub struct Domain {
    /// Identity of the domain and of its incarnation.
    pub identity: Identity,
    /// Name of the domain, if it has one. Bytes that are not UTF-8 are written as `\xNN`.
    pub name: Option<Arc<str>>,
    /// State of the domain.
    pub state: State,
    /// Reason of the state, in a few words, if the hypervisor reports it.
    pub reason: Option<&'static str>,
    /// CPU time used by all vCPUs since the domain was created, in ns.
    pub cpu_time_ns: Option<u64>,
    /// Part of `cpu_time_ns` that the domain's process spent outside the kernel, in ns (libvirt's
    /// `cpu.user`).
    pub cpu_user_ns: Option<u64>,
    /// Part of `cpu_time_ns` that the host's kernel spent for the process, in ns (libvirt's
    /// `cpu.system`).
    pub cpu_system_ns: Option<u64>,
    /// Number of vCPUs that are online.
    pub vcpus_online: Option<u32>,
    /// Memory that the domain holds, in bytes.
    pub mem_bytes: Option<u64>,
    /// Memory that the domain may hold, in bytes; `None` also if there is no limit.
    pub mem_max_bytes: Option<u64>,
    /// Further values of its memory.
    pub memory: Memory,
    /// Role of the domain on the host.
    pub role: Option<Role>,
    /// Of a stub domain: id of the domain whose device model it runs.
    pub target_id: Option<u32>,
    /// Number of its cpupool (`xen_domctl_getdomaininfo.cpupool`); `None` if it is in none.
    pub cpupool: Option<u32>,
    /// vCPUs, if they are needed ([`Needs::vcpus`](crate::Needs)).
    pub vcpus: Devices<Vcpu>,
    /// Network interfaces.
    pub nics: Devices<Nic>,
    /// Block devices.
    pub disks: Devices<Disk>,
    /// Further values under the names that the hypervisor has for them, if they are needed.
    pub stats: Rows<Stat>,
    /// OpenStack's data of the domain, if it is needed and OpenStack created the domain.
    pub instance: Option<Arc<Instance>>,
    /// Age of the values, in ns; 0 if they were read in this sample.
    pub stale_ns: u64,
    /// Reason why a part of the domain could not be read in this sample.
    pub error: Option<Arc<str>>,
}

impl Domain {
    /// Makes every value unknown. The row is not stale afterwards, and its buffers are kept.
    pub fn clear(&mut self) {
        let Self {
            identity,
            name,
            state,
            reason,
            cpu_time_ns,
            cpu_user_ns,
            cpu_system_ns,
            vcpus_online,
            mem_bytes,
            mem_max_bytes,
            memory,
            role,
            target_id,
            cpupool,
            vcpus,
            nics,
            disks,
            stats,
            instance,
            stale_ns,
            error,
        } = self;
        *identity = Identity::default();
        *name = None;
        *state = State::Unknown;
        *reason = None;
        *cpu_time_ns = None;
        *cpu_user_ns = None;
        *cpu_system_ns = None;
        *vcpus_online = None;
        *mem_bytes = None;
        *mem_max_bytes = None;
        *memory = Memory::default();
        *role = None;
        *target_id = None;
        *cpupool = None;
        vcpus.clear();
        nics.clear();
        disks.clear();
        stats.clear();
        *instance = None;
        *stale_ns = 0;
        *error = None;
    }
}

/// Role of a Xen domain on its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Control domain, which may control the other domains: domain 0 on most hosts.
    Control,
    /// Hardware domain, if it is not the control domain.
    Hardware,
    /// Domain that runs xenstore.
    Xenstore,
    /// Stub domain: it runs the device model of another domain.
    Stub,
    /// Driver domain: it serves devices of other domains.
    Driver,
    /// None of these: an ordinary guest.
    Guest,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] = [
        Self::Control,
        Self::Hardware,
        Self::Xenstore,
        Self::Stub,
        Self::Driver,
        Self::Guest,
    ];

    /// The word in the tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Hardware => "hardware",
            Self::Xenstore => "xenstore",
            Self::Stub => "stub",
            Self::Driver => "driver",
            Self::Guest => "guest",
        }
    }
}

/// A value under the name that the hypervisor has for it. If it has neither number nor text, virtmon
/// does not know its type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stat {
    /// Name of the value.
    pub name: String,
    /// The value, if it is a number.
    pub number: Option<u64>,
    /// The value, if it is text.
    pub text: Option<String>,
}

/// State of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// A vCPU runs on a pCPU or could run (Xen); the guest is not stopped (libvirt).
    Running,
    /// Every vCPU waits for an event.
    Blocked,
    /// The toolstack has stopped it.
    Paused,
    /// It has shut down and still exists.
    Shutdown,
    /// It has crashed and still exists.
    Crashed,
    /// It is being destroyed.
    Dying,
    /// The hypervisor did not report the state, or reported one that virtmon does not know.
    #[default]
    Unknown,
}

impl State {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Running,
        Self::Blocked,
        Self::Paused,
        Self::Shutdown,
        Self::Crashed,
        Self::Dying,
        Self::Unknown,
    ];

    /// The word in the tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Blocked => "blocked",
            Self::Paused => "paused",
            Self::Shutdown => "shutdown",
            Self::Crashed => "crashed",
            Self::Dying => "dying",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
