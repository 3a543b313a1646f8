//! Events: changes of a domain, a device, the host or virtmon itself.

use std::borrow::Cow;
use std::sync::Arc;

use virtmon_model::{Domain, Identity, Uuid};

/// A change between two samples, or a notification of the toolstack.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Kind of the change.
    pub kind: EventKind,
    /// Domain that the event is about; `None` if the event is about the host.
    pub identity: Option<Identity>,
    /// Name of that domain.
    pub name: Option<Arc<str>>,
    /// Device or counter that the event is about; empty if the event is about the whole domain.
    pub device: String,
    /// Value before the change.
    pub old: Value,
    /// Value after the change.
    pub new: Value,
    /// Cause of the change, if known; empty otherwise.
    pub cause: Cow<'static, str>,
    /// Kind of the event of the same domain that this one is part of: the setup of a domain follows from
    /// its creation. `None` if the event stands for itself.
    pub follows: Option<EventKind>,
    /// Time of the toolstack's notification: `CLOCK_MONOTONIC`, in ns. `None` if only samples show
    /// the change.
    pub notified_ns: Option<u64>,
}

/// Value before or after a change.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Unknown, or absent.
    #[default]
    Nothing,
    /// A number.
    Number(u64),
    /// A word of virtmon's own vocabulary.
    Word(&'static str),
    /// A name.
    Name(Arc<str>),
    /// A uuid.
    Uuid(Uuid),
}

impl From<Option<u64>> for Value {
    fn from(value: Option<u64>) -> Self {
        value.map_or(Self::Nothing, Self::Number)
    }
}

impl From<Option<Arc<str>>> for Value {
    fn from(value: Option<Arc<str>>) -> Self {
        value.map_or(Self::Nothing, Self::Name)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal,)*) => {
        /// Kind of an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum EventKind { $($(#[$doc])* $kind,)* }

        impl EventKind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Word of this kind in the event table.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }
        }
    };
}

kinds! {
    /// A domain appeared.
    Created = "created",
    /// A domain disappeared.
    Destroyed = "destroyed",
    /// The same domain (uuid) was started again, or was reset.
    Rebooted = "rebooted",
    /// The id belongs to another domain.
    IdReused = "id_reused",
    /// The name changed.
    Renamed = "renamed",
    /// The toolstack paused the domain.
    Paused = "paused",
    /// A paused domain runs again.
    Resumed = "resumed",
    /// The domain has shut down.
    Shutdown = "shutdown",
    /// The domain has crashed.
    Crashed = "crashed",
    /// The domain is being torn down.
    Dying = "dying",
    /// A counter decreased.
    CounterReset = "counter_reset",
    /// The number of online vCPUs changed.
    VcpusChanged = "vcpus_changed",
    /// The amount of memory held changed.
    MemoryChanged = "memory_changed",
    /// A network interface was added.
    NicAdded = "nic_added",
    /// A network interface was removed.
    NicRemoved = "nic_removed",
    /// A block device was added.
    DiskAdded = "disk_added",
    /// A block device was removed.
    DiskRemoved = "disk_removed",
    /// A device of another kind, which samples do not contain, was added.
    DeviceAdded = "device_added",
    /// A device of another kind was removed.
    DeviceRemoved = "device_removed",
    /// The domain's memory is being copied.
    MemoryCopy = "memory_copy",
    /// The values of the domain could not be read; its row is stale.
    Stale = "stale",
    /// The values of the domain can be read again.
    Recovered = "recovered",
    /// A value could not be read that belongs to no domain, or to a device of one.
    Warning = "warning",
    /// A sample failed.
    SampleFailed = "sample_failed",
    /// A sample succeeded after one that had failed.
    SampleRecovered = "sample_recovered",
    /// The host was suspended.
    Suspended = "suspended",
    /// The wall clock was set.
    ClockStepped = "clock_stepped",
    /// Ticks are in no table because an output was too slow.
    OutputDropped = "output_dropped",
}

impl Event {
    /// Creates an event of the host.
    #[must_use]
    pub const fn host(kind: EventKind, cause: Cow<'static, str>) -> Self {
        Self {
            kind,
            identity: None,
            name: None,
            device: String::new(),
            old: Value::Nothing,
            new: Value::Nothing,
            cause,
            follows: None,
            notified_ns: None,
        }
    }

    /// Creates the event of ticks that are in no table because an output was too slow.
    pub fn output_dropped(ticks: u64) -> Self {
        let cause = Cow::Borrowed("the outputs were too slow");
        Self {
            new: Value::Number(ticks),
            ..Self::host(EventKind::OutputDropped, cause)
        }
    }

    /// Creates an event of a domain.
    pub fn of(
        domain: &Domain,
        kind: EventKind,
        old: impl Into<Value>,
        new: impl Into<Value>,
    ) -> Self {
        Self {
            identity: Some(domain.identity),
            name: domain.name.clone(),
            old: old.into(),
            new: new.into(),
            ..Self::host(kind, Cow::Borrowed(""))
        }
    }

    /// Sets the device or counter that the event is about.
    pub fn about(mut self, device: &str) -> Self {
        self.device.push_str(device);
        self
    }

    /// Sets the time of the notification.
    pub fn notified_at(mut self, mono_ns: u64) -> Self {
        self.notified_ns = Some(mono_ns);
        self
    }

    /// Sets the cause.
    pub fn because(mut self, cause: impl Into<Cow<'static, str>>) -> Self {
        self.cause = cause.into();
        self
    }
}
