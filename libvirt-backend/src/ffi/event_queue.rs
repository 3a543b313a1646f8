//! What libvirt has told by itself, on its way from the callback to who makes something of it.

use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use virtmon_model::Uuid;

/// So much is kept of what nobody has asked for.
pub(crate) const MOST: usize = 10_000;

/// An event of a domain.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// `CLOCK_MONOTONIC`, in ns.
    pub(crate) mono_ns: u64,
    pub(crate) uuid: Uuid,
    /// None where it had ended by then.
    pub(crate) id: Option<u32>,
    pub(crate) name: Box<[u8]>,
    pub(crate) what: What,
}

/// What the event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A `virDomainEventType` and the detail of that type.
    Lifecycle(u32, u32),
    /// `VIR_DOMAIN_EVENT_ID_REBOOT`.
    Reset,
    /// `VIR_DOMAIN_EVENT_ID_DEVICE_ADDED`, with libvirt's alias of the device.
    Added(String),
    /// `VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED`, the same.
    Removed(String),
    /// `VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE`: what it holds, in KiB.
    Balloon(u64),
    /// `VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION`, and which.
    Pass(u32),
}

/// Where events wait until they are asked for.
#[derive(Default)]
pub(crate) struct Heard {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    told: Vec<Told>,
    nudged: bool,
    ended: bool,
}

impl Heard {
    /// Waits for events or a nudge, and takes what there is, oldest first. None after the end.
    pub(crate) fn wait(&self) -> Option<Vec<Told>> {
        let is_idle = |state: &mut State| state.told.is_empty() && !state.nudged && !state.ended;
        let waited = self.changed.wait_while(self.state(), is_idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.nudged = false;
        (!state.ended).then(|| mem::take(&mut state.told))
    }

    pub(crate) fn nudge(&self) {
        self.state().nudged = true;
        self.changed.notify_one();
    }

    pub(crate) fn end(&self) {
        self.state().ended = true;
        self.changed.notify_one();
    }

    pub(crate) fn push(&self, event: Told) {
        let mut state = self.state();
        if state.told.len() < MOST {
            state.told.push(event);
        }
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
