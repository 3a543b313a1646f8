//! Runs of the program in a directory of its own, and what they leave there.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::guests;

pub(crate) fn virtmon(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_virtmon"));
    command
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// Starts a run of libvirt's test driver.
pub(crate) fn start(dir: &Path, arguments: &[&str]) -> Child {
    let source = ["--uri", "test:///default", "--interval", "5ms"];
    virtmon(dir, &[&source, arguments].concat())
        .spawn()
        .unwrap()
}

/// A directory with a recording of five guests and 40 ticks, `in.vmrec`.
pub(crate) fn place() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    guests::record(&dir.path().join("in.vmrec"), 5, 40);
    dir
}

pub(crate) fn replay(dir: &Path, arguments: &[&str]) -> Output {
    let source = ["--replay", "in.vmrec"];
    virtmon(dir, &[&source, arguments].concat())
        .output()
        .unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
pub(crate) fn refused(output: &Output, status: i32, words: &str) {
    let stderr = stderr(output);
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(words), "{stderr}");
}

#[track_caller]
pub(crate) fn done(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    stderr(output)
}

pub(crate) fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

pub(crate) fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

/// The ticks of a CSV file with five guests, by the `csv` crate; each must be whole.
pub(crate) fn ticks(bytes: &[u8]) -> Vec<u64> {
    let mut ticks = Vec::new();
    let mut rows = 0;
    for row in csv::Reader::from_reader(bytes).records() {
        let row = row.unwrap();
        rows += 1;
        if &row[row.len() - 1] == "1" {
            assert_eq!(rows, 5);
            ticks.push(row[1].parse().unwrap());
            rows = 0;
        }
    }
    assert_eq!(rows, 0, "a tick has no end");
    ticks
}
