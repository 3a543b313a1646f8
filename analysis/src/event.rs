//! One event: what happened to a domain, a device, the host or virtmon.

use std::borrow::Cow;
use std::sync::Arc;

use virtmon_model::{Domain, Identity, Uuid};

/// Something that happened between two readings.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// The domain that it is about; none where it is about the host.
    pub identity: Option<Identity>,
    /// That domain's name.
    pub name: Option<Arc<str>>,
    /// The device or counter that it is about, empty where it is about the whole.
    pub device: String,
    /// What it was.
    pub old: Value,
    /// What it is.
    pub new: Value,
    /// Why, as far as it can be told.
    pub cause: Cow<'static, str>,
    /// When the toolstack told of it, by itself: `CLOCK_MONOTONIC`, in ns. None where readings
    /// alone show it.
    pub told_ns: Option<u64>,
}

/// One side of a change.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Not known, or nothing was there.
    #[default]
    Nothing,
    /// A number.
    Number(u64),
    /// One of virtmon's own words.
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
        /// What happened, in one word.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum EventKind { $($(#[$doc])* $kind,)* }

        impl EventKind {
            /// The word that the table has for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }
        }
    };
}

kinds! {
    /// A domain is there that was not.
    Created = "created",
    /// A domain is there no more.
    Destroyed = "destroyed",
    /// The same domain in another life.
    Rebooted = "rebooted",
    /// The id has another owner.
    IdReused = "id_reused",
    /// Another name.
    Renamed = "renamed",
    /// Stopped by the toolstack.
    Paused = "paused",
    /// Goes on.
    Resumed = "resumed",
    /// Has shut itself down.
    Shutdown = "shutdown",
    /// Has crashed.
    Crashed = "crashed",
    /// Is being torn down.
    Dying = "dying",
    /// A counter ran backwards.
    CounterReset = "counter_reset",
    /// Another number of vCPUs is online.
    VcpusChanged = "vcpus_changed",
    /// It holds more or less memory.
    MemoryChanged = "memory_changed",
    /// A network interface more.
    NicAdded = "nic_added",
    /// A network interface less.
    NicRemoved = "nic_removed",
    /// A block device more.
    DiskAdded = "disk_added",
    /// A block device less.
    DiskRemoved = "disk_removed",
    /// A device more that no reading has.
    DeviceAdded = "device_added",
    /// Such a device less.
    DeviceRemoved = "device_removed",
    /// Its memory is being copied.
    MemoryCopy = "copying",
    /// Its values could not be read.
    Stale = "stale",
    /// They can again.
    Fresh = "fresh",
    /// Something that is not read with a domain, or in one of its devices, could not be read.
    Trouble = "trouble",
    /// A whole reading failed.
    Lost = "lost",
    /// The first that succeeded after.
    Back = "back",
    /// The host was suspended.
    Suspended = "suspended",
    /// The wall clock was set.
    ClockStepped = "clock_stepped",
    /// Readings are in no table, for the outputs were too slow.
    Dropped = "dropped",
}

impl Event {
    /// An event of the host.
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
            told_ns: None,
        }
    }

    /// So many readings are in no table.
    pub fn dropped(ticks: u64) -> Self {
        let cause = Cow::Borrowed("the outputs were too slow");
        Self {
            new: Value::Number(ticks),
            ..Self::host(EventKind::Dropped, cause)
        }
    }

    /// An event of a domain.
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

    /// The same, about a device or a counter.
    pub fn about(mut self, device: &str) -> Self {
        self.device.push_str(device);
        self
    }

    /// The same, and when it was told.
    pub fn told_at(mut self, mono_ns: u64) -> Self {
        self.told_ns = Some(mono_ns);
        self
    }

    /// The same, and why.
    pub fn because(mut self, cause: impl Into<Cow<'static, str>>) -> Self {
        self.cause = cause.into();
        self
    }
}
