//! virtmon as a service manager sees it: the messages that it gets, and the levels of the log.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

fn virtmon(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_virtmon"));
    command.args(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .env_remove("WATCHDOG_PID");
    command
}

/// A program that does not outlive a test that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

fn hear(manager: &UnixDatagram) -> String {
    let mut bytes = [0; 100];
    let length = manager.recv(&mut bytes).unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

#[test]
fn a_manager_is_notified_of_the_first_tick_of_every_fourth_of_a_watchdog_and_of_the_end() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (socket, csv) = (dir.path().join("notify"), dir.path().join("out.csv"));
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let csv_text = csv.to_str().unwrap();
    let mut child = Running(
        virtmon(&["--uri", "test:///default", "--csv", csv_text])
            .args(["--interval", "20ms"])
            .env("NOTIFY_SOCKET", &socket)
            .env("WATCHDOG_USEC", "200000")
            .spawn()
            .unwrap(),
    );
    assert_eq!(hear(&manager), "READY=1");
    let rows = fs::read_to_string(&csv).unwrap();
    assert!(
        rows.lines().count() > 1,
        "ready is after the first tick is written"
    );
    for _ in 0..3 {
        assert_eq!(hear(&manager), "WATCHDOG=1");
    }
    kill(Pid::from_raw(child.0.id().cast_signed()), Signal::SIGTERM).unwrap();
    let last = std::iter::repeat_with(|| hear(&manager)).find(|text| text != "WATCHDOG=1");
    assert_eq!(last.unwrap(), "STOPPING=1");
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
}

/// A FIFO that nobody reads is a disk that hangs: once a pipe is full, a write waits.
#[test]
fn an_output_that_hangs_gives_no_sign_of_life() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (socket, pipe) = (dir.path().join("notify"), dir.path().join("pipe"));
    let manager = UnixDatagram::bind(&socket).unwrap();
    mkfifo(&pipe, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let mut options = File::options();
    let nonblocking = options.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    let mut reader = nonblocking.open(&pipe).unwrap();
    let mut child = Running(
        virtmon(&["--uri", "test:///default", "--interval", "2ms", "--csv"])
            .arg(&pipe)
            .env("NOTIFY_SOCKET", &socket)
            .env("WATCHDOG_USEC", "8000")
            .spawn()
            .unwrap(),
    );
    let wait = |time| manager.set_read_timeout(Some(time)).unwrap();
    wait(Duration::from_secs(60));
    assert_eq!(hear(&manager), "READY=1");
    assert_eq!(hear(&manager), "WATCHDOG=1");
    // So long without a word, while a sample is made every 2 ms.
    wait(Duration::from_secs(2));
    let mut bytes = [0; 100];
    let mut messages = 0;
    while manager.recv(&mut bytes).is_ok() {
        messages += 1;
        assert!(messages < 10_000, "it goes on although nothing is written");
    }
    // As soon as the pipe takes something again, there is life.
    manager.set_nonblocking(true).unwrap();
    let began = Instant::now();
    while manager.recv(&mut bytes).is_err() {
        assert!(began.elapsed() < Duration::from_secs(60));
        let _ = reader.read(&mut [0; 1 << 16]);
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(&bytes[..10], b"WATCHDOG=1");
    kill(Pid::from_raw(child.0.id().cast_signed()), Signal::SIGTERM).unwrap();
    drop(reader);
    assert!(matches!(child.0.wait().unwrap().code(), Some(0 | 3)));
}

/// Bytes that never reached the disk are no start.
#[test]
fn a_full_disk_is_never_ready() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_nonblocking(true).unwrap();
    let ended = virtmon(&["--uri", "test:///default", "--csv", "/dev/full"])
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "60000000")
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(3));
    assert_eq!(hear(&manager), "STOPPING=1");
    assert!(manager.recv(&mut [0; 100]).is_err());
}

#[test]
fn a_host_that_cannot_be_read_is_never_ready() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_nonblocking(true).unwrap();
    let ended = virtmon(&["--uri", "nosuch:///system"])
        .env("NOTIFY_SOCKET", &socket)
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(manager.recv(&mut [0; 100]).is_err());
}

#[test]
fn a_line_has_its_level_where_the_journal_reads_it() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stderr");
    let stderr = File::create(&path).unwrap();
    let metadata = stderr.metadata().unwrap();
    for (inode, begin) in [(0, "<3>virtmon: "), (1, "virtmon: ")] {
        stderr.set_len(0).unwrap();
        let stream = format!("{}:{}", metadata.dev(), metadata.ino() + inode);
        let ended = virtmon(&["--interval", "0"])
            .env("JOURNAL_STREAM", stream)
            .stderr(File::options().append(true).open(&path).unwrap())
            .status()
            .unwrap();
        assert_eq!(ended.code(), Some(2));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(begin), "{text}");
    }
}
