//! libvirt's event loop, and connections that deliver events.

use std::ffi::{CStr, c_int};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use std::{io, ptr, thread};

use super::callbacks;
use super::connection::Connection;
use super::error::LibvirtError;
use super::event_queue::EventQueue;
use super::library::Library;

/// Starts a thread that runs libvirt's own event loop, on the first call. The thread lives as long as the
/// process, as the library does. Only connections that are opened later have events and keepalive.
pub(crate) fn start_event_loop(library: &'static Library) -> io::Result<()> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    // SAFETY: the call takes nothing, and is made once, before any connection that needs it.
    let registered =
        *REGISTERED.get_or_init(|| unsafe { library.calls.virEventRegisterDefaultImpl() } == 0);
    if !registered {
        return Err(io::Error::other(
            "libvirt could not register its event loop",
        ));
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

/// A connection that delivers events of domains.
pub(crate) struct Subscription {
    connection: Connection,
    registered: Vec<c_int>,
}

impl Subscription {
    /// Connects, read-only, and delivers events to `queue`. The driver may have some events or none.
    pub(crate) fn open(
        library: &'static Library,
        uri: Option<&CStr>,
        queue: &Arc<EventQueue>,
    ) -> Result<Self, LibvirtError> {
        let mut subscription = Self {
            connection: Connection::open(library, uri)?,
            registered: Vec::new(),
        };
        let [first, others @ ..] = callbacks::EVENTS;
        subscription.register(first, queue)?;
        for event in others {
            // Not every driver has all of them.
            let _ = subscription.register(event, queue);
        }
        Ok(subscription)
    }

    /// The connection, for calls about the domains of events.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// True if events can still arrive. Makes no remote call.
    pub(crate) fn is_alive(&self) -> bool {
        self.connection.is_alive()
    }

    fn register(&mut self, event: u32, queue: &Arc<EventQueue>) -> Result<(), LibvirtError> {
        let library = self.connection.library;
        let opaque = Arc::into_raw(Arc::clone(queue)).cast_mut().cast();
        // SAFETY: the connection is open; null means all domains. The callback is a function of this
        // program and of the type that the event has. `opaque` is a reference count of the queue that
        // libvirt keeps: it passes it to the callback, from the thread of the event loop, and last
        // to `release`, after which it does not call the callback again.
        let id = unsafe {
            library.calls.virConnectDomainEventRegisterAny(
                self.connection.raw(),
                ptr::null_mut(),
                event.cast_signed(),
                callbacks::for_event(event),
                opaque,
                Some(callbacks::release),
            )
        };
        if id < 0 {
            let error = library.last_error();
            // SAFETY: libvirt has not taken the reference count, so it is released here.
            unsafe { callbacks::release(opaque) };
            return Err(error);
        }
        self.registered.push(id);
        Ok(())
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        for &id in &self.registered {
            // SAFETY: the connection is open and returned the id. A callback holds a reference to its
            // connection, which would keep it open.
            unsafe {
                self.connection
                    .library
                    .calls
                    .virConnectDomainEventDeregisterAny(self.connection.raw(), id);
            }
        }
    }
}
