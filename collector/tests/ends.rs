//! How the program ends: with its own exit status, whatever becomes of its streams and of libvirt's
//! threads.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, PipeWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

/// No machine is as busy as this.
const LONG: Duration = Duration::from_secs(60);

fn virtmon(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_virtmon"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < LONG, "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A program that does not outlive a test that fails.
struct Running(Child);

impl Running {
    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id().cast_signed()), signal).unwrap();
    }

    fn status(&mut self) -> Option<i32> {
        until("the program ends", || self.0.try_wait().unwrap().is_some());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_reader_that_closes_standard_output_is_a_normal_end() {
    if libvirt::is_missing() {
        return;
    }
    for arguments in [
        &["--uri", "test:///default", "--interval", "5ms"][..],
        &[
            "--uri",
            "test:///default",
            "--interval",
            "5ms",
            "--csv",
            "-",
        ],
        &[
            "--uri",
            "test:///default",
            "--interval",
            "5ms",
            "--json",
            "-",
        ],
        &["check", "--uri", "test:///default"],
        &["schema"],
        &["man"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
    ] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let ended = virtmon(arguments).stdout(writer).output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {stderr}");
        assert_eq!(stderr, "", "{arguments:?}");
    }
}

#[test]
fn a_reader_that_closes_standard_output_ends_a_replay_in_mid_tick() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../recordings/xen.vmrec");
    for output in ["--csv", "--json"] {
        let child = virtmon(&["--replay", recording, output, "-"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut running = Running(child.unwrap());
        let mut stdout = running.0.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 10]).unwrap();
        drop(stdout);
        assert_eq!(running.status(), Some(0));
        let mut stderr = String::new();
        let mut pipe = running.0.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        assert_eq!(stderr, "");
    }
}

/// The other output gets what was read, and is whole.
#[test]
fn the_file_beside_a_closed_standard_output_is_whole() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("out.csv");
    let arguments = [
        "--uri",
        "test:///default",
        "--interval",
        "5ms",
        "--json",
        "-",
    ];
    let child = virtmon(&arguments)
        .args(["--csv".as_ref(), csv.as_os_str()])
        .stdout(Stdio::piped())
        .spawn();
    let mut running = Running(child.unwrap());
    let mut stdout = running.0.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 2_000]).unwrap();
    drop(stdout);
    assert_eq!(running.status(), Some(0));
    let bytes = fs::read(&csv).unwrap();
    assert!(bytes.ends_with(b"\n"));
    let rows: Vec<_> = csv::Reader::from_reader(&bytes[..])
        .into_records()
        .collect();
    assert!(rows.len() > 2 && rows.iter().all(Result::is_ok), "{rows:?}");
}

#[test]
fn a_reader_that_closes_a_named_pipe_is_a_failed_output() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe");
    mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let mut options = OpenOptions::new();
    let nonblocking = options.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    let mut reader = nonblocking.open(&path).unwrap();
    let arguments = ["--uri", "test:///default", "--interval", "5ms", "--csv"];
    let child = virtmon(&arguments)
        .arg(&path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut running = Running(child.unwrap());
    until("a row comes", || {
        matches!(reader.read(&mut [0; 100]), Ok(1..))
    });
    drop(reader);
    assert_eq!(running.status(), Some(3));
    let mut stderr = String::new();
    let mut pipe = running.0.stderr.take().unwrap();
    pipe.read_to_string(&mut stderr).unwrap();
    assert!(
        stderr.ends_with("/pipe: its reader has closed it\n"),
        "{stderr}"
    );
}

/// libvirt's threads end while the program does. `VIRTMON_SHORT_RUNS` says how many runs of each
/// kind.
#[test]
fn short_runs_end_with_their_own_status() {
    if libvirt::is_missing() {
        return;
    }
    let runs = env::var("VIRTMON_SHORT_RUNS").map_or(70, |runs| runs.parse().unwrap());
    let run = ["--uri", "test:///default", "--interval", "1ms", "--count"];
    let full = ["--csv", "/dev/full"];
    for (arguments, expected) in [
        ([&run[..], &["3"]].concat(), 0),
        ([&run[..], &["1"], &full].concat(), 3),
        (vec!["check", "--uri", "test:///default"], 0),
    ] {
        for round in 0..runs {
            let ended = virtmon(&arguments).output().unwrap();
            let stderr = String::from_utf8_lossy(&ended.stderr);
            let what = format!("run {round} of {arguments:?}: {:?}, {stderr}", ended.status);
            assert_eq!(ended.status.code(), Some(expected), "{what}");
        }
    }
}

/// A pipe that takes nothing more.
fn fill(pipe: &mut PipeWriter) {
    fcntl(&*pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let full = pipe
        .write_all(&[b'x'; 1 << 24])
        .map_err(|error| error.kind());
    assert_eq!(full, Err(ErrorKind::WouldBlock));
    fcntl(&*pipe, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
}

/// Has a run say more than any queue of messages holds, to this stderr, and returns what it ended
/// with. The rows go on all the time.
fn say_much(dir: &Path, stderr: PipeWriter) -> Option<i32> {
    let (csv, moved) = (dir.join("out.csv"), dir.join("moved.csv"));
    let child = virtmon(&["--uri", "test:///default", "--interval", "5ms", "--csv"])
        .arg(&csv)
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn();
    let mut running = Running(child.unwrap());
    let length = |path: &Path| fs::metadata(path).map_or(0, |meta| meta.len());
    until("rows are written", || length(&csv) > 1_000);
    // A directory can't be opened as the next file: each signal has a message.
    fs::rename(&csv, &moved).unwrap();
    fs::create_dir(&csv).unwrap();
    for _ in 0..300 {
        running.signal(Signal::SIGHUP);
        thread::yield_now();
    }
    let before = length(&moved);
    until("rows are still written", || length(&moved) > before + 5_000);
    for _ in 0..3 {
        let before = length(&moved);
        running.signal(Signal::SIGHUP);
        until("a row more is written", || length(&moved) > before + 500);
    }
    running.signal(Signal::SIGTERM);
    running.status()
}

#[test]
fn a_blocked_stderr_blocks_nothing_else() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (reader, mut writer) = io::pipe().unwrap();
    fill(&mut writer);
    assert_eq!(say_much(dir.path(), writer), Some(0));
    drop(reader);
}

#[test]
fn a_closed_stderr_ends_nothing() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    assert_eq!(say_much(dir.path(), writer), Some(0));
    for (arguments, status) in [
        (&["--interval", "0"][..], 2),
        (&["--uri", "nosuch:///system"], 1),
    ] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut command = virtmon(arguments);
        let ended = command.stdout(Stdio::null()).stderr(writer).status();
        assert_eq!(ended.unwrap().code(), Some(status));
    }
}

#[test]
fn text_of_others_reaches_stderr_in_one_line() {
    let bad = "no\u{1b}[2J\n<0>kernel: Oops\u{202e}\u{2028}\u{9b}";
    for arguments in [
        &["--uri", bad][..],
        &[
            "--uri",
            "test:///default",
            "--csv",
            &format!("/nonexistent/{bad}"),
        ],
        &["--replay", bad],
        &["--interval", bad],
        &[&format!("--{bad}")],
        &["--uri", "test:///default", "--domain", &format!("***{bad}")],
        &["--user", bad, "--uri", "test:///default"],
    ] {
        let ended = virtmon(arguments).stdout(Stdio::null()).output().unwrap();
        assert!(matches!(ended.status.code(), Some(1 | 2)), "{arguments:?}");
        let stderr = String::from_utf8(ended.stderr).unwrap();
        let line = stderr.strip_suffix('\n').unwrap();
        assert!(line.starts_with("virtmon: "), "{line:?}");
        let is_plain = |c: char| c == ' ' || c.is_ascii_graphic();
        assert!(line.chars().all(is_plain), "{line:?}");
    }
}
