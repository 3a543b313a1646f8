//! A host that is far away and gone, without a word: what was sent is taken, and nothing comes back.
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

use common::peer::Peer;
use libvirt_backend::{LibvirtBackend, Options};
use virtmon_model::{Backend, Snapshot};

/// Threads of this process that read.
fn readers() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names
        .filter(|name| name.trim() == "virtmon-libvirt")
        .count()
}

/// Samples until it is so, for two minutes at the most.
fn until(backend: &mut LibvirtBackend, what: &str, mut is_so: impl FnMut(bool) -> bool) {
    let began = Instant::now();
    let mut snapshot = Snapshot::default();
    while !is_so(
        backend
            .sample(&mut snapshot)
            .is_ok_and(|()| !snapshot.domains.is_empty()),
    ) {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "waited for {what} in vain"
        );
        sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn a_peer_that_is_gone_without_a_word_is_found_again() {
    let peer = Arc::new(Peer::default());
    peer.life.store(1, SeqCst);
    let uri = peer.start();
    let mut backend = LibvirtBackend::open(Some(&uri), &Options::default()).unwrap();
    // A connection to spare is opened at the first reading.
    until(&mut backend, "a reading", |is_read| {
        is_read && peer.accepted() == 2
    });
    let before = (readers(), peer.open.load(SeqCst));
    assert_eq!(before, (2, 2));

    // Gone: the connections are ended by virtmon, and the next gets no answer either.
    peer.life.store(2, SeqCst);
    until(&mut backend, "another try", |is_read| {
        assert!(!is_read);
        peer.accepted() > 2
    });

    // Back, at the same port; what was said to it before is not.
    peer.life.store(3, SeqCst);
    until(
        &mut backend,
        "a reading of a peer that is back",
        |is_read| is_read,
    );
    assert!(peer.accepted() <= 6, "{} connections", peer.accepted());

    // What was left to itself goes with its connection.
    peer.end_the_old();
    until(&mut backend, "the end of what was left", |_| {
        (readers(), peer.open.load(SeqCst)) == before
    });
}
