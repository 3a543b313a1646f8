//! The listener for events, as its owner sees it.

use std::sync::{Arc, Mutex, PoisonError};
use std::{io, mem, thread};

use virtmon_model::Notification;

use super::listener_thread::ListenerThread;
use crate::connection::target::Target;
use crate::ffi::event_queue::EventQueue;
use crate::ffi::subscription::start_event_loop;

/// A thread with a connection that delivers events. Dropping it ends both.
pub(crate) struct EventListener {
    events: Arc<EventQueue>,
    notifications: Arc<Mutex<Vec<Notification>>>,
}

impl EventListener {
    /// Starts the thread, and libvirt's event loop. The loop has to run before any connection is opened
    /// that needs it.
    pub(crate) fn start(target: Target) -> io::Result<Self> {
        start_event_loop(target.library)?;
        let events = Arc::new(EventQueue::default());
        let notifications = Arc::new(Mutex::new(Vec::new()));
        let (queue, handled) = (Arc::clone(&events), Arc::clone(&notifications));
        thread::Builder::new()
            .name("virtmon-listen".into())
            .spawn(move || ListenerThread::new(target, queue, handled).run())?;
        let listener = Self {
            events,
            notifications,
        };
        listener.wake();
        Ok(listener)
    }

    /// Makes the thread open its connection again if it is lost. Does not wait.
    pub(crate) fn wake(&self) {
        self.events.wake();
    }

    /// Takes the notifications since the last call, oldest first.
    pub(crate) fn take(&self) -> Vec<Notification> {
        let mut notifications = self
            .notifications
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut notifications)
    }
}

impl Drop for EventListener {
    fn drop(&mut self) {
        self.events.close();
    }
}
