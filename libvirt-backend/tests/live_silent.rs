//! A remote host that stops answering: it accepts data, and sends none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::proxy::Proxy;
use libvirt_backend::{LibvirtBackend, Options};
use virtmon_model::{Backend, Snapshot};

/// Number of guests on the host.
const GUESTS: usize = 5;

/// Number of worker threads of this process.
fn workers() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names
        .filter(|name| name.trim() == "virtmon-libvirt")
        .count()
}

/// Samples until the condition is true, for two minutes at most. The condition gets true if a sample has
/// guests.
fn until(backend: &mut LibvirtBackend, condition: &str, mut is_met: impl FnMut(bool) -> bool) {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    while !is_met(
        backend
            .sample(&mut snapshot)
            .is_ok_and(|()| !snapshot.domains.is_empty()),
    ) {
        assert!(start.elapsed() < Duration::from_secs(120), "no {condition}");
        sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn a_host_that_stops_answering_is_found_again() {
    let proxy = Arc::new(Proxy::default());
    proxy.period.store(1, SeqCst);
    let uri = proxy.start();
    let mut backend = LibvirtBackend::open(Some(&uri), &Options::default()).unwrap();
    // A spare connection is opened after the first sample. On a busy host guests may block for a moment,
    // which takes more connections for a while.
    let members = || (workers(), proxy.open.load(SeqCst));
    until(&mut backend, "sample", |is_sampled| {
        is_sampled && members() == (2, 2)
    });
    let first = proxy.accepted();

    // The host stops answering: virtmon closes the connections, and the next one gets no answer either.
    proxy.period.store(2, SeqCst);
    until(&mut backend, "other attempt", |is_sampled| {
        assert!(!is_sampled);
        proxy.accepted() > first
    });

    // The host is back at the same port; data that was sent before is lost.
    proxy.period.store(3, SeqCst);
    until(
        &mut backend,
        "sample of a host that is back",
        |is_sampled| is_sampled,
    );
    // Four attempts, and one connection for each guest if guests block.
    let attempts = proxy.accepted() - first;
    assert!(attempts <= 4 + GUESTS, "{attempts} connections");

    // An abandoned worker ends with its connection. A spare worker whose connection was closed opens
    // another one.
    proxy.close_old();
    until(&mut backend, "end of the abandoned workers", |_| {
        members() == (2, 2)
    });
}
