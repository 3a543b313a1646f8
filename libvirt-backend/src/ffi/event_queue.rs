//! Events on their way from the callbacks to the thread that handles them.

use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use virtmon_model::Uuid;

/// Maximum number of queued events. Further ones are dropped until the queue is read.
pub(crate) const MAX_EVENTS: usize = 10_000;

/// An event of a domain.
#[derive(Debug, Clone)]
pub(crate) struct DomainEvent {
    /// Time of the callback: `CLOCK_MONOTONIC`, in ns.
    pub(crate) mono_ns: u64,
    /// UUID of the domain.
    pub(crate) uuid: Uuid,
    /// Id of the domain; `None` if it had ended by then.
    pub(crate) id: Option<u32>,
    /// Name of the domain.
    pub(crate) name: Box<[u8]>,
    /// Kind of the event.
    pub(crate) kind: EventKind,
}

/// The kind of an event, as libvirt gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// A `virDomainEventType` and the detail of that type.
    Lifecycle(u32, u32),
    /// `VIR_DOMAIN_EVENT_ID_REBOOT`.
    Reset,
    /// `VIR_DOMAIN_EVENT_ID_DEVICE_ADDED`, with libvirt's alias of the device.
    DeviceAdded(String),
    /// `VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED`, with libvirt's alias of the device.
    DeviceRemoved(String),
    /// `VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE`, with the memory that the domain holds, in KiB.
    Balloon(u64),
    /// `VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION`, with the number of the iteration.
    MigrationIteration(u32),
}

/// A bounded queue of events with one consumer.
#[derive(Default)]
pub(crate) struct EventQueue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    events: Vec<DomainEvent>,
    is_woken: bool,
    is_closed: bool,
}

impl EventQueue {
    /// Waits for events or a [`wake`](Self::wake), and takes the queued events, oldest first. `None` after
    /// [`close`](Self::close).
    pub(crate) fn recv(&self) -> Option<Vec<DomainEvent>> {
        let is_idle =
            |state: &mut State| state.events.is_empty() && !state.is_woken && !state.is_closed;
        let waited = self.changed.wait_while(self.state(), is_idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_woken = false;
        (!state.is_closed).then(|| mem::take(&mut state.events))
    }

    /// Wakes the consumer.
    pub(crate) fn wake(&self) {
        self.state().is_woken = true;
        self.changed.notify_one();
    }

    /// Ends the consumer.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_one();
    }

    /// Adds an event; drops it if the queue is full.
    pub(crate) fn push(&self, event: DomainEvent) {
        let mut state = self.state();
        if state.events.len() < MAX_EVENTS {
            state.events.push(event);
        }
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
