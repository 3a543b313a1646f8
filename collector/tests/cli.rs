//! The program as its users run it. libvirt's test driver serves where a source is needed: it has
//! one domain that always runs, and needs no daemon.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const TEST: [&str; 2] = ["--uri", "test:///default"];

fn virtmon(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_virtmon"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    virtmon(arguments).output().unwrap()
}

fn rows(csv: &[u8]) -> Vec<csv::StringRecord> {
    let mut reader = csv::Reader::from_reader(csv);
    reader.records().map(Result::unwrap).collect()
}

/// Asserts that the program refused with this status and said why in one line.
#[track_caller]
fn refused(output: &Output, status: i32, words: &str) {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    assert!(stderr.starts_with("virtmon: "), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(words), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn usage_errors_are_one_line_and_status_2() {
    refused(&run(&["--interval", "0"]), 2, "at least 1ms");
    refused(&run(&["--interval", "500y"]), 2, "at most 10 years");
    refused(&run(&["--interval", "1x"]), 2, "10ms, 1s, 0.5 or 2m");
    refused(&run(&["--interval", "-1"]), 2, "--interval");
    refused(&run(&["--count", "0"]), 2, "--count");
    let more = ["--record", "x.vmrec", "--group-interval", "balloon=10s"];
    refused(&run(&more), 2, "usual groups");
    refused(
        &run(&["--backend", "esx"]),
        2,
        "possible values: auto, xen, libvirt",
    );
    refused(
        &run(&["--backend", "xen", "--uri", "xen:///system"]),
        2,
        "--uri",
    );
    refused(&run(&["--frobnicate"]), 2, "--frobnicate");
    refused(
        &run(&["--csv", "x", "--rotate", "100"]),
        2,
        "a size is like 100MiB, a time like 1h or 24h",
    );
    refused(
        &run(&[
            "--csv",
            "x",
            "--sample-interval",
            "1ms",
            "--interval",
            "101s",
        ]),
        2,
        "100000 times --sample-interval at most",
    );
    refused(
        &run(&["--csv", "x", "--rotate", "1h", "--keep", "14x"]),
        2,
        "a number of files is like 14, a time like 14d, a size like 2GiB",
    );
    refused(
        &run(&["--csv", "-", "--rotate", "1h"]),
        2,
        "--rotate is for --csv FILE",
    );
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_the_first_tick() {
    if libvirt::is_missing() {
        return;
    }
    let args = [&TEST[..], &["--csv", "/nonexistent/out.csv"]].concat();
    refused(&run(&args), 1, "/nonexistent/out.csv can't be written");
}

#[test]
fn a_refused_uri_leaves_no_file() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("out.csv");
    let csv = csv.to_str().unwrap();
    refused(
        &run(&["--uri", "nosuch:///system", "--csv", csv]),
        1,
        "nosuch",
    );
    assert!(!Path::new(csv).exists());
}

#[test]
fn the_xen_backend_is_refused_where_there_is_no_xen() {
    if Path::new("/dev/xen/privcmd").exists() {
        eprintln!("skipped: this is a Xen host");
        return;
    }
    refused(&run(&["--backend", "xen"]), 1, "not domain 0 of a Xen host");
}

#[test]
fn csv_on_the_standard_output() {
    if libvirt::is_missing() {
        return;
    }
    let output = run(&[
        &TEST[..],
        &["--csv", "-", "--count", "3", "--interval", "20ms"],
    ]
    .concat());
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
    let rows = rows(&output.stdout);
    assert_eq!(rows.len(), 3);
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(&row[7], "1");
        assert_eq!(&row[8], "6695eb01-f6a4-8304-79aa-97f2502e193f");
        assert_eq!(&row[9], "test");
        assert_eq!(&row[10], "running");
        assert_eq!(row[12].is_empty(), n == 0, "cpu_pct of row {n}");
    }
}

#[test]
fn a_table_without_escapes_where_stdout_is_no_terminal() {
    if libvirt::is_missing() {
        return;
    }
    let output = run(&[&TEST[..], &["--count", "2", "--interval", "20ms"]].concat());
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains('\x1b'));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 7, "{text}");
    assert!(lines[0].contains("1 domain, read in"));
    assert!(lines[1].starts_with("   ID NAME         STATE       CPU%"));
    assert!(lines[2].starts_with("    1 test         running"));
}

#[test]
fn a_user_to_become_must_be_there_and_not_root() {
    let nobody = [&TEST[..], &["--user", "no-such-user", "--count", "1"]].concat();
    refused(&run(&nobody), 1, "there is no such user");
    let root = [&TEST[..], &["--user", "root", "--count", "1"]].concat();
    refused(&run(&root), 1, "nothing would be given up");
}

#[test]
fn check_says_what_can_be_read() {
    if libvirt::is_missing() {
        return;
    }
    let output = run(&["check", "--uri", "test:///default"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\nok    libvirt          libvirt at test:///default; a sample took"));
    assert!(
        text.contains("\nok      CPU time       1 of 1 domains\n"),
        "{text}"
    );
}

#[test]
fn help_has_examples() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("Examples:\n  sudo virtmon "));
}

/// Starts a run that ends only by a signal, and waits until it has written ten ticks.
fn endless(csv: &Path) -> Child {
    let args = ["--csv", csv.to_str().unwrap(), "--interval", "5ms"];
    let mut child = virtmon(&[&TEST[..], &args].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while fs::read(csv).map_or(0, |text| text.split(|&b| b == b'\n').count()) < 12 {
        assert!(child.try_wait().unwrap().is_none(), "virtmon has ended");
        thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn a_signal_ends_a_run_cleanly() {
    if libvirt::is_missing() {
        return;
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let dir = tempfile::tempdir().unwrap();
        let csv = dir.path().join("out.csv");
        let child = endless(&csv);
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{signal}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        let text = fs::read(&csv).unwrap();
        assert!(text.ends_with(b"\n"));
        assert!(rows(&text).len() >= 10);
    }
}

#[test]
fn a_full_disk_has_its_own_status() {
    if libvirt::is_missing() {
        return;
    }
    let output = run(&[&TEST[..], &["--csv", "/dev/full", "--count", "1"]].concat());
    refused(&output, 3, "/dev/full: No space left on device");
}

#[test]
fn details_lie_beside_the_csv() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("out.csv");
    let args = ["--csv", csv.to_str().unwrap(), "--count", "3"];
    let detail = [
        "--interval",
        "20ms",
        "--detail",
        "vcpu,nic,disk,host,event,self,stat,nova",
    ];
    assert!(run(&[&TEST[..], &args, &detail].concat()).status.success());
    for (table, count) in [
        // Its one domain has two, a NIC and a disk.
        ("vcpu", 6),
        ("nic", 3),
        ("disk", 3),
        ("host", 3),
        ("event", 0),
        ("self", 3),
        ("stat", 0),
        ("nova", 0),
    ] {
        let text = fs::read(dir.path().join(format!("out.{table}.csv"))).unwrap();
        assert!(text.starts_with(b"schema,tick,time,mono_ns,late_ns,sample_ns,missed,"));
        assert_eq!(rows(&text).len(), count, "{table}");
    }
}

#[test]
fn json_lines_are_read_by_another_reader() {
    if libvirt::is_missing() {
        return;
    }
    let args = [
        "--json",
        "-",
        "--count",
        "2",
        "--interval",
        "20ms",
        "--detail",
        "host",
    ];
    let output = run(&[&TEST[..], &args].concat());
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let tables: Vec<&str> = rows
        .iter()
        .map(|row| row["table"].as_str().unwrap())
        .collect();
    assert_eq!(tables, ["domain", "host", "domain", "host"]);
    assert_eq!(rows[0]["name"], "test");
    assert!(rows[0]["cpu_pct"].is_null() && rows[2]["cpu_pct"].is_f64());
}

#[test]
fn guests_and_columns_are_chosen() {
    if libvirt::is_missing() {
        return;
    }
    let args = ["--csv", "-", "--count", "1", "--columns", "name,id,tick"];
    let chosen = |more: &[&str]| {
        let output = run(&[&TEST[..], &args, more].concat());
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(chosen(&[]), "tick,id,name\n0,1,test\n");
    assert_eq!(
        chosen(&["--domain", "t*", "--domain", "7"]),
        "tick,id,name\n0,1,test\n"
    );
    assert_eq!(chosen(&["--domain", "7"]), "tick,id,name\n");
    assert_eq!(chosen(&["--exclude", "6695eb01-*"]), "tick,id,name\n");
    let columns = ["--csv", "-", "--columns", "nmae"];
    refused(
        &run(&[&TEST[..], &columns].concat()),
        2,
        "no table has \"nmae\"",
    );
    refused(&run(&["--domain", "["]), 2, "--domain");
    refused(&run(&["--detail", "vcpu"]), 2, "--detail needs --csv FILE");
    refused(
        &run(&["--csv", "-", "--detail", "vcpu"]),
        2,
        "--detail needs files",
    );
}

#[test]
fn completions_and_a_manual_page() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completions", shell]);
        assert!(
            String::from_utf8(output.stdout)
                .unwrap()
                .contains("interval")
        );
    }
    assert!(
        String::from_utf8(run(&["man"]).stdout)
            .unwrap()
            .contains(".TH virtmon")
    );
}

#[test]
fn a_run_continues_the_file_of_a_killed_one() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("out.csv");
    let mut child = endless(&csv);
    child.kill().unwrap();
    child.wait().unwrap();
    let whole = fs::read(&csv).unwrap();
    let torn = &whole[..whole.len() - 9];
    fs::write(&csv, torn).unwrap();
    let args = [
        "--csv",
        csv.to_str().unwrap(),
        "--append",
        "--fsync",
        "--count",
        "2",
    ];
    assert!(
        run(&[&TEST[..], &args, &["--interval", "5ms"]].concat())
            .status
            .success()
    );
    let text = fs::read(&csv).unwrap();
    assert_eq!(rows(&text).len(), rows(&whole).len() - 1 + 2);
    assert!(text.starts_with(&whole[..whole.len() / 2]));

    // A table of other columns is finished, and another begun.
    let other = run(&[&TEST[..], &args, &["--columns", "id"]].concat());
    assert!(other.status.success());
    let stderr = String::from_utf8(other.stderr).unwrap();
    let finished = stderr.split_once("it was renamed to ").unwrap().1;
    let finished = finished.strip_suffix('\n').unwrap();
    assert_eq!(fs::read(finished).unwrap(), text);
    assert_eq!(fs::read_to_string(&csv).unwrap(), "id\n1\n1\n");
    // What is no table is not touched.
    fs::write(&csv, "a letter\n").unwrap();
    refused(&run(&[&TEST[..], &args].concat()), 1, "something else");
    assert_eq!(fs::read(&csv).unwrap(), b"a letter\n");
}

#[test]
fn bursts_within_an_interval() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("out.csv");
    let args = [
        "--csv",
        csv.to_str().unwrap(),
        "--sample-interval",
        "5ms",
        "--interval",
        "50ms",
    ];
    assert!(
        run(&[&TEST[..], &args, &["--count", "4"]].concat())
            .status
            .success()
    );
    assert_eq!(rows(&fs::read(&csv).unwrap()).len(), 4);
    let bursts = rows(&fs::read(dir.path().join("out.subsample.csv")).unwrap());
    assert_eq!(bursts.len(), 4);
    for burst in &bursts[1..] {
        let number = |at: usize| burst[at].parse::<f64>().unwrap();
        let (samples, min, mean, max, p99) =
            (number(10), number(11), number(12), number(13), number(14));
        assert!((2.0..=12.0).contains(&samples), "{samples}");
        assert!(min <= mean && mean <= max && p99 <= max && min <= p99);
    }
    let wrong = [&args[..4], &["--interval", "7ms"]].concat();
    refused(&run(&wrong), 2, "must be a multiple of --sample-interval");
}
