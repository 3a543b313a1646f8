//! Whose file an output is, and what is found in it at the start.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod guests;
mod libvirt;
mod runs;

use std::fs::{self, File};
use std::io::{Read, pipe};
use std::os::fd::AsFd;
use std::process::{Child, Command};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use runs::{done, place, refused, replay, signal, start, ticks, until, virtmon};

#[test]
fn two_runs_do_not_write_one_file() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("out.csv");
    let first = start(dir.path(), &["--csv", "out.csv", "--json", "out.jsonl"]);
    until("rows are written", || {
        fs::metadata(&csv).is_ok_and(|meta| meta.len() > 2_000)
    });
    let by_whom = format!("by another virtmon, process {}", first.id());
    for option in ["--csv", "--json", "--record"] {
        for append in [&["--append"][..], &[]] {
            if option == "--record" && !append.is_empty() {
                continue;
            }
            let args = [&[option, "out.csv", "--count", "1"], append].concat();
            let second = start(dir.path(), &args).wait_with_output().unwrap();
            refused(&second, 1, &by_whom);
        }
    }
    signal(&first, Signal::SIGTERM);
    assert_eq!(done(&first.wait_with_output().unwrap()), "");
    let bytes = fs::read(&csv).unwrap();
    let rows: Vec<_> = csv::Reader::from_reader(&bytes[..])
        .into_records()
        .map(|row| row.unwrap())
        .collect();
    for two in rows.windows(2) {
        let number = |row: usize, column: usize| two[row][column].parse::<u64>().unwrap();
        assert_eq!(number(1, 1), number(0, 1) + number(1, 6) + 1);
    }
    // The lock goes with its process.
    let args = ["--csv", "out.csv", "--append", "--count", "1"];
    done(&start(dir.path(), &args).wait_with_output().unwrap());
}

#[test]
fn a_file_that_was_rotated_or_reopened_is_locked_too() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("out.csv");
    let first = start(dir.path(), &["--csv", "out.csv"]);
    let has_rows = || fs::metadata(&csv).is_ok_and(|meta| meta.len() > 2_000);
    until("rows are written", has_rows);
    fs::rename(&csv, dir.path().join("moved.csv")).unwrap();
    signal(&first, Signal::SIGHUP);
    until("rows are written", has_rows);
    let args = ["--csv", "out.csv", "--append", "--count", "1"];
    let second = start(dir.path(), &args).wait_with_output().unwrap();
    refused(&second, 1, &format!("process {}", first.id()));
    // The one that was moved is nobody's.
    let args = ["--csv", "moved.csv", "--append", "--count", "1"];
    done(&start(dir.path(), &args).wait_with_output().unwrap());
    signal(&first, Signal::SIGTERM);
    assert_eq!(done(&first.wait_with_output().unwrap()), "");
}

#[test]
fn one_file_is_no_two_outputs() {
    if libvirt::is_missing() {
        return;
    }
    let dir = place();
    let at = |name: &str| dir.path().join(name);
    mkfifo(&at("fifo"), Mode::S_IRWXU).unwrap();
    // So that it can be opened.
    let _reader = File::options()
        .read(true)
        .write(true)
        .open(at("fifo"))
        .unwrap();
    for args in [
        &["--csv", "x", "--json", "x"][..],
        &["--csv", "x", "--json", "./x"],
        &["--csv", "x", "--record", "x"],
        &["--json", "x.nic.csv", "--csv", "x.csv", "--detail", "nic"],
        &["--csv", "fifo", "--json", "fifo"],
    ] {
        let args = [args, &["--count", "1"]].concat();
        let output = start(dir.path(), &args).wait_with_output().unwrap();
        refused(&output, 2, "is the file of another option too");
        for name in ["x", "x.csv", "x.nic.csv"] {
            assert!(!at(name).exists(), "{args:?} left {name}");
        }
    }
    // The standard output is a file here, and one that is named.
    let stdout = File::create(at("out")).unwrap();
    let mut both = virtmon(
        dir.path(),
        &["--replay", "in.vmrec", "--csv", "-", "--json", "out"],
    );
    refused(
        &both.stdout(stdout).output().unwrap(),
        2,
        "another option too",
    );
    // Twice the same table is once.
    let args = ["--csv", "y.csv", "--detail", "nic,nic,host,nic"];
    assert_eq!(done(&replay(dir.path(), &args)), "");
    let nics = fs::read_to_string(at("y.nic.csv")).unwrap();
    assert_eq!(nics.matches("schema,").count(), 1);
    // Many may write to these.
    let args = ["--csv", "/dev/null", "--json", "/dev/null"];
    assert_eq!(done(&replay(dir.path(), &args)), "");
}

#[test]
fn what_is_open_already_is_written_to_as_it_is() {
    let dir = place();
    let script = r#"
        "$0" --replay in.vmrec --csv - > dash
        "$0" --replay in.vmrec --csv /dev/stdout > stdout
        "$0" --replay in.vmrec --csv /dev/stdout | cat > pipe
        "$0" --replay in.vmrec --csv /dev/stderr 2> stderr
        echo before > three
        "$0" --replay in.vmrec --csv /dev/fd/3 3>> three
        "$0" --replay in.vmrec --csv /dev/fd/4 4> four
    "#;
    let mut sh = Command::new("sh");
    sh.args(["-euc", script, env!("CARGO_BIN_EXE_virtmon")]);
    done(&sh.current_dir(dir.path()).output().unwrap());
    let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
    let expected = read("dash");
    assert_eq!(ticks(&expected).len(), 40);
    for name in ["stdout", "pipe", "stderr", "four"] {
        assert!(read(name) == expected, "{name}");
    }
    assert_eq!(read("three"), [b"before\n", &expected[..]].concat());
}

#[test]
fn a_recording_is_not_overwritten_by_its_replay() {
    let dir = place();
    let before = fs::read(dir.path().join("in.vmrec")).unwrap();
    for option in ["--csv", "--json"] {
        for append in [&["--append"][..], &[]] {
            let args = [&[option, "./in.vmrec"], append].concat();
            refused(&replay(dir.path(), &args), 2, "another option too");
            assert_eq!(fs::read(dir.path().join("in.vmrec")).unwrap(), before);
        }
    }
}

#[test]
fn a_file_that_is_truncated_beside_it_has_no_hole() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("out.csv");
    let child = start(dir.path(), &["--csv", "out.csv"]);
    let length = || fs::metadata(&csv).map_or(0, |meta| meta.len());
    until("rows are written", || length() > 4_000);
    // What logrotate's copytruncate does.
    let file = File::options().write(true).open(&csv).unwrap();
    file.set_len(0).unwrap();
    until("rows are written", || length() > 4_000);
    signal(&child, Signal::SIGTERM);
    assert_eq!(done(&child.wait_with_output().unwrap()), "");
    let bytes = fs::read(&csv).unwrap();
    assert!(!bytes.contains(&0));
    assert!(
        csv::Reader::from_reader(&bytes[..])
            .records()
            .all(|row| row.is_ok())
    );
    let args = ["--csv", "out.csv", "--append", "--count", "1"];
    assert_eq!(
        done(&start(dir.path(), &args).wait_with_output().unwrap()),
        ""
    );
}

#[test]
fn a_pipe_named_like_a_finished_file_delays_no_end() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("out-20200101T000000Z.csv");
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let args = ["--csv", "out.csv", "--append", "--rotate", "24h"];
    let mut child = start(dir.path(), &args);
    until("rows are written", || {
        fs::metadata(dir.path().join("out.csv")).is_ok_and(|meta| meta.len() > 2_000)
    });
    signal(&child, Signal::SIGTERM);
    until("it ends", || child.try_wait().unwrap().is_some());
    assert_eq!(done(&child.wait_with_output().unwrap()), "");
    assert!(fifo.exists());
}

#[test]
fn old_files_go_and_nothing_else() {
    let dir = place();
    let at = |name: &str| dir.path().join(name);
    for name in [
        "out-20200101T000000Z.csv",
        "out-20200102T000000Z.csv.zst",
        "out.event-20200101T000000Z.csv",
        "out-20200101T000000Z.jsonl",
        "out-2020.csv",
        "other-20200101T000000Z.csv",
    ] {
        fs::write(at(name), "x\n").unwrap();
    }
    fs::create_dir(at("out-20200103T000000Z.csv")).unwrap();
    let args = [
        "--csv", "out.csv", "--append", "--rotate", "4KiB", "--keep", "3",
    ];
    assert_eq!(done(&replay(dir.path(), &args)), "");
    let mut names: Vec<String> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mine = |name: &&String| name.starts_with("out-2026");
    let (kept, others): (Vec<_>, Vec<_>) = names.iter().partition(mine);
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert_eq!(
        others,
        [
            "in.vmrec",
            "other-20200101T000000Z.csv",
            "out-2020.csv",
            "out-20200101T000000Z.jsonl",
            "out-20200103T000000Z.csv",
            "out.csv",
            "out.event-20200101T000000Z.csv",
        ]
    );
    // The last ticks are there, up to the last one.
    let mut all = Vec::new();
    for name in &kept {
        all.extend(ticks(
            &zstd::decode_all(File::open(at(name)).unwrap()).unwrap(),
        ));
    }
    all.extend(ticks(&fs::read(at("out.csv")).unwrap()));
    let first = all[0];
    assert!(first > 0);
    assert_eq!(all, (first..40).collect::<Vec<u64>>());
}

#[test]
fn time_and_size_are_kept_at_the_start_too() {
    let dir = place();
    let at = |name: &str| dir.path().join(name);
    let now = std::time::SystemTime::now();
    let stamp = |hours: u64| {
        let time = now - Duration::from_secs(hours * 3600);
        let text = humantime::format_rfc3339_seconds(time).to_string();
        format!("out-{}.csv.zst", text.replace(['-', ':'], ""))
    };
    let keep = |keep: &str| {
        for hours in [9, 6, 3, 1] {
            fs::write(at(&stamp(hours)), vec![b'x'; 3000]).unwrap();
        }
        let args = ["--csv", "out.csv", "--rotate", "1GiB", "--keep", keep];
        assert_eq!(done(&replay(dir.path(), &args)), "");
        [9, 6, 3, 1].map(|hours| at(&stamp(hours)).exists())
    };
    // The file of 9 hours ago ended 6 hours ago.
    assert_eq!(keep("7h"), [true; 4]);
    assert_eq!(keep("5h"), [false, true, true, true]);
    assert_eq!(keep("7KiB"), [false, false, true, true]);
    assert_eq!(keep("12000"), [true; 4]);
    let mut alone = virtmon(dir.path(), &["--csv", "x", "--keep", "3"]);
    refused(&alone.output().unwrap(), 2, "--rotate");
}

#[test]
fn a_pipe_that_another_made_non_blocking_is_waited_for() {
    let dir = place();
    let (mut reader, writer) = pipe().unwrap();
    fcntl(writer.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let args = ["--replay", "in.vmrec", "--json", "-", "--detail", "event"];
    let child = virtmon(dir.path(), &args).stdout(writer).spawn().unwrap();
    // More than a pipe takes is written before anything is read.
    let mut text = String::new();
    until("it waits for room", || is_waiting(&child));
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(done(&child.wait_with_output().unwrap()), "");
    let rows: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ends = rows.iter().filter(|row| row["tick_end"] == 1).count();
    assert_eq!(ends, 40);
}

/// Whether the writing thread waits in poll(2).
fn is_waiting(child: &Child) -> bool {
    let Ok(tasks) = fs::read_dir(format!("/proc/{}/task", child.id())) else {
        return false;
    };
    tasks.flatten().any(|task| {
        let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
        read("comm").trim() == "writer" && read("wchan").contains("poll")
    })
}
