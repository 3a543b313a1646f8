//! Small recordings that would fill the memory of who replays them. In a program of its own: what it
//! measures is the largest of its children.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use virtmon_recording::codec::{put_bytes, put_number};
use virtmon_recording::{Header, RecordedSample, Writer};

/// What a replay may take, in KiB.
const MOST_KIB: i64 = 256 << 10;
/// Nearly as much as a frame may hold.
const BODY: usize = (16 << 20) - 4096;

/// A recording of these samples.
fn recording(
    backend: &str,
    host_metadata: &[u8],
    samples: impl Iterator<Item = Vec<u8>>,
) -> Vec<u8> {
    let mut out = Vec::new();
    let header = Header {
        backend: backend.into(),
        t0_ns: 1_000_000_000,
        interval_ns: 1_000_000_000,
        host_metadata: host_metadata.to_vec(),
    };
    let mut writer = Writer::begin(&header, &mut out).unwrap();
    for (tick, raw) in (0..).zip(samples) {
        let mono_ns = 1_000_000_000 * (tick + 1);
        let kept: RecordedSample = RecordedSample {
            tick,
            mono_ns,
            boot_ns: mono_ns,
            wall_ns: 1_795_545_455_000_000_000 + mono_ns,
            sample_ns: 1_000,
            read: Ok(&raw),
        };
        writer.push(&kept, &mut out).unwrap();
    }
    out
}

fn of_xen(samples: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut host_metadata = Vec::new();
    put_number(&mut host_metadata, 0x15);
    put_bytes(&mut host_metadata, b"Xen 4.17");
    host_metadata.push(7);
    recording("xen", &host_metadata, samples)
}

fn of_libvirt(samples: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    recording("libvirt", &[7], samples)
}

/// An entry of Xen's list, of a domain without vCPUs.
fn entry(domid: usize) -> Vec<u8> {
    let mut entry = vec![0; 112];
    entry[..2].copy_from_slice(&u16::try_from(domid).unwrap().to_le_bytes());
    entry[68..72].fill(0xff);
    entry[76..84].copy_from_slice(&(domid as u64 + 1).to_le_bytes());
    entry
}

/// A sample of this number of domains; `rest` writes the bytes after a domain's entry.
fn xen(
    domains: usize,
    idle: &[u8],
    rest: impl Fn(usize, &mut Vec<u8>),
    warnings: usize,
) -> Vec<u8> {
    let mut raw = Vec::new();
    let list: Vec<u8> = (0..domains).flat_map(entry).collect();
    put_bytes(&mut raw, &list);
    raw.push(0);
    put_bytes(&mut raw, b"");
    put_bytes(&mut raw, idle);
    put_bytes(&mut raw, b"");
    for domid in 0..domains {
        rest(domid, &mut raw);
    }
    put_number(&mut raw, warnings as u64);
    raw.resize(raw.len() + warnings, 0);
    raw
}

/// A domain's name, NICs and disks, all without values.
fn devices(raw: &mut Vec<u8>, name: &[u8], nics: usize, disks: usize) {
    raw.push(0);
    raw.push(1);
    put_bytes(raw, name);
    raw.push(0);
    for (count, bytes) in [(nics, 2), (disks, 3)] {
        raw.push(1);
        put_number(raw, count as u64);
        raw.resize(raw.len() + count * bytes, 0);
    }
}

/// A sample of libvirt with this behind its warnings and its host.
fn libvirt(records: &[u8]) -> Vec<u8> {
    let mut raw = vec![0, 0];
    put_bytes(&mut raw, b"QEMU");
    raw.extend([0, 0, 0, 0]);
    raw.extend_from_slice(records);
    raw.push(0);
    raw
}

/// A domain of libvirt with these parameters, each of them 1.
fn record(id: usize, params: impl Iterator<Item = String>) -> Vec<u8> {
    let mut raw = vec![1];
    put_number(&mut raw, id as u64);
    raw.extend_from_slice(&(id as u128 + 1).to_be_bytes());
    put_bytes(&mut raw, b"n");
    for name in params {
        raw.push(1);
        put_bytes(&mut raw, name.as_bytes());
        raw.extend([4, 1, 0]);
    }
    raw.extend([0, 0]);
    raw
}

fn replay(recording: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_virtmon"));
    command.arg("--replay").arg(recording).args(options);
    command.stdin(Stdio::null()).output().unwrap()
}

/// Replays it with every table. Says whether all of it was.
fn is_whole(recording: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let [file, csv] = ["in.vmrec", "out.csv"].map(|name| dir.path().join(name));
    fs::write(&file, recording).unwrap();
    let details = "vcpu,nic,disk,host,event";
    let output = replay(
        &file,
        &["--detail", details, "--csv", csv.to_str().unwrap()],
    );
    let said = String::from_utf8(output.stderr).unwrap();
    match output.status.code() {
        Some(0) => true,
        Some(1) => {
            assert!(said.contains("missing"), "{said}");
            assert_eq!(said.lines().count(), 1, "{said}");
            false
        }
        status => panic!("{status:?}: {said}"),
    }
}

fn assert_small(what: &str) {
    let most = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    assert!(most < MOST_KIB, "{what}: {most} KiB");
    eprintln!("{what}: {most} KiB at most so far");
}

#[test]
fn a_replay_of_any_recording_stays_small() {
    let nics = |count: usize| move |_: usize, raw: &mut Vec<u8>| devices(raw, b"n", count, 0);
    let refused = [
        (
            "NICs of one domain",
            of_xen([xen(1, b"", nics(BODY / 2), 0)].into_iter()),
        ),
        (
            "NICs of many",
            of_xen([xen(8_000, b"", nics(900), 0)].into_iter()),
        ),
        (
            "domains that nobody lists",
            of_xen([xen(65_000, b"", nics(20), 0)].into_iter()),
        ),
        ("lines", of_xen([xen(1, b"", nics(0), BODY)].into_iter())),
        (
            "pCPUs",
            of_xen([xen(1, &vec![1; BODY], nics(0), 0)].into_iter()),
        ),
        (
            "records of libvirt",
            of_libvirt(
                [libvirt(
                    &(0..600_000)
                        .flat_map(|id| record(id, [].into_iter()))
                        .collect::<Vec<_>>(),
                )]
                .into_iter(),
            ),
        ),
        (
            "values of libvirt",
            of_libvirt([libvirt(&record(1, (0..1_500_000).map(|_| "ab".to_owned())))].into_iter()),
        ),
        (
            "disks of libvirt, counted downwards",
            of_libvirt(
                [libvirt(&record(
                    1,
                    (0..700_000).rev().map(|n| format!("block.{n}.x")),
                ))]
                .into_iter(),
            ),
        ),
    ];
    for (what, recording) in refused {
        assert!(!is_whole(&recording), "{what}");
        assert_small(what);
    }

    // What is within the bounds of a sample, again and again in other places.
    let taken = of_xen((0..12).map(|tick| {
        let at = move |domid: usize, raw: &mut Vec<u8>| match domid % 40 == tick {
            true => devices(raw, &[b'x'; 90], 320, 0),
            false => devices(raw, b"n", 0, 0),
        };
        xen(4_000, b"", at, 0)
    }));
    assert!(is_whole(&taken));
    assert_small("rows that move");

    let large = of_xen((0..4).map(|tick| {
        let name = vec![b'a' + u8::try_from(tick).unwrap(); 100];
        xen(16_000, b"", move |_, raw| devices(raw, &name, 1, 1), 0)
    }));
    assert!(is_whole(&large));
    assert_small("sixteen thousand domains, each with another name");
}

#[test]
fn a_front_that_promises_more_than_can_be_packed_is_not_believed() {
    // A frame of zeros: far more than a thousand to one.
    let body = of_xen([vec![0; BODY]].into_iter());
    assert!(body.len() < BODY / 1_000);
    assert!(!is_whole(&body));
    assert_small("zeros");
}
