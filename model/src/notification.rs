use std::sync::Arc;

use uuid::Uuid;

/// What a hypervisor's toolstack told of a domain by itself, as it happened: of what begins and
/// ends between two readings, or changes nothing that is read, lists show nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// What happened.
    pub kind: NotificationKind,
    /// When it was told: `CLOCK_MONOTONIC`, in ns.
    pub mono_ns: u64,
    /// The domain's uuid.
    pub uuid: Uuid,
    /// Its id, which one that has ended has no more.
    pub id: Option<u32>,
    /// Its name.
    pub name: Option<Arc<str>>,
    /// How it came about, in a few words; empty where that is not told.
    pub reason: &'static str,
}

/// What happened to a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotificationKind {
    /// It began to run.
    Started,
    /// It is there no more.
    Stopped,
    /// Its vCPUs were stopped.
    Paused,
    /// They run again.
    Resumed,
    /// It was reset, or reset itself, and is the same domain still.
    Reset,
    /// It has a device more, of this name.
    DeviceAdded(DeviceClass, String),
    /// It has a device less, which had this name.
    DeviceRemoved(DeviceClass, String),
    /// Its balloon has moved: it holds so many bytes.
    Memory(u64),
    /// Its memory is being copied, for the so many-th time, the first being 1.
    MemoryCopy(u32),
}

/// What a device is that came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceClass {
    /// A network interface, by the name that [`Nic`](crate::Nic) has for it.
    Nic,
    /// A block device, by the name that [`Disk`](crate::Disk) has for it.
    Disk,
    /// Something that no reading tells of, by a name of the toolstack's.
    Other,
}
