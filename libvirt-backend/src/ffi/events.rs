//! What libvirt tells by itself: the lives of domains, as they begin and end.

use std::ffi::{CStr, c_int, c_void};
use std::mem;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use std::{io, ptr, thread};

use virtmon_model::Uuid;

use super::bindings::{
    VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_ID_REBOOT,
    virConnectDomainEventGenericCallback, virConnectPtr, virDomainPtr,
};
use super::{Connection, Domain, Library};
use crate::fault::Fault;

/// So much is kept of what nobody has asked for.
const MOST: usize = 10_000;

/// An event of a domain.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) uuid: Uuid,
    /// None where it had ended by then.
    pub(crate) id: Option<u32>,
    pub(crate) name: Box<[u8]>,
    pub(crate) what: What,
}

/// What the event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A `virDomainEventType` and the detail of that type.
    Lifecycle(u32, u32),
    /// `VIR_DOMAIN_EVENT_ID_REBOOT`.
    Reset,
}

/// Where events wait until they are asked for.
#[derive(Default)]
pub(crate) struct Heard {
    told: Mutex<Vec<Told>>,
}

impl Heard {
    /// Takes what there is, oldest first.
    pub(crate) fn take(&self) -> Vec<Told> {
        mem::take(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, event: Told) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MOST {
            told.push(event);
        }
    }
}

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
        // SAFETY: libvirt.h has callers cast their callback to the generic type
        // (VIR_DOMAIN_EVENT_CALLBACK), and libvirt calls it as what the event's id says that it is:
        // virConnectDomainEventCallback for the lifecycle.
        let lifecycle: virConnectDomainEventGenericCallback = unsafe {
            mem::transmute::<Lifecycle, virConnectDomainEventGenericCallback>(on_lifecycle)
        };
        subscription.register(VIR_DOMAIN_EVENT_ID_LIFECYCLE, lifecycle, heard)?;
        // Not every driver knows this one.
        let _ = subscription.register(VIR_DOMAIN_EVENT_ID_REBOOT, Some(on_reset), heard);
        Ok(subscription)
    }

    /// Whether events can still come. Asks nobody.
    pub(crate) fn is_alive(&self) -> bool {
        self.connection.is_alive()
    }

    fn register(
        &mut self,
        event: u32,
        callback: virConnectDomainEventGenericCallback,
        heard: &Arc<Heard>,
    ) -> Result<(), Fault> {
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
                callback,
                opaque,
                Some(release),
            )
        };
        if id < 0 {
            let fault = library.last_fault();
            // SAFETY: libvirt has not taken it, so it is released here.
            unsafe { release(opaque) };
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

type Lifecycle =
    unsafe extern "C" fn(virConnectPtr, virDomainPtr, c_int, c_int, *mut c_void) -> c_int;

/// # Safety
/// As `hear`.
unsafe extern "C" fn on_lifecycle(
    _connection: virConnectPtr,
    domain: virDomainPtr,
    event: c_int,
    detail: c_int,
    opaque: *mut c_void,
) -> c_int {
    let what = What::Lifecycle(event.cast_unsigned(), detail.cast_unsigned());
    // SAFETY: as the caller promises.
    unsafe { hear(domain, what, opaque) };
    0
}

/// # Safety
/// As `hear`.
unsafe extern "C" fn on_reset(
    _connection: virConnectPtr,
    domain: virDomainPtr,
    opaque: *mut c_void,
) {
    // SAFETY: as the caller promises.
    unsafe { hear(domain, What::Reset, opaque) };
}

/// # Safety
/// `domain` must be a domain that lives through the call, and `opaque` what `register` gave and
/// `release` has not had yet.
unsafe fn hear(domain: virDomainPtr, what: What, opaque: *mut c_void) {
    // SAFETY: it points to the `Heard` that `register` keeps alive until `release`.
    let heard = unsafe { &*opaque.cast_const().cast::<Heard>() };
    // There is a library, for it calls; a callback may not fail, so no expectation is made of it.
    let Ok(library) = Library::load() else { return };
    // SAFETY: the domain lives as long as this call, which nothing of it outlives.
    let domain = unsafe { Domain::of(library, domain) };
    heard.push(Told {
        uuid: domain.uuid(),
        id: domain.id(),
        name: domain.name().into(),
        what,
    });
}

/// # Safety
/// `opaque` must be what `register` gave, and given here once.
unsafe extern "C" fn release(opaque: *mut c_void) {
    // SAFETY: it came of `Arc::into_raw`, and is given back only here.
    drop(unsafe { Arc::from_raw(opaque.cast_const().cast::<Heard>()) });
}
