use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::{Devices, Disk, Instance, Memory, Nic, Rows, Vcpu};

/// What tells one life of one domain from every other.
///
/// An id alone is not enough: Xen gives a domid again. A uuid alone is not either: it survives a
/// reboot, and with it the counters start anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Identity {
    /// Xen's domid, or libvirt's id of a running domain.
    pub id: u32,
    /// The domain's uuid: Xen's handle, all zeros for domain 0.
    pub uuid: Uuid,
    /// The hypervisor's own number for this life of the domain, where it has one
    /// (`XEN_DOMCTL_get_domain_state`, Xen 4.21 and later).
    pub incarnation: Option<u64>,
}

/// One domain at one moment.
#[derive(Debug, Clone, Default)]
pub struct Domain {
    /// Which domain this is, and which life of it.
    pub identity: Identity,
    /// Its name, if it has one. Bytes that are not UTF-8 are written `\xNN`.
    pub name: Option<Arc<str>>,
    /// What it is doing.
    pub state: State,
    /// How it came to be in that state, in a few words, where the hypervisor tells.
    pub reason: Option<&'static str>,
    /// CPU time used by all its vCPUs since it was made, in ns.
    pub cpu_time_ns: Option<u64>,
    /// The part of it that its process spent outside the kernel, in ns (libvirt's `cpu.user`).
    pub cpu_user_ns: Option<u64>,
    /// The part of it that the host's kernel spent for it, in ns (libvirt's `cpu.system`).
    pub cpu_system_ns: Option<u64>,
    /// vCPUs that are online.
    pub vcpus_online: Option<u32>,
    /// Memory that it holds now, in bytes.
    pub mem_bytes: Option<u64>,
    /// Memory that it may hold, in bytes; `None` also where there is no limit.
    pub mem_max_bytes: Option<u64>,
    /// What else is known of its memory.
    pub memory: Memory,
    /// What it is there for.
    pub role: Option<Role>,
    /// Of a stub domain, the domain whose device model it runs.
    pub target_id: Option<u32>,
    /// Its cpupool (`xen_domctl_getdomaininfo.cpupool`), `None` where it is in none.
    pub cpupool: Option<u32>,
    /// Its vCPUs, where they were asked for.
    pub vcpus: Devices<Vcpu>,
    /// Its network interfaces.
    pub nics: Devices<Nic>,
    /// Its block devices.
    pub disks: Devices<Disk>,
    /// What the hypervisor tells beyond all that, under its own names, where it was asked for.
    pub stats: Rows<Stat>,
    /// What OpenStack says of it, where that was asked for and it made it.
    pub instance: Option<Arc<Instance>>,
    /// How old the values are, in ns: 0 when they were read in this sample.
    pub stale_ns: u64,
    /// Why some of it could not be read in this sample.
    pub error: Option<Arc<str>>,
}

impl Domain {
    /// Makes every value unknown and the row fresh, keeping the buffers.
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

/// What a Xen domain is there for, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It may control the others (Xen's control domain): domain 0 on most hosts.
    Control,
    /// It owns the hardware, where that is not the control domain.
    Hardware,
    /// It runs xenstore.
    Xenstore,
    /// It runs the device model of another domain.
    Stub,
    /// It serves devices of other domains.
    Driver,
    /// None of these.
    Guest,
}

impl Role {
    /// The word that the tables print.
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

/// A value under the name that the hypervisor has for it. Neither number nor text is a value of a
/// kind that virtmon does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stat {
    /// Its name.
    pub name: String,
    /// Its value, where it is a number.
    pub number: Option<u64>,
    /// Its value, where it is a text.
    pub text: Option<String>,
}

/// What a domain is doing, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// A vCPU is on a pCPU or could be (Xen); the guest is not stopped (libvirt).
    Running,
    /// Every vCPU waits for an event.
    Blocked,
    /// Stopped by the toolstack.
    Paused,
    /// Has shut itself down and is still there.
    Shutdown,
    /// Has crashed and is still there.
    Crashed,
    /// Is being torn down.
    Dying,
    /// The hypervisor did not tell, or in a word that virtmon does not know.
    #[default]
    Unknown,
}

impl State {
    /// The word that the tables print.
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
