//! What libvirt calls when something happens to a domain: each event has a type of its own.

use std::ffi::{CStr, c_char, c_int, c_ulonglong, c_void};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use super::bindings::{
    VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
    VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
    VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION, VIR_DOMAIN_EVENT_ID_REBOOT,
    virConnectDomainEventGenericCallback, virConnectPtr, virDomainPtr,
};
use super::{Domain, Library};
use crate::ffi::event_queue::{Heard, Told, What};

/// The events that are asked for. The first is one that a driver with events has; of the others it
/// may know some.
pub(super) const EVENTS: [u32; 6] = [
    VIR_DOMAIN_EVENT_ID_LIFECYCLE,
    VIR_DOMAIN_EVENT_ID_REBOOT,
    VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
    VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
    VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE,
    VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION,
];

type Lifecycle =
    unsafe extern "C" fn(virConnectPtr, virDomainPtr, c_int, c_int, *mut c_void) -> c_int;
type Device = unsafe extern "C" fn(virConnectPtr, virDomainPtr, *const c_char, *mut c_void);
type Balloon = unsafe extern "C" fn(virConnectPtr, virDomainPtr, c_ulonglong, *mut c_void);
type Iteration = unsafe extern "C" fn(virConnectPtr, virDomainPtr, c_int, *mut c_void);

/// The callback for one of [`EVENTS`]. Of what it is given, `opaque` must be the address of a
/// `Heard` that libvirt holds a count of.
pub(super) fn of(event: u32) -> virConnectDomainEventGenericCallback {
    // SAFETY: libvirt.h has callers cast their callback to the generic type
    // (VIR_DOMAIN_EVENT_CALLBACK), and libvirt calls it as what the event's id says that it is:
    // virConnectDomainEventCallback, ...DeviceAddedCallback, ...DeviceRemovedCallback,
    // ...BalloonChangeCallback, ...MigrationIterationCallback, in this order.
    unsafe {
        match event {
            VIR_DOMAIN_EVENT_ID_LIFECYCLE => {
                mem::transmute::<Lifecycle, virConnectDomainEventGenericCallback>(on_lifecycle)
            }
            VIR_DOMAIN_EVENT_ID_DEVICE_ADDED => {
                mem::transmute::<Device, virConnectDomainEventGenericCallback>(on_added)
            }
            VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED => {
                mem::transmute::<Device, virConnectDomainEventGenericCallback>(on_removed)
            }
            VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE => {
                mem::transmute::<Balloon, virConnectDomainEventGenericCallback>(on_balloon)
            }
            VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION => {
                mem::transmute::<Iteration, virConnectDomainEventGenericCallback>(on_iteration)
            }
            // The generic type itself.
            VIR_DOMAIN_EVENT_ID_REBOOT => Some(on_reset),
            _ => None,
        }
    }
}

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
/// As `hear` and `text`.
unsafe extern "C" fn on_added(
    _connection: virConnectPtr,
    domain: virDomainPtr,
    alias: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: as the caller promises.
    unsafe { hear(domain, What::Added(text(alias)), opaque) };
}

/// # Safety
/// As `hear` and `text`.
unsafe extern "C" fn on_removed(
    _connection: virConnectPtr,
    domain: virDomainPtr,
    alias: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: as the caller promises.
    unsafe { hear(domain, What::Removed(text(alias)), opaque) };
}

/// # Safety
/// As `hear`.
unsafe extern "C" fn on_balloon(
    _connection: virConnectPtr,
    domain: virDomainPtr,
    actual: c_ulonglong,
    opaque: *mut c_void,
) {
    // SAFETY: as the caller promises.
    unsafe { hear(domain, What::Balloon(actual), opaque) };
}

/// # Safety
/// As `hear`.
unsafe extern "C" fn on_iteration(
    _connection: virConnectPtr,
    domain: virDomainPtr,
    iteration: c_int,
    opaque: *mut c_void,
) {
    let pass = u32::try_from(iteration).unwrap_or(0);
    // SAFETY: as the caller promises.
    unsafe { hear(domain, What::Pass(pass), opaque) };
}

/// # Safety
/// `chars` must be null or a NUL-terminated string.
unsafe fn text(chars: *const c_char) -> String {
    if chars.is_null() {
        return String::new();
    }
    // SAFETY: not null, so as the caller promises; it is copied.
    unsafe { CStr::from_ptr(chars) }
        .to_string_lossy()
        .into_owned()
}

/// # Safety
/// `domain` must be a domain that lives through the call, and `opaque` the address of a `Heard` that
/// `release` has not been given yet.
unsafe fn hear(domain: virDomainPtr, what: What, opaque: *mut c_void) {
    // SAFETY: libvirt holds a count of it until it calls `release`.
    let heard = unsafe { &*opaque.cast_const().cast::<Heard>() };
    // There is a library, for it calls; a callback may not fail, so no expectation is made of it.
    let Ok(library) = Library::load() else { return };
    // SAFETY: the domain lives as long as this call, which nothing of it outlives.
    let domain = unsafe { Domain::of(library, domain) };
    // Every Linux has this clock.
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC);
    let mono_ns = now.map_or(0, |now| Duration::from(now).as_nanos());
    heard.push(Told {
        mono_ns: u64::try_from(mono_ns).unwrap_or(u64::MAX),
        uuid: domain.uuid(),
        id: domain.id(),
        name: domain.name().into(),
        what,
    });
}

/// # Safety
/// `opaque` must be what `Arc::<Heard>::into_raw` gave, and given here once.
pub(super) unsafe extern "C" fn release(opaque: *mut c_void) {
    // SAFETY: as the caller promises.
    drop(unsafe { Arc::from_raw(opaque.cast_const().cast::<Heard>()) });
}
