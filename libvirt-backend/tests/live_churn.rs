//! Guests that start and end between the calls of a sample, and a daemon that restarts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod common;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use common::{domain, sample, sampled, virsh};
use virtmon_model::{Backend, Error};

const URI: &str = "qemu:///system";

const PASSING: &str = "<domain type='qemu'><name>passing</name><memory unit='MiB'>32</memory>
    <os><type arch='x86_64' machine='pc'>hvm</type></os></domain>";

/// One test, so that it disturbs no other.
#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn ending_guests_and_a_restarting_daemon_do_not_end_the_samples() {
    short_lived_guests_do_not_affect_the_others();
    a_restarting_daemon_costs_only_the_samples_of_its_absence();
}

fn short_lived_guests_do_not_affect_the_others() {
    let (mut backend, mut snapshot) = sampled(URI);
    let guests = snapshot.domains.len();
    let file = std::env::temp_dir().join(format!("virtmon-passing-{}.xml", std::process::id()));
    std::fs::write(&file, PASSING).unwrap();
    let done = AtomicBool::new(false);
    let (mut with, mut without) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..5 {
                virsh(URI, &["create", file.to_str().unwrap()]);
                virsh(URI, &["destroy", "passing"]);
            }
            done.store(true, Ordering::Relaxed);
        });
        while !done.load(Ordering::Relaxed) {
            sample(&mut backend, &mut snapshot);
            assert!(domain(&snapshot, "busy").cpu_time_ns.is_some());
            match snapshot.domains.len() - guests {
                0 => without += 1,
                1 => {
                    with += 1;
                    assert!(domain(&snapshot, "passing").cpu_time_ns.is_some());
                }
                more => panic!("{more} more domains"),
            }
        }
    });
    std::fs::remove_file(file).unwrap();
    println!("samples: {with} with the short-lived guest, {without} without");
    assert!(with > 0);
}

fn a_restarting_daemon_costs_only_the_samples_of_its_absence() {
    let (mut backend, mut snapshot) = sampled(URI);
    let guests = snapshot.domains.len();
    let used = domain(&snapshot, "busy").cpu_time_ns;
    let pid = std::fs::read_to_string("/run/libvirtd.pid").unwrap();
    run("kill", &["-TERM", pid.trim()]);
    while std::path::Path::new("/run/libvirtd.pid").exists() {
        sleep(Duration::from_millis(50));
    }
    for _ in 0..2 {
        match backend.sample(&mut snapshot) {
            Err(error @ Error::Call { .. }) => println!("away: {error}"),
            other => panic!("{other:?}"),
        }
    }
    run("libvirtd", &["-d"]);
    for _ in 0..100 {
        if backend.sample(&mut snapshot).is_ok() && snapshot.domains.len() == guests {
            assert!(domain(&snapshot, "busy").cpu_time_ns > used);
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("the guests did not come back");
}

fn run(program: &str, words: &[&str]) {
    let status = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{program} {words:?}: {status}");
}
