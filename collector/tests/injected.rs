//! System calls that fail: strace lets one call after the other fail in a run that rotates its
//! file. Whatever fails, the files hold every tick but the last, and the exit status says how it
//! ended.
//!
//! By default a part of the matrix runs; `INJECT=all` runs all of it.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod guests;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const GUESTS: u16 = 20;
const TICKS: u64 = 12;
/// A file of it has three ticks.
const ROTATE: &str = "12KiB";

const CALLS: [&str; 7] = [
    "openat",
    "write",
    "renameat2,renameat,rename",
    "fsync,fdatasync",
    "ftruncate",
    "unlinkat,unlink",
    "close",
];

fn virtmon(dir: &Path) -> Vec<String> {
    let csv = dir.join("out.csv");
    let args = [
        env!("CARGO_BIN_EXE_virtmon"),
        "--replay",
        "../in.vmrec",
        "--csv",
        csv.to_str().unwrap(),
        "--append",
        "--rotate",
        ROTATE,
    ];
    args.map(str::to_owned).to_vec()
}

/// Runs the program with such a call failing, or killing it: in each of its threads, the one of this
/// number.
fn run(dir: &Path, calls: &str, how: &str, when: usize) -> Output {
    let inject = format!("inject={calls}:{how}:when={when}");
    let mut strace = Command::new("strace");
    strace
        .args(["--follow-forks", "--quiet=all", "--output=/dev/null", "-e"])
        .arg(format!("trace={calls}"))
        .args(["-e", &inject])
        .args(virtmon(dir))
        .current_dir(dir)
        .stdin(Stdio::null());
    strace.output().unwrap()
}

/// The ticks of all files, each once: a finished file beside its compressed twin is the same.
fn ticks(dir: &Path) -> Vec<u64> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap().to_owned();
        let bytes = fs::read(&path).unwrap();
        if let Some(plain) = name.strip_suffix(".zst") {
            let bytes = zstd::decode_all(&bytes[..]).unwrap();
            files.entry(plain.to_owned()).or_insert(bytes);
        } else if name.ends_with(".csv") {
            files.insert(name, bytes);
        } else {
            assert!(name.ends_with(".part") || name.ends_with(".torn"), "{name}");
        }
    }
    let mut all: Vec<u64> = files.values().flat_map(|bytes| of_file(bytes)).collect();
    all.sort_unstable();
    all
}

/// The whole ticks of a file. What is torn is at its end.
fn of_file(bytes: &[u8]) -> Vec<u64> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let columns = reader.headers().unwrap().len();
    let mut ticks = Vec::new();
    let mut rows = 0;
    for row in reader.into_records() {
        let row = row.unwrap();
        if row.len() != columns {
            break;
        }
        rows += 1;
        if rows == GUESTS {
            assert_eq!(&row[columns - 1], "1");
            ticks.push(row[1].parse().unwrap());
            rows = 0;
        }
    }
    ticks
}

/// What must hold, whatever failed.
fn assert_kept(dir: &Path, output: &Output, what: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let all = ticks(dir);
    let expected: Vec<u64> = (0..all.len() as u64).collect();
    assert_eq!(all, expected, "{what}: {stderr}");
    assert!(!stderr.contains("panicked"), "{what}: {stderr}");
    let is_told = !stderr.is_empty();
    // It may be the message that could not be written.
    let writes = what.starts_with("write");
    match output.status.code() {
        // All is written, though something may have been said of what could not be done.
        Some(0) => assert_eq!(all.len() as u64, TICKS, "{what}: {stderr}"),
        // Nothing could be begun: no library, no recording, no output, no timer.
        Some(1 | 127) => assert!(all.is_empty() && (is_told || writes), "{what}: {stderr}"),
        // An output failed, and what it holds is reported. That is for data that can't be written: a
        // file that can't be finished, or the next one not be made, ends nothing.
        Some(3) => {
            assert!(writes || what.starts_with("fsync"), "{what}: {stderr}");
            assert!(writes || stderr.contains("out.csv"), "{what}: {stderr}");
        }
        other => panic!("{what}: {other:?}: {stderr}"),
    }
}

/// What is left by a run that failed, the next one goes on with.
fn assert_gone_on_with(dir: &Path, what: &str) {
    let before = ticks(dir).len();
    let words = virtmon(dir);
    let mut command = Command::new(&words[0]);
    let output = command.args(&words[1..]).current_dir(dir).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {stderr}");
    let after = ticks(dir);
    assert_eq!((after.len() - before) as u64, TICKS, "{what}: {stderr}");
}

/// Whether a run is among those that are made without `INJECT=all`: of the matrix, a diagonal.
fn is_chosen(calls: &str, when: usize, shift: usize) -> bool {
    let all = std::env::var("INJECT").is_ok_and(|text| text == "all");
    all || (when + calls.len() + shift).is_multiple_of(8)
}

#[test]
fn whatever_call_kills_it_no_tick_but_the_last_is_lost() {
    let place = tempfile::tempdir().unwrap();
    guests::record(&place.path().join("in.vmrec"), GUESTS, TICKS);
    let (mut runs, mut killed) = (0, 0);
    for calls in CALLS {
        // Most of the first are of the program's start.
        for when in 1..=40 {
            if !is_chosen(calls, when, 0) {
                continue;
            }
            let what = format!("{calls} SIGKILL {when}");
            let dir = place.path().join("run");
            fs::create_dir(&dir).unwrap();
            let output = run(&dir, calls, "signal=SIGKILL", when);
            let all = ticks(&dir);
            let expected: Vec<u64> = (0..all.len() as u64).collect();
            assert_eq!(all, expected, "{what}");
            match output.status.code() {
                Some(0) => assert_eq!(all.len() as u64, TICKS, "{what}"),
                Some(other) => panic!("{what}: {other}"),
                None => killed += 1,
            }
            assert_gone_on_with(&dir, &what);
            fs::remove_dir_all(&dir).unwrap();
            runs += 1;
        }
    }
    println!("{runs} runs, {killed} of them killed");
    assert!(killed > 0);
}

#[test]
fn whatever_call_fails_no_tick_but_the_last_is_lost() {
    let place = tempfile::tempdir().unwrap();
    guests::record(&place.path().join("in.vmrec"), GUESTS, TICKS);
    let (mut runs, mut statuses) = (0, BTreeMap::<i32, u32>::new());
    for calls in CALLS {
        for error in ["EIO", "ENOSPC"] {
            for when in 1..=40 {
                if !is_chosen(calls, when, usize::from(error == "EIO") * 4) {
                    continue;
                }
                let what = format!("{calls} {error} {when}");
                let dir = place.path().join("run");
                fs::create_dir(&dir).unwrap();
                let output = run(&dir, calls, &format!("error={error}"), when);
                assert_kept(&dir, &output, &what);
                assert_gone_on_with(&dir, &what);
                fs::remove_dir_all(&dir).unwrap();
                runs += 1;
                *statuses.entry(output.status.code().unwrap()).or_default() += 1;
            }
        }
    }
    println!("{runs} runs, by their exit status: {statuses:?}");
    assert!(statuses.contains_key(&0) && statuses.contains_key(&3));
}
