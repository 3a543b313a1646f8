//! The run, as its outputs see it from their threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use virtmon_export::output::RunLink;

use crate::process::notify::Ready;
use crate::sampling::signals::StopHandle;

/// Ends the run for an output, and reports the first delivered tick to a service manager.
#[derive(Debug)]
pub(super) struct Link {
    stop: StopHandle,
    ready: Mutex<Option<Ready>>,
    /// True if nothing is left to be reported.
    is_reported: AtomicBool,
}

impl Link {
    pub(super) fn new(stop: StopHandle, ready: Option<Ready>) -> Self {
        Self {
            stop,
            is_reported: AtomicBool::new(ready.is_none()),
            ready: Mutex::new(ready),
        }
    }

    /// True if the first delivered tick is still to be reported.
    pub(super) fn waits_for_tick(&self) -> bool {
        !self.is_reported.load(Ordering::Relaxed)
    }
}

impl RunLink for Link {
    fn tick_delivered(&self) {
        if self.waits_for_tick() {
            let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            // A message that the manager did not take is sent again with the next tick.
            ready.take_if(|ready| ready.send());
            self.is_reported.store(ready.is_none(), Ordering::Relaxed);
        }
    }

    fn end_run(&self) {
        self.stop.stop();
    }
}
