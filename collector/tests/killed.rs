//! kill -9 at many moments, of a run whose ticks are longer than what the kernel writes at once:
//! every tick but the last is whole, and the next run goes on there.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod guests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const GUESTS: usize = 1_000;
/// Number of kills after which a new file is begun.
const RUNS: u64 = 5;

/// Starts a run that goes on in that file.
fn start(recording: &Path, csv: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_virtmon"));
    command
        .arg("--replay")
        .arg(recording)
        .arg("--csv")
        .arg(csv)
        .arg("--append")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Reads a file by the `csv` crate. Returns where its last whole tick ends. All ticks before that
/// have a row for each guest.
fn whole_ticks(bytes: &[u8]) -> usize {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let columns = reader.headers().unwrap().len();
    assert_eq!(&reader.headers().unwrap()[columns - 1], "tick_end");
    let mut end = usize::try_from(reader.position().byte()).unwrap();
    let mut rows = 0;
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).unwrap() {
        let at = usize::try_from(reader.position().byte()).unwrap();
        if row.len() != columns || bytes[at - 1] != b'\n' {
            assert_eq!(at, bytes.len(), "a torn row that is not the last");
            break;
        }
        assert_eq!(row[7], rows.to_string(), "a row is missing");
        rows += 1;
        let ends = rows == GUESTS;
        assert_eq!(&row[columns - 1], if ends { "1" } else { "" });
        if ends {
            (rows, end) = (0, at);
        }
    }
    end
}

/// Kills runs on this file system. Returns how often that tore a tick.
fn kill_on(place: &Path, recording: &Path, kills: u64) -> u64 {
    let dir = tempfile::tempdir_in(place).unwrap();
    let csv = dir.path().join("out.csv");
    let length = || fs::metadata(&csv).map_or(0, |meta| meta.len());
    let (mut torn, mut whole) = (0, Vec::new());
    for kill in 0..kills {
        if kill % RUNS == 0 {
            let _ = fs::remove_file(&csv);
            whole.clear();
        }
        let before = length();
        let mut child = start(recording, &csv);
        // What was torn goes first.
        let began = Instant::now();
        while length() <= before.max(whole.len() as u64) && child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < Duration::from_secs(60));
            thread::sleep(Duration::from_micros(200));
        }
        // Moments of a tick and those between, in no order.
        thread::sleep(Duration::from_micros(kill * 7_919 % 20_000));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.lines().count() <= 1, "{stderr}");
        let bytes = fs::read(&csv).unwrap();
        assert!(bytes.starts_with(&whole), "a whole tick is missing");
        let end = whole_ticks(&bytes);
        torn += u64::from(end < bytes.len());
        whole = bytes;
        whole.truncate(end);
    }
    torn
}

#[test]
fn a_kill_costs_the_last_tick_at_most() {
    let kills: u64 = std::env::var("KILLS").map_or(40, |text| text.parse().unwrap());
    // A disk, and a tmpfs where there is one.
    let mut places = vec![PathBuf::from(env!("CARGO_TARGET_TMPDIR"))];
    places.extend(Some(PathBuf::from("/dev/shm")).filter(|shm| shm.is_dir()));
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("many.vmrec");
    guests::record(&recording, u16::try_from(GUESTS).unwrap(), 300);
    for place in &places {
        let torn = kill_on(place, &recording, kills / places.len() as u64);
        println!("{}: {torn} kills tore a tick", place.display());
    }
}
