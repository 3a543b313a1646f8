//! A disk that is really full: a small tmpfs, in a mount namespace of its own, so that nothing is
//! left to be unmounted.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use nix::unistd::Uid;

/// Runs a script in a tmpfs of 160 KiB; `filler` takes 64 of them. Its parent directory stays;
/// there `keep NAME` puts a copy of what is on the disk, and `status` a line for each run.
fn on_a_small_disk(dir: &Path, script: &str) -> bool {
    if !Uid::effective().is_root() {
        eprintln!("skipped: only root can mount a disk to fill");
        return false;
    }
    let prelude = r#"
        mkdir disk
        mount -t tmpfs -o size=160k none disk
        cd disk
        head -c 65536 /dev/zero > filler
        run() {
            status=0
            "$VIRTMON" --uri test:///default --interval 4ms --csv out.csv "$@" 2>> ../stderr || status=$?
            echo $status >> ../status
        }
        keep() { mkdir "../$1"; cp out* "../$1"; }
    "#;
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-euc", &format!("{prelude}{script}")])
        .env("VIRTMON", env!("CARGO_BIN_EXE_virtmon"))
        .current_dir(dir)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    true
}

/// A table's ticks, each with what it says was missed before it, and how many rows it has.
type Ticks = Vec<(u64, u64, usize)>;

/// Reads a CSV file by the `csv` crate, which refuses rows of another length than the header. The
/// ticks of one run follow those of another: `tick_end` parts them, not the number alone.
fn ticks(bytes: &[u8]) -> Ticks {
    assert!(bytes.is_empty() || bytes.ends_with(b"\n"));
    let mut ticks = Ticks::new();
    let mut begins = true;
    for row in csv::Reader::from_reader(bytes).records() {
        let row = row.unwrap();
        let number = |column: usize| row[column].parse().unwrap();
        match ticks.last_mut() {
            Some((tick, _, rows)) if !begins && *tick == number(1) => *rows += 1,
            _ => ticks.push((number(1), number(6), 1)),
        }
        begins = &row[row.len() - 1] == "1";
    }
    ticks
}

/// Asserts that each tick is there once, and whole, or counted as missed by the one after.
#[track_caller]
fn assert_all(ticks: &[(u64, u64, usize)]) {
    for two in ticks.windows(2) {
        assert_eq!(two[1].0, two[0].0 + two[1].1 + 1, "{two:?}");
        assert_eq!(two[1].2, two[0].2, "{two:?}");
    }
}

/// Asserts that Python reads as many rows, all of one length, where there is a Python.
fn assert_python_agrees(csv: &Path, rows: usize) {
    let program = "import csv, sys\n\
        rows = list(csv.reader(open(sys.argv[1], newline='')))\n\
        assert len({len(row) for row in rows}) == 1\n\
        print(len(rows) - 1)";
    let python = Command::new("python3")
        .args(["-c", program])
        .arg(csv)
        .output();
    let Ok(output) = python else {
        eprintln!("skipped: there is no python3 to read {}", csv.display());
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert_eq!(text.trim(), rows.to_string());
}

#[test]
fn a_full_disk_holds_whole_ticks_and_is_continued() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // One run fills the disk, another finds it full, a third finds a torn tail and room.
    let done = on_a_small_disk(
        dir.path(),
        r#"
        run --detail host
        keep filled
        run --detail host --append
        keep full
        truncate --size=-9 out.csv
        rm filler
        run --detail host --append --count 20
        keep on
        "#,
    );
    if !done {
        return;
    }
    let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
    let text = |name: &str| String::from_utf8(read(name)).unwrap();
    assert_eq!(text("status"), "3\n3\n0\n");
    let stderr = text("stderr");
    let lines: Vec<&str> = stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{stderr}");
    assert!(
        lines[2].ends_with("bytes were an incomplete tick; they were moved to out.csv.torn"),
        "{stderr}"
    );
    for line in &lines[..2] {
        let names =
            line.starts_with("virtmon: out.csv: ") || line.starts_with("virtmon: out.host.csv: ");
        assert!(
            names && line.contains("No space left on device"),
            "{stderr}"
        );
    }

    let filled = ticks(&read("filled/out.csv"));
    let filled_host = ticks(&read("filled/out.host.csv"));
    for table in [&filled, &filled_host] {
        assert!(table.len() > 50, "{}", table.len());
        assert_all(table);
    }
    // The tick that did not fit is at most in the one that was written first.
    assert!((0..=1).contains(&(filled.len() - filled_host.len())));

    // Of a full disk no more is left than whole ticks either.
    let full = ticks(&read("full/out.csv"));
    assert_eq!(full[..filled.len()], filled);
    assert_all(&full[filled.len()..]);

    let on = ticks(&read("on/out.csv"));
    let kept = full.len() - 1;
    assert_eq!(
        on[..kept],
        full[..kept],
        "the torn tick goes, the others stay"
    );
    assert_eq!(on.len(), kept + 20);
    assert_eq!(on[kept].0, 0);
    assert_all(&on[kept..]);
    assert_python_agrees(&dir.path().join("filled/out.csv"), filled.len());
    assert_python_agrees(&dir.path().join("on/out.csv"), on.len());
}

#[test]
fn a_disk_that_is_full_of_finished_files_loses_none() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    if !on_a_small_disk(
        dir.path(),
        "head -c 40960 /dev/zero > more; run --rotate 8KiB; keep filled",
    ) {
        return;
    }
    let status = fs::read_to_string(dir.path().join("status")).unwrap();
    let stderr = fs::read_to_string(dir.path().join("stderr")).unwrap();
    assert_eq!(status, "3\n", "{stderr}");
    assert!(stderr.contains("No space left on device"), "{stderr}");
    // Whether the compressing thread or the writing one met it first, each tick is there once.
    let mut all = BTreeMap::new();
    let mut packed = 0;
    for entry in fs::read_dir(dir.path().join("filled")).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().unwrap().to_str().unwrap().to_owned();
        let bytes = match extension.as_str() {
            "csv" => fs::read(&path).unwrap(),
            "zst" => zstd::decode_all(File::open(&path).unwrap()).unwrap(),
            other => panic!("{other} is left"),
        };
        packed += usize::from(extension == "zst");
        for tick in ticks(&bytes) {
            assert_eq!(all.insert(tick.0, tick), None, "tick {} twice", tick.0);
        }
    }
    assert!(packed > 2, "{packed}");
    assert_all(&all.into_values().collect::<Vec<_>>());
}
