//! What libvirt tells by itself: its event loop, and connections on which events come.

use std::ffi::{CStr, c_int};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use std::{io, ptr, thread};

use super::{Connection, Library, callbacks};
use crate::connection::error::Fault;
use crate::ffi::event_queue::Heard;

/// Starts what runs libvirt's own event loop, the first time that it is asked for: a thread that
/// lives as long as the process, as the library does. Only connections that are opened later have
/// events.
pub(crate) fn run_loop(library: &'static Library) -> io::Result<()> {
    static RUNS: OnceLock<bool> = OnceLock::new();
    // SAFETY: the call takes nothing, and is made once, before any connection that needs it.
    let registered =
        *RUNS.get_or_init(|| unsafe { library.calls.virEventRegisterDefaultImpl() } == 0);
    if !registered {
        return Err(io::Error::other("libvirt has no event loop"));
    }
    static STARTED: Mutex<bool> = Mutex::new(false);
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*started {
        thread::Builder::new()
            .name("virtmon-events".into())
            .spawn(|| {
                loop {
                    // SAFETY: the implementation was registered above, and this thread is the only
                    // one that runs it.
                    if unsafe { library.calls.virEventRunDefaultImpl() } < 0 {
                        thread::sleep(Duration::from_millis(100));
                    }
                }
            })?;
        *started = true;
    }
    Ok(())
}

/// A connection on which libvirt tells of domains.
pub(crate) struct Subscription {
    connection: Connection,
    registered: Vec<c_int>,
}

impl Subscription {
    /// Connects, read-only, and has events come to `heard`. The driver may know some or none.
    pub(crate) fn open(
        library: &'static Library,
        uri: Option<&CStr>,
        heard: &Arc<Heard>,
    ) -> Result<Self, Fault> {
        let mut subscription = Self {
            connection: Connection::open(library, uri)?,
            registered: Vec::new(),
        };
        let [first, others @ ..] = callbacks::EVENTS;
        subscription.register(first, heard)?;
        for event in others {
            // Not every driver knows them all.
            let _ = subscription.register(event, heard);
        }
        Ok(subscription)
    }

    /// The connection, for questions of what was told.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Whether events can still come. Asks nobody.
    pub(crate) fn is_alive(&self) -> bool {
        self.connection.is_alive()
    }

    fn register(&mut self, event: u32, heard: &Arc<Heard>) -> Result<(), Fault> {
        let library = self.connection.library;
        let opaque = Arc::into_raw(Arc::clone(heard)).cast_mut().cast();
        // SAFETY: the connection is open; no domain means all. The callback is a function of this
        // program and of the type that the event has. `opaque` is a reference to `Heard` that
        // libvirt keeps: it gives it to the callback, from the thread of the event loop, and last
        // to `release`, after which it calls the callback no more.
        let id = unsafe {
            library.calls.virConnectDomainEventRegisterAny(
                self.connection.raw(),
                ptr::null_mut(),
                event.cast_signed(),
                callbacks::of(event),
                opaque,
                Some(callbacks::release),
            )
        };
        if id < 0 {
            let fault = library.last_fault();
            // SAFETY: libvirt has not taken it, so it is released here.
            unsafe { callbacks::release(opaque) };
            return Err(fault);
        }
        self.registered.push(id);
        Ok(())
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        for &id in &self.registered {
            // SAFETY: the connection is open and the id is one that it gave. A callback holds a
            // reference to its connection, which would stay open with it.
            unsafe {
                self.connection
                    .library
                    .calls
                    .virConnectDomainEventDeregisterAny(self.connection.raw(), id);
            }
        }
    }
}
