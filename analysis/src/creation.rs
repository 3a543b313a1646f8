//! Events that follow from the creation of a domain.

use crate::event::{Event, EventKind, Value};

/// Time after the creation of a domain in which its setup is part of the creation, in ns: the toolstack
/// names the domain, gives it memory, vCPUs and devices, and starts it.
const SETUP_NS: u64 = 10_000_000_000;

/// Creation of a domain, or of a new life of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Creation {
    /// Start of the first sample that had the domain: `CLOCK_MONOTONIC`, in ns.
    pub(crate) mono_ns: u64,
    /// True if the domain was started again.
    pub(crate) is_restart: bool,
}

impl Creation {
    /// Marks the events of a sample that belong to the setup of the domain.
    #[cold]
    pub(crate) fn mark(self, mono_ns: u64, events: &mut [Event]) {
        if mono_ns.saturating_sub(self.mono_ns) > SETUP_NS {
            return;
        }
        let kind = match self.is_restart {
            true => EventKind::Rebooted,
            false => EventKind::Created,
        };
        for event in events.iter_mut().filter(|event| is_setup(event)) {
            event.follows = Some(kind);
        }
    }
}

fn is_setup(event: &Event) -> bool {
    match event.kind {
        EventKind::Renamed => event.old == Value::Nothing,
        EventKind::VcpusChanged
        | EventKind::MemoryChanged
        | EventKind::NicAdded
        | EventKind::DiskAdded
        | EventKind::Resumed => true,
        _ => false,
    }
}
