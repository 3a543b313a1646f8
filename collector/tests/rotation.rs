//! Files that others take away while the program writes them.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Starts the program, in a directory of its own.
fn start(dir: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_virtmon"))
        .args(["--uri", "test:///default"])
        .args(arguments)
        .current_dir(dir)
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

/// Ends the program, and asserts that it had nothing to complain of.
fn end(child: Child) {
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

/// The ticks of a CSV file by the `csv` crate, each with what it says was missed before it. There
/// is one header, and every row is as long.
fn ticks(csv: &[u8]) -> Vec<[u64; 2]> {
    assert!(csv.starts_with(b"schema,tick,time,"));
    assert!(csv.ends_with(b"\n"));
    let rows = csv::Reader::from_reader(csv).into_records();
    rows.map(|row| row.unwrap())
        .map(|row| [1, 6].map(|column| row[column].parse().unwrap()))
        .collect()
}

/// Asserts that each tick is there once, or counted as missed by the one after.
#[track_caller]
fn assert_all(ticks: &[[u64; 2]]) {
    for two in ticks.windows(2) {
        assert_eq!(two[1][0], two[0][0] + two[1][1] + 1, "{two:?}");
    }
}

fn sh(dir: &Path, script: &str) {
    let mut sh = Command::new("sh");
    let status = sh.args(["-ec", script]).current_dir(dir).status();
    assert!(status.unwrap().success(), "{script}");
}

#[test]
fn sighup_reopens_the_files() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let args = ["--interval", "5ms", "--csv", "out.csv", "--detail", "host"];
    let child = start(dir.path(), &[&args[..], &["--json", "out.jsonl"]].concat());
    let pid = child.id();
    let tables = ["out.csv", "out.host.csv", "out.jsonl"];
    let has_rows = |name: &str| fs::metadata(at(name)).is_ok_and(|meta| meta.len() > 2_000);
    let rounds = 12;
    for round in 0..rounds {
        until("rows are written", || {
            tables.iter().all(|name| has_rows(name))
        });
        // logrotate's `create` makes the new file itself; a signal without a move changes nothing.
        let create = if round % 2 == 0 { "" } else { ": > $f;" };
        sh(
            dir.path(),
            &format!(
                "for f in {}; do mv $f {round}.$f; {create} done; kill -HUP {pid}; kill -HUP {pid}",
                tables.join(" ")
            ),
        );
    }
    until("rows are written", || {
        tables.iter().all(|name| has_rows(name))
    });
    end(child);

    let parts = |name: &'static str| {
        let moved = (0..rounds).map(move |round| format!("{round}.{name}"));
        moved
            .chain([name.to_owned()])
            .map(|name| fs::read(at(&name)).unwrap())
    };
    for name in ["out.csv", "out.host.csv"] {
        let all: Vec<_> = parts(name).flat_map(|part| ticks(&part)).collect();
        assert!(all.len() > 70, "{}", all.len());
        assert_all(&all);
    }
    let mut domains = Vec::new();
    for part in parts("out.jsonl") {
        for line in part.split_inclusive(|&byte| byte == b'\n') {
            let row: serde_json::Value = serde_json::from_slice(line).unwrap();
            if row["table"] == "domain" {
                domains.push(["tick", "missed"].map(|key| row[key].as_u64().unwrap()));
            }
        }
    }
    assert_all(&domains);
}

/// The finished files of a table, unpacked, each with the time in its name; then the one that is not.
fn parts(dir: &Path, stem: &str, extension: &str) -> Vec<(String, Vec<u8>)> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some(stamp) = name.strip_prefix(&format!("{stem}-")) else {
            continue;
        };
        if !stamp.contains(&format!(".{extension}")) {
            continue;
        }
        let stamp = stamp.strip_suffix(&format!(".{extension}.zst"));
        let stamp = stamp.unwrap_or_else(|| panic!("{name} is not compressed"));
        let bytes = zstd::decode_all(fs::File::open(&path).unwrap()).unwrap();
        parts.push((stamp.to_owned(), bytes));
    }
    // Those of one second have numbers behind it.
    parts.sort_by_key(|(stamp, _)| {
        let (second, number) = stamp.split_once('_').unwrap_or((stamp, "0"));
        (second.to_owned(), number.parse::<u64>().unwrap())
    });
    let last = fs::read(dir.join(format!("{stem}.{extension}"))).unwrap();
    parts.push((String::new(), last));
    parts
}

/// The times of a file's rows, to the second, as names have them.
fn seconds(csv: &[u8]) -> Vec<String> {
    let rows = csv::Reader::from_reader(csv).into_records();
    rows.map(|row| row.unwrap()[2][..19].replace(['-', ':'], "") + "Z")
        .collect()
}

#[test]
fn files_are_rotated_by_size() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let json = ["--json", "out.jsonl", "--detail", "host,event"];
    let args = ["--interval", "20ms", "--csv", "out.csv", "--append"];
    let args = [&args[..], &json].concat();
    let run = |more: &[&str]| {
        let child = start(dir.path(), &[&args, more].concat());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        assert!(output.status.success());
    };
    // What an earlier run began is finished by its own first tick's time.
    run(&["--count", "3"]);
    let first = seconds(&fs::read(dir.path().join("out.csv")).unwrap())[0].clone();
    until("the second is over", || {
        let now = std::time::SystemTime::now();
        let now = humantime::format_rfc3339_seconds(now).to_string();
        now.replace(['-', ':'], "") != first
    });
    run(&["--count", "150", "--rotate", "4KiB"]);

    for stem in ["out", "out.host"] {
        let parts = parts(dir.path(), stem, "csv");
        assert!(parts.len() > 4, "{stem}: {}", parts.len());
        assert_eq!(parts[0].0, first);
        let mut all = Vec::new();
        for (stamp, csv) in &parts {
            assert!(csv.len() <= 4096, "{stem}-{stamp}: {}", csv.len());
            assert!(stamp.is_empty() || stamp.starts_with(&seconds(csv)[0]));
            all.extend(ticks(csv));
        }
        assert_eq!(all.len(), 153);
        assert_all(&all[..3]);
        assert_eq!(all[3][0], 0);
        assert_all(&all[3..]);
    }
    // A file without rows is never too long.
    assert_eq!(parts(dir.path(), "out.event", "csv").len(), 1);
    let mut domains = Vec::new();
    for (_, part) in parts(dir.path(), "out", "jsonl") {
        for line in part.split_inclusive(|&byte| byte == b'\n') {
            let row: serde_json::Value = serde_json::from_slice(line).unwrap();
            if row["table"] == "domain" {
                domains.push(["tick", "missed"].map(|key| row[key].as_u64().unwrap()));
            }
        }
    }
    assert_eq!(domains.len(), 153);
    assert_all(&domains[3..]);
}

#[test]
fn files_are_rotated_with_the_wall_clock() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let args = [
        "--interval",
        "10ms",
        "--csv",
        "out.csv",
        "--detail",
        "host,event",
    ];
    let child = start(dir.path(), &[&args[..], &["--rotate", "1s"]].concat());
    let count = |stem: &str| {
        let names = fs::read_dir(dir.path()).unwrap().flatten();
        let names = names.map(|entry| entry.file_name().into_string().unwrap());
        names
            .filter(|name| name.starts_with(stem) && name.ends_with(".zst"))
            .count()
    };
    until("three are finished", || {
        count("out-") >= 3 && count("out.host-") >= 3
    });
    end(child);
    for stem in ["out", "out.host"] {
        let mut all = Vec::new();
        for (stamp, csv) in parts(dir.path(), stem, "csv") {
            let seconds = seconds(&csv);
            let stamp = if stamp.is_empty() {
                &seconds[0]
            } else {
                &stamp
            };
            assert!(seconds.iter().all(|second| second == stamp), "{stamp}");
            all.extend(ticks(&csv));
        }
        assert_all(&all);
    }
    // Of these too there is one for each second, with nothing but its header.
    for (_, csv) in parts(dir.path(), "out.event", "csv") {
        assert_eq!(ticks(&csv), Vec::<[u64; 2]>::new());
    }
}

#[test]
fn a_kill_while_a_file_is_compressed_loses_nothing() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let mut rows = String::from("schema,tick,time\n");
    while rows.len() < 16 << 20 {
        let tick = rows.len();
        rows += &format!("1,{tick},{}\n", tick.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    }
    let (plain, packed) = ("out-20260101T000000Z.csv", "out-20260101T000000Z.csv.zst");
    fs::write(at(plain), &rows).unwrap();
    let is_whole = |name: &str| {
        zstd::decode_all(fs::File::open(at(name)).unwrap()).unwrap() == rows.as_bytes()
    };
    let args = ["--csv", "out.csv", "--append", "--rotate", "24h"];
    let mut caught = 0;
    for moment in 0..6 {
        let mut child = start(dir.path(), &args);
        until("it has begun", || {
            at("out-20260101T000000Z.csv.zst.part").exists() || at(packed).exists()
        });
        thread::sleep(Duration::from_millis(moment * 15));
        child.kill().unwrap();
        child.wait().unwrap();
        if at(plain).exists() {
            caught += 1;
            assert_eq!(fs::read(at(plain)).unwrap(), rows.as_bytes());
        }
        assert!(at(plain).exists() || at(packed).exists());
        assert!(!at(packed).exists() || is_whole(packed));
    }
    eprintln!("killed {caught} times before it was done");
    let child = start(dir.path(), &[&args[..], &["--count", "1"]].concat());
    assert!(child.wait_with_output().unwrap().status.success());
    assert!(is_whole(packed));
    assert!(!at(plain).exists());
    assert!(!at("out-20260101T000000Z.csv.zst.part").exists());
}

#[test]
fn a_file_that_cannot_be_reopened_is_kept() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let child = start(dir.path(), &["--interval", "5ms", "--csv", "out.csv"]);
    let has = |name: &str, bytes| fs::metadata(at(name)).is_ok_and(|meta| meta.len() > bytes);
    until("rows are written", || has("out.csv", 2_000));
    // What another program has put there is no table to go on with.
    sh(
        dir.path(),
        &format!(
            "mv out.csv old.csv; echo a letter > out.csv; kill -HUP {}",
            child.id()
        ),
    );
    let moved = fs::metadata(at("old.csv")).unwrap().len();
    until("it goes on", || has("old.csv", moved + 4_000));
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("out.csv holds something else"), "{stderr}");
    assert_eq!(fs::read(at("out.csv")).unwrap(), b"a letter\n");
    assert_all(&ticks(&fs::read(at("old.csv")).unwrap()));
}

#[test]
fn sighup_is_caught_only_where_there_is_a_file() {
    if libvirt::is_missing() {
        return;
    }
    let caught = |child: &Child| {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let signals = u64::from_str_radix(line.unwrap().trim(), 16).unwrap();
        [Signal::SIGHUP, Signal::SIGTERM].map(|signal| signals >> (signal as i32 - 1) & 1 == 1)
    };
    let dir = tempfile::tempdir().unwrap();
    for (args, hangup) in [(&["--csv", "-"], false), (&["--csv", "out.csv"], true)] {
        let child = start(dir.path(), &[&args[..], &["--interval", "10ms"]].concat());
        until("it catches signals", || caught(&child)[1]);
        until("or does not", || caught(&child) == [hangup, true]);
        end(child);
    }
}
