//! A recording whose file changes while it is made: each of the files replays by itself, and no
//! sample is missing between them.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn start(dir: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_virtmon"))
        .args(["--uri", "test:///default"])
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

fn end(child: Child) {
    signal(&child, Signal::SIGTERM);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

/// Replays a recording, by itself. Returns its ticks, each with those missed before it.
fn replayed(file: &Path) -> Vec<(u64, u64)> {
    let output = Command::new(env!("CARGO_BIN_EXE_virtmon"))
        .arg("--replay")
        .arg(file)
        .args(["--csv", "-"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}: {stderr}",
        file.display()
    );
    assert_eq!(stderr, "");
    let rows = csv::Reader::from_reader(&output.stdout[..]).into_records();
    let number = |text: &str| text.parse().unwrap();
    rows.map(|row| row.unwrap())
        .map(|row| (number(&row[1]), number(&row[6])))
        .collect()
}

/// Asserts that these files hold every tick of the run, as its own table has them.
#[track_caller]
fn assert_all(files: &[PathBuf], csv: &Path) {
    let mut ticks = Vec::new();
    for file in files {
        let part = replayed(file);
        assert!(!part.is_empty(), "{} is empty", file.display());
        ticks.extend(part.into_iter().map(|(tick, _)| tick));
    }
    let bytes = fs::read(csv).unwrap();
    let rows = csv::Reader::from_reader(&bytes[..]).into_records();
    let written: Vec<u64> = rows.map(|row| row.unwrap()[1].parse().unwrap()).collect();
    assert_eq!(ticks, written);
}

#[test]
fn a_recording_continues_after_sighup() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let args = [
        "--interval",
        "4ms",
        "--record",
        "out.vmrec",
        "--csv",
        "out.csv",
    ];
    let child = start(dir.path(), &args);
    let length = |name: &str| fs::metadata(at(name)).map_or(0, |meta| meta.len());
    let mut files = Vec::new();
    for round in 0..4 {
        until("samples are kept", || length("out.vmrec") > 3_000);
        let moved = at(&format!("{round}.vmrec"));
        fs::rename(at("out.vmrec"), &moved).unwrap();
        if round % 2 == 1 {
            // As logrotate's `create`.
            fs::write(at("out.vmrec"), "").unwrap();
        }
        signal(&child, Signal::SIGHUP);
        // Without a move it changes nothing.
        signal(&child, Signal::SIGHUP);
        files.push(moved);
    }
    until("samples are kept", || length("out.vmrec") > 3_000);
    signal(&child, Signal::SIGHUP);
    end(child);
    files.push(at("out.vmrec"));
    assert_all(&files, &at("out.csv"));
}

#[test]
fn a_recording_of_many_samples_a_row_continues_after_sighup() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let args = [
        "--sample-interval",
        "2ms",
        "--interval",
        "20ms",
        "--record",
        "out.vmrec",
        "--csv",
        "out.csv",
    ];
    let child = start(dir.path(), &args);
    let length = |name: &str| fs::metadata(at(name)).map_or(0, |meta| meta.len());
    let mut files = Vec::new();
    for round in 0..3 {
        until("samples are kept", || length("out.vmrec") > 6_000);
        let moved = at(&format!("{round}.vmrec"));
        fs::rename(at("out.vmrec"), &moved).unwrap();
        signal(&child, Signal::SIGHUP);
        files.push(moved);
    }
    until("samples are kept", || length("out.vmrec") > 6_000);
    end(child);
    files.push(at("out.vmrec"));
    // No sample is missing between two files, but those whose time had passed.
    let parts: Vec<_> = files.iter().map(|file| replayed(file)).collect();
    for two in parts.windows(2) {
        let (last, first) = (two[0].last().unwrap().0, two[1][0].0);
        assert!(first > last && first - last < 30, "{last}, {first}");
    }
}

#[test]
fn a_recording_is_rotated() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let args = [
        "--interval",
        "2ms",
        "--record",
        "out.vmrec",
        "--csv",
        "/dev/null",
    ];
    let rotate = ["--rotate", "8KiB", "--count", "500"];
    let child = start(dir.path(), &[&args[..], &rotate].concat());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut files: Vec<PathBuf> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(files.len() > 3, "{files:?}");
    files.sort_by_key(|file| replayed(file)[0].0);
    assert_eq!(files.last(), Some(&at("out.vmrec")));
    let mut all = Vec::new();
    for file in &files {
        let ticks = replayed(file);
        // The first row of a file knows of none before it.
        for two in ticks.windows(2) {
            assert_eq!(two[1].0, two[0].0 + two[1].1 + 1, "{two:?}");
        }
        all.extend(ticks.into_iter().map(|(tick, _)| tick));
    }
    assert!(all.is_sorted());
    assert_eq!(all.len(), 500);
}

#[test]
fn what_is_no_empty_file_is_not_begun_as_a_recording() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let child = start(dir.path(), &["--interval", "4ms", "--record", "out.vmrec"]);
    let length = |name: &str| fs::metadata(at(name)).map_or(0, |meta| meta.len());
    until("samples are kept", || length("out.vmrec") > 3_000);
    fs::rename(at("out.vmrec"), at("moved.vmrec")).unwrap();
    fs::write(at("out.vmrec"), "a letter\n").unwrap();
    signal(&child, Signal::SIGHUP);
    let moved = length("moved.vmrec");
    until("it goes on", || length("moved.vmrec") > moved + 3_000);
    signal(&child, Signal::SIGTERM);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(
        stderr.contains("out.vmrec holds something else"),
        "{stderr}"
    );
    assert_eq!(fs::read(at("out.vmrec")).unwrap(), b"a letter\n");
    assert!(replayed(&at("moved.vmrec")).len() > 10);
}
