//! Ten thousand samples: the memory, descriptors and threads of the process do not grow. Each test runs in a
//! process of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use common::{has_libvirt, sample, sampled};

/// Resident memory in KiB, descriptors and threads of this process.
fn usage() -> (u64, usize, usize) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let rss = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let rss = rss.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    let count = |what| fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    (rss, count("fd"), count("task"))
}

/// Compares the usage after a tenth of the samples with the usage after all of them.
fn stays_flat(uri: &str, samples: u32) {
    let (mut backend, mut snapshot) = sampled(uri);
    let mut after = |samples: u32| {
        for _ in 0..samples {
            sample(&mut backend, &mut snapshot);
        }
        // On a machine under load a sample may have timed out. Its call ends by now.
        sleep(Duration::from_millis(500));
        sample(&mut backend, &mut snapshot);
        sample(&mut backend, &mut snapshot);
        usage()
    };
    let early = after(samples / 10);
    let late = after(samples - samples / 10);
    println!(
        "{uri}: (KiB, descriptors, threads) {early:?} after a tenth, {late:?} after {samples}"
    );
    // Such a sample leaves a second worker behind, and never a third.
    assert!(late.0 <= early.0 + 1024, "{early:?} {late:?}");
    assert!(
        late.1 <= early.1 + 2 && late.2 <= early.2 + 1,
        "{early:?} {late:?}"
    );
}

#[test]
fn ten_thousand_samples_use_no_more_than_a_thousand() {
    if !has_libvirt() {
        return;
    }
    stays_flat("test:///default", 10_000);
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn samples_of_real_guests_use_no_more_than_a_tenth_of_them() {
    let samples = std::env::var("SAMPLES").map_or(1000, |samples| samples.parse().unwrap());
    stays_flat("qemu:///system", samples);
}
