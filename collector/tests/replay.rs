//! Recordings: what is recorded is replayed to the byte, and damage is reported.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

const TABLES: [&str; 6] = [
    "csv",
    "vcpu.csv",
    "nic.csv",
    "disk.csv",
    "host.csv",
    "event.csv",
];
const DETAILS: &str = "vcpu,nic,disk,host,event";

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../recordings/{name}.vmrec"))
}

fn virtmon() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_virtmon"));
    command.stdin(Stdio::null());
    command
}

fn replay(recording: &Path, options: &[&str]) -> Output {
    let mut command = virtmon();
    command.arg("--replay").arg(recording).args(options);
    command.output().unwrap()
}

/// All that a run with every table leaves, in the order of [`TABLES`], and JSON Lines.
fn all(run: &mut Command) -> Vec<Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let [csv, json] = ["out.csv", "out.json"].map(|name| dir.path().join(name));
    run.args(["--detail", DETAILS]);
    run.arg("--csv").arg(&csv).arg("--json").arg(&json);
    let output = run.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let tables = TABLES.map(|table| fs::read(dir.path().join(format!("out.{table}"))).unwrap());
    let json = fs::read(json).unwrap();
    tables.into_iter().chain([json]).collect()
}

fn all_of(recording: &Path) -> Vec<Vec<u8>> {
    all(virtmon().arg("--replay").arg(recording))
}

fn rows(csv: &[u8]) -> Vec<csv::StringRecord> {
    let mut reader = csv::Reader::from_reader(csv);
    reader.records().map(Result::unwrap).collect()
}

/// The words of each event: which guest, and what.
fn events(csv: &[u8]) -> Vec<(String, String)> {
    let words = |row: csv::StringRecord| (row[9].to_owned(), row[10].to_owned());
    rows(csv).into_iter().map(words).collect()
}

/// A recording of libvirt's test driver, and what the run that made it wrote.
fn made(samples: &str) -> (TempDir, PathBuf, Vec<Vec<u8>>) {
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("made.vmrec");
    let mut run = virtmon();
    run.args(["--uri", "test:///default", "--interval", "10ms"]);
    run.args(["--count", samples, "--record"]).arg(&recording);
    let written = all(&mut run);
    (dir, recording, written)
}

#[track_caller]
fn refused(output: &Output, status: i32, words: &str) {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(words), "{stderr}");
}

#[test]
fn a_replay_writes_what_the_run_wrote() {
    if libvirt::is_missing() {
        return;
    }
    let (_dir, recording, written) = made("70");
    assert_eq!(rows(&written[0]).len(), 70);
    let replayed = all_of(&recording);
    for (n, (replayed, written)) in replayed.iter().zip(&written).enumerate() {
        assert!(replayed == written, "{:?}", TABLES.get(n));
    }
}

#[test]
fn the_shipped_recordings_give_the_same_bytes_every_time() {
    for name in ["xen", "libvirt"] {
        let first = all_of(&shipped(name));
        assert!(rows(&first[0]).len() > 100, "{name}");
        for _ in 0..2 {
            assert!(all_of(&shipped(name)) == first, "{name}");
        }
    }
}

#[test]
fn the_shipped_recordings_show_what_was_done_to_their_guests() {
    let has = |events: &[(String, String)], guest: &str, event: &str| {
        let wanted = (guest.to_owned(), event.to_owned());
        assert!(events.contains(&wanted), "{wanted:?} in {events:?}");
    };
    let xen = all_of(&shipped("xen"));
    let found = events(&xen[5]);
    has(&found, "web", "renamed");
    has(&found, "busy", "paused");
    has(&found, "busy", "resumed");
    has(&found, "idle2", "destroyed");
    // Its name came after it.
    has(&found, "", "created");
    has(&found, "newcomer", "renamed");
    // vCPUs and the host's parts were recorded.
    assert!(rows(&xen[1]).len() > 100);
    assert!(rows(&xen[4]).len() > 20);
    let libvirt = all_of(&shipped("libvirt"));
    let found = events(&libvirt[5]);
    has(&found, "busy", "paused");
    has(&found, "plain-5", "stale");
    has(&found, "plain-5", "recovered");
    has(&found, "plain-6", "destroyed");
}

#[test]
fn a_paused_guest_waits_for_no_pcpu() {
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("out.csv");
    let options = ["--detail", "vcpu", "--csv", csv.to_str().unwrap()];
    let output = replay(&shipped("xen"), &options);
    assert!(output.status.success(), "{output:?}");
    // Tick and value of the guest `busy`, which is paused for a while and has one vCPU.
    let of_busy = |file: &str, column: &str| -> Vec<(u64, String)> {
        let mut reader = csv::Reader::from_path(dir.path().join(file)).unwrap();
        let headers = reader.headers().unwrap().clone();
        let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
        let [tick, name, value] = ["tick", "name", column].map(at);
        let rows = reader.records().map(Result::unwrap);
        let rows = rows.filter(|row| &row[name] == "busy");
        rows.map(|row| (row[tick].parse().unwrap(), row[value].to_owned()))
            .collect()
    };
    let paused: Vec<u64> = of_busy("out.csv", "state")
        .into_iter()
        .filter(|(_, state)| state == "paused")
        .map(|(tick, _)| tick)
        .collect();
    assert_eq!(paused, [13, 14, 15, 16]);
    let states = of_busy("out.vcpu.csv", "state");
    let ready: Vec<(u64, u64)> = of_busy("out.vcpu.csv", "ready_est_ns")
        .into_iter()
        .map(|(tick, ns)| (tick, ns.parse().unwrap()))
        .collect();
    let of = |tick: u64| ready.iter().find(|(t, _)| *t == tick).unwrap().1;
    for tick in paused {
        assert!(states.contains(&(tick, "paused".to_owned())), "{states:?}");
    }
    assert_eq!(of(12), of(17), "no time passed while it waited");
}

#[test]
fn the_options_are_those_of_a_run() {
    let xen = shipped("xen");
    let csv = |options: &[&str]| {
        let output = replay(&xen, &[&["--csv", "-"], options].concat());
        assert!(output.status.success(), "{output:?}");
        rows(&output.stdout)
    };
    let every = csv(&[]);
    let second = csv(&["--interval", "1s"]);
    assert!(second.len() * 2 <= every.len() + 10 && !second.is_empty());
    // The same samples, under other numbers.
    for row in &second {
        assert!(
            every
                .iter()
                .any(|all| all[3] == row[3] && all[11] == row[11])
        );
    }
    assert_eq!(csv(&["--count", "3", "--domain", "busy"]).len(), 3);
    assert_eq!(csv(&["--duration", "1s", "--exclude", "Domain-0"]).len(), 9);
    let columns = csv(&["--columns", "tick,name", "--count", "1"]);
    assert_eq!(columns[0].len(), 2);

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("out.csv");
    let burst = ["--sample-interval", "500ms", "--interval", "5s", "--csv"];
    let output = replay(&xen, &[&burst[..], &[file.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{output:?}");
    let bursts = rows(&fs::read(dir.path().join("out.subsample.csv")).unwrap());
    assert!(bursts.iter().any(|row| &row[10] == "10"));

    refused(&replay(&xen, &["--interval", "750ms"]), 2, "500ms");
    refused(&replay(&xen, &["--backend", "xen"]), 2, "--replay");
    refused(&replay(&xen, &["--record", "x.vmrec"]), 2, "--re");
    refused(
        &virtmon().args(["--replay-speed", "1"]).output().unwrap(),
        2,
        "--replay",
    );
}

#[test]
fn a_replay_from_a_tick_or_a_time_has_the_rows_from_there_on() {
    if libvirt::is_missing() {
        return;
    }
    let (_dir, recording, written) = made("150");
    let written = rows(&written[0]);
    let first = &written[100];
    for from in [&first[1], &first[2]] {
        let output = replay(&recording, &["--csv", "-", "--replay-from", from]);
        assert!(output.status.success(), "{output:?}");
        let replayed = rows(&output.stdout);
        assert_eq!(replayed.len(), 50, "{from}");
        // The first row of a run has no rates. Counters and rates after it are those of the whole run.
        assert_eq!(
            replayed[0].iter().take(4).collect::<Vec<_>>(),
            first.iter().take(4).collect::<Vec<_>>()
        );
        assert_eq!(replayed[1..], written[101..]);
    }
    refused(
        &replay(&recording, &["--replay-from", "10000"]),
        2,
        "no sample at or after",
    );
    refused(
        &replay(&recording, &["--replay-from", "yesterday"]),
        2,
        "--replay-from",
    );
    refused(
        &virtmon().args(["--replay-from", "1"]).output().unwrap(),
        2,
        "--replay",
    );
}

#[test]
fn the_whole_samples_of_a_damaged_recording_are_replayed_and_the_rest_is_reported() {
    if libvirt::is_missing() {
        return;
    }
    let (dir, recording, written) = made("70");
    let whole = fs::read(&recording).unwrap();
    let lines = String::from_utf8(written[0].clone()).unwrap();
    let csv = ["--csv", "-"];

    let torn = dir.path().join("torn");
    fs::write(&torn, &whole[..whole.len() - 10]).unwrap();
    let output = replay(&torn, &csv);
    refused(&output, 1, "69 samples that are whole were replayed");
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(lines.starts_with(&output), "{output}");
    assert_eq!(output.lines().count(), 70);

    let damaged = dir.path().join("damaged");
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&damaged, &bytes).unwrap();
    let output = replay(&damaged, &csv);
    refused(&output, 1, "69 samples");
    let ticks = |csv: &[u8]| {
        rows(csv)
            .iter()
            .map(|row| row[1].to_owned())
            .collect::<Vec<_>>()
    };
    let (kept, all) = (ticks(&output.stdout), ticks(&written[0]));
    assert_eq!(kept.len(), 69);
    assert!(kept.iter().all(|tick| all.contains(tick)));
}

#[test]
fn what_is_no_recording_or_a_later_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    refused(&replay(&file, &[]), 1, "No such file");
    fs::write(&file, "schema,tick\n").unwrap();
    refused(&replay(&file, &[]), 1, "not a recording");
    let mut bytes = fs::read(shipped("libvirt")).unwrap();
    bytes[20] ^= 1;
    fs::write(&file, &bytes).unwrap();
    refused(&replay(&file, &[]), 1, "header is damaged");
    bytes[8] = 9;
    fs::write(&file, &bytes).unwrap();
    refused(&replay(&file, &[]), 1, "version 9");
    refused(&replay(dir.path(), &[]), 1, "directory");
}

/// `fuzz/seeds/replay` has recordings that once ended in a panic.
#[test]
fn what_fuzzing_found_ends_in_words() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/replay");
    let mut count = 0;
    for seed in fs::read_dir(seeds).unwrap() {
        let dir = tempfile::tempdir().unwrap();
        let csv = dir.path().join("out.csv");
        let mut run = virtmon();
        run.arg("--replay").arg(seed.unwrap().path());
        run.args(["--detail", DETAILS, "--csv"]).arg(&csv);
        let output = run.output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.lines().count() <= 1, "{stderr}");
        assert!(!rows(&fs::read(csv).unwrap()).is_empty());
        count += 1;
    }
    assert!(count >= 2);
}

/// Starts a replay of 500 ms samples at their own pace.
fn paced(options: &[&str]) -> Child {
    let mut command = virtmon();
    command
        .arg("--replay")
        .arg(shipped("xen"))
        .args(["--replay-speed", "1"]);
    command.args(options).stdout(Stdio::piped());
    command.stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_replay_can_take_the_time_that_it_took() {
    let began = Instant::now();
    let output = paced(&["--count", "4", "--csv", "-"])
        .wait_with_output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(began.elapsed() >= Duration::from_millis(1_490), "{began:?}");
    let at_once = replay(&shipped("xen"), &["--count", "4", "--csv", "-"]);
    assert_eq!(output.stdout, at_once.stdout);
}

#[test]
fn a_signal_ends_a_replay_well() {
    let child = paced(&["--csv", "-"]);
    thread::sleep(Duration::from_millis(700));
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(!rows(&output.stdout).is_empty());
}

#[test]
fn a_run_that_is_killed_leaves_a_recording() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("killed.vmrec");
    let mut run = virtmon();
    run.args(["--uri", "test:///default", "--interval", "20ms", "--csv"]);
    run.arg(dir.path().join("out.csv"))
        .arg("--record")
        .arg(&recording);
    for _ in 0..5 {
        let mut child = run.spawn().unwrap();
        let begun = || fs::metadata(&recording).is_ok_and(|file| file.len() > 700);
        let began = Instant::now();
        while !begun() && began.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_millis(3));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let output = replay(&recording, &["--csv", "-"]);
        // One write a tick: each is there or not.
        assert!(output.status.success(), "{output:?}");
        assert!(!rows(&output.stdout).is_empty());
        fs::remove_file(&recording).unwrap();
    }
}
