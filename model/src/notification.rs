//! Notifications of a toolstack.

use std::sync::Arc;

use uuid::Uuid;

/// A message about a domain that the toolstack pushed when something happened. It covers changes
/// that samples miss: those that begin and end between two samples, and those that change no sampled
/// value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The change.
    pub kind: NotificationKind,
    /// Time at which the notification arrived: `CLOCK_MONOTONIC`, in ns.
    pub mono_ns: u64,
    /// Uuid of the domain.
    pub uuid: Uuid,
    /// Id of the domain; `None` after it has ended.
    pub id: Option<u32>,
    /// Name of the domain.
    pub name: Option<Arc<str>>,
    /// Reason of the change, in a few words; empty if it is unknown.
    pub reason: &'static str,
}

/// A change of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotificationKind {
    /// The domain was started.
    Started,
    /// The domain has ended.
    Stopped,
    /// The vCPUs were paused.
    Paused,
    /// The vCPUs were resumed.
    Resumed,
    /// The domain was reset, by the toolstack or by itself. It is still the same domain.
    Reset,
    /// A device with this name was added.
    DeviceAdded(DeviceClass, String),
    /// The device with this name was removed.
    DeviceRemoved(DeviceClass, String),
    /// The balloon changed the memory of the domain to this number of bytes.
    Memory(u64),
    /// A pass over the memory of the domain began, which copies it. The first pass is 1.
    MemoryCopy(u32),
}

/// Class of a device that was added or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceClass {
    /// A network interface. Its name is that of [`Nic`](crate::Nic).
    Nic,
    /// A block device. Its name is that of [`Disk`](crate::Disk).
    Disk,
    /// A device that is not sampled. Its name is that of the toolstack.
    Other,
}
