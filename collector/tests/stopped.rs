//! SIGSTOP and SIGCONT in mid-run: ticks that are missed, and rates that stay true.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const INTERVAL_NS: u64 = 10_000_000;

/// The table's columns of these names, as numbers; an empty field is `None`.
fn columns<const N: usize>(path: &Path, names: [&str; N]) -> Vec<[Option<f64>; N]> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let places = names.map(|name| header.iter().position(|column| column == name).unwrap());
    let records = reader.records().map(Result::unwrap);
    records
        .map(|row| places.map(|at| row[at].parse().ok()))
        .collect()
}

#[test]
fn a_stopped_run_misses_ticks_and_its_rates_are_of_the_time_that_passed() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("out.csv");
    let mut child = Command::new(env!("CARGO_BIN_EXE_virtmon"))
        .args(["--uri", "test:///default", "--interval", "10ms"])
        .args(["--detail", "event", "--csv"])
        .arg(&csv)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid = Pid::from_raw(child.id().cast_signed());
    let rows = || fs::read(&csv).map_or(0, |text| text.split(|&b| b == b'\n').count());
    let until = |count: usize| {
        while rows() < count {
            thread::sleep(Duration::from_millis(5));
        }
    };
    until(12);
    for _ in 0..2 {
        kill(pid, Signal::SIGSTOP).unwrap();
        thread::sleep(Duration::from_millis(300));
        let stopped_at = rows();
        kill(pid, Signal::SIGCONT).unwrap();
        until(stopped_at + 10);
    }
    kill(pid, Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));

    let names = [
        "tick",
        "mono_ns",
        "late_ns",
        "missed",
        "cpu_time_ns",
        "cpu_pct",
    ];
    let rows = columns(&csv, names);
    let known = |row: usize, column: usize| rows[row][column].unwrap();
    let due = |row: usize| known(row, 1) - known(row, 2);
    let mut long = 0;
    for (n, row) in rows.iter().enumerate().skip(1) {
        let ticks = known(n, 0) - known(n - 1, 0);
        assert_eq!(known(n, 3), ticks - 1.0, "missed at row {n}");
        assert_eq!(due(n) - due(0), known(n, 0) * INTERVAL_NS as f64);
        // A sample that it was stopped in may be given up, and then has no rate.
        if let Some(cpu_pct) = row[5] {
            let elapsed = known(n, 1) - known(n - 1, 1);
            let expected = (known(n, 4) - known(n - 1, 4)) / elapsed * 100.0;
            // The test driver's CPU time is the wall clock's: a double holds it to 256 ns.
            let rounded = 1024.0 / elapsed * 100.0 + 0.001;
            assert!((cpu_pct - expected).abs() <= rounded, "row {n}");
        }
        if ticks >= 29.0 {
            long += 1;
        }
    }
    assert!(long >= 2, "both times that it stood still are there");
    let events = fs::read_to_string(dir.path().join("out.event.csv")).unwrap();
    assert_eq!(events.lines().count(), 1, "{events}");
}
