//! The functions that libvirt calls for events. Each event has a callback type of its own.

use std::ffi::{c_char, c_int, c_ulonglong, c_void};
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
use super::domain::Domain;
use super::event_queue::{DomainEvent, EventKind, EventQueue};
use super::library::Library;
use super::memory::copy_string;

/// The events to register. Every driver with events has the first one; it may lack some of the others.
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

/// The callback for one of [`EVENTS`]. Its argument `opaque` must be the address of an `EventQueue` of
/// which libvirt holds a reference count.
pub(super) fn for_event(event: u32) -> virConnectDomainEventGenericCallback {
    // SAFETY: libvirt.h has callers cast their callback to the generic type
    // (VIR_DOMAIN_EVENT_CALLBACK), and libvirt calls it as the type that belongs to the event's id:
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
/// As `enqueue`.
unsafe extern "C" fn on_lifecycle(
    _connection: virConnectPtr,
    domain: virDomainPtr,
    event: c_int,
    detail: c_int,
    opaque: *mut c_void,
) -> c_int {
    let kind = EventKind::Lifecycle(event.cast_unsigned(), detail.cast_unsigned());
    // SAFETY: as the caller promises.
    unsafe { enqueue(domain, kind, opaque) };
    0
}

/// # Safety
/// As `enqueue`.
unsafe extern "C" fn on_reset(
    _connection: virConnectPtr,
    domain: virDomainPtr,
    opaque: *mut c_void,
) {
    // SAFETY: as the caller promises.
    unsafe { enqueue(domain, EventKind::Reset, opaque) };
}

/// # Safety
/// As `enqueue` and `copy_string`.
unsafe extern "C" fn on_added(
    _connection: virConnectPtr,
    domain: virDomainPtr,
    alias: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: as the caller promises.
    unsafe { enqueue(domain, EventKind::DeviceAdded(copy_string(alias)), opaque) };
}

/// # Safety
/// As `enqueue` and `copy_string`.
unsafe extern "C" fn on_removed(
    _connection: virConnectPtr,
    domain: virDomainPtr,
    alias: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: as the caller promises.
    unsafe { enqueue(domain, EventKind::DeviceRemoved(copy_string(alias)), opaque) };
}

/// # Safety
/// As `enqueue`.
unsafe extern "C" fn on_balloon(
    _connection: virConnectPtr,
    domain: virDomainPtr,
    actual: c_ulonglong,
    opaque: *mut c_void,
) {
    // SAFETY: as the caller promises.
    unsafe { enqueue(domain, EventKind::Balloon(actual), opaque) };
}

/// # Safety
/// As `enqueue`.
unsafe extern "C" fn on_iteration(
    _connection: virConnectPtr,
    domain: virDomainPtr,
    iteration: c_int,
    opaque: *mut c_void,
) {
    let pass = u32::try_from(iteration).unwrap_or(0);
    // SAFETY: as the caller promises.
    unsafe { enqueue(domain, EventKind::MigrationIteration(pass), opaque) };
}

/// # Safety
/// `domain` must be a domain that lives through the call, and `opaque` the address of an `EventQueue`
/// that `release` has not been given yet.
unsafe fn enqueue(domain: virDomainPtr, kind: EventKind, opaque: *mut c_void) {
    // SAFETY: libvirt holds a reference count of it until it calls `release`.
    let queue = unsafe { &*opaque.cast_const().cast::<EventQueue>() };
    // The library is loaded, since it calls this function. The result is checked all the same, since a
    // callback must not panic.
    let Ok(library) = Library::load() else { return };
    // SAFETY: the domain lives as long as this call, and the borrow ends within it.
    let domain = unsafe { Domain::new(library, domain) };
    // Every Linux has this clock.
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC);
    let mono_ns = now.map_or(0, |now| Duration::from(now).as_nanos());
    queue.push(DomainEvent {
        mono_ns: u64::try_from(mono_ns).unwrap_or(u64::MAX),
        uuid: domain.uuid(),
        id: domain.id(),
        name: domain.name().into(),
        kind,
    });
}

/// # Safety
/// `opaque` must come from `Arc::<EventQueue>::into_raw`, and may be passed here once.
pub(super) unsafe extern "C" fn release(opaque: *mut c_void) {
    // SAFETY: as the caller promises.
    drop(unsafe { Arc::from_raw(opaque.cast_const().cast::<EventQueue>()) });
}
