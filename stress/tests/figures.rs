//! Runs of the program, of some seconds each.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

fn stress(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stress"))
        .args(words)
        .output()
        .unwrap()
}

/// Figures of the last line.
fn end(output: &Output) -> HashMap<String, u64> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{output:?}");
    let line = text.lines().last().unwrap();
    assert!(line.contains(" end time="), "{text}");
    line.split_whitespace()
        .filter_map(|word| {
            Some((
                word.split_once('=')?.0.to_owned(),
                word.split_once('=')?.1.parse().ok()?,
            ))
        })
        .collect()
}

#[test]
fn cpu_time_is_not_more_than_the_requested_amount() {
    let did = end(&stress(&[
        "cpu", "--duty", "20", "--vcpus", "1", "--for", "1.5s",
    ]));
    assert_eq!(did["asked_cpu_ns"], 300_000_000);
    // A busy machine may give the program less CPU time than requested. It must not use more, except
    // for the time up to the last read of the clock.
    let max = did["asked_cpu_ns"] + 15_000_000;
    assert!((1..max).contains(&did["did_cpu_ns"]), "{did:?}");
}

#[test]
fn memory_is_allocated_with_the_name_eat_memory() {
    let output = Command::new(env!("CARGO_BIN_EXE_stress"))
        .arg0("eat-memory")
        .args(["16", "--for", "4s", "--pause", "100ms"])
        .output()
        .unwrap();
    let did = end(&output);
    assert_eq!(did["did_held_bytes"], 16 << 20);
    assert_eq!(did["asked_held_bytes"], 16 << 20);
    assert!(did["did_passes"] > 1);
}

#[test]
fn reads_writes_and_flushes_are_exact() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("disk");
    File::create(&path).unwrap().set_len(1 << 20).unwrap();
    let path = path.to_str().unwrap();
    let words = [
        "disk", path, "--read", "1M", "--write", "512K", "--flush", "3", "--for", "2s",
    ];
    let did = end(&stress(&words));
    for (figure, amount) in [
        ("read_bytes", 2 << 20),
        ("write_bytes", 1 << 20),
        ("flushes", 6),
    ] {
        assert_eq!(did[&format!("asked_{figure}")], amount);
        assert_eq!(did[&format!("did_{figure}")], amount);
    }
}

#[test]
fn packets_are_exact() {
    let listener = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap().to_string();
    let did = end(&stress(&[
        "net",
        &to,
        "--packets",
        "50",
        "--size",
        "100",
        "--for",
        "1s",
    ]));
    let mut data = [0; 200];
    for _ in 0..50 {
        assert_eq!(listener.recv(&mut data).unwrap(), 100);
    }
    assert_eq!(did["did_packets"], 50);
    assert_eq!(did["did_payload_bytes"], 5_000);
    assert_eq!(did["did_ip_bytes"], 6_400);
    assert_eq!(did["did_frame_bytes"], 7_100);
}

#[test]
fn refusals_are_one_line() {
    for (words, status) in [
        (&["disk", "/nonexistent", "--read", "1M"][..], 1),
        (&["net", "1.2.3.4:9", "--packets", "0"], 2),
        (&[], 2),
    ] {
        let output = stress(words);
        assert_eq!(output.status.code(), Some(status));
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with("stress: "), "{text}");
    }
}
