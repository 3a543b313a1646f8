//! A guest that blocks, on a host where a connection takes seconds: the rows of the others are complete at
//! once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::sleep;
use std::time::Duration;

use common::proxy::Proxy;
use common::{domain, sample};
use libvirt_backend::{LibvirtBackend, Options};
use virtmon_model::{Backend, Snapshot};

const BLOCKED: &str = "plain-5";
const SLOW_MS: u64 = 4_000;

/// A QEMU process that is stopped until this is dropped.
struct Stopped(String);

impl Stopped {
    fn new(guest: &str) -> Self {
        let pid = fs::read_to_string(format!("/run/libvirt/qemu/{guest}.pid")).unwrap();
        let stopped = Self(pid.trim().to_owned());
        stopped.signal("-STOP");
        stopped
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.0]).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn a_spare_connection_is_open_before_a_guest_blocks() {
    let proxy = Arc::new(Proxy::default());
    proxy.period.store(1, SeqCst);
    proxy.slow_ms.store(SLOW_MS, SeqCst);
    let uri = proxy.start();
    let mut backend = LibvirtBackend::open(Some(&uri), &Options::default()).unwrap();
    let mut snapshot = Snapshot::default();
    sample(&mut backend, &mut snapshot);
    let guests = snapshot.domains.len();
    assert!(guests > 3);
    sleep(Duration::from_millis(SLOW_MS + 2_000));
    sample(&mut backend, &mut snapshot);

    let stopped = Stopped::new(BLOCKED);
    for _ in 0..5 {
        backend.sample(&mut snapshot).unwrap();
        assert_eq!(snapshot.domains.len(), guests);
        assert!(domain(&snapshot, BLOCKED).stale_ns > 0);
        for other in snapshot.domains.iter() {
            if other.name.as_deref() != Some(BLOCKED) {
                assert!(other.error.is_none() && other.stale_ns == 0, "{other:?}");
                assert!(other.disks.complete, "{other:?}");
            }
        }
        sleep(Duration::from_millis(200));
    }
    drop(stopped);
}
