//! virtmon as a service manager sees it: what it is told, and at what level it logs.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn virtmon(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_virtmon"));
    command.args(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .env_remove("WATCHDOG_PID");
    command
}

fn hear(manager: &UnixDatagram) -> String {
    let mut bytes = [0; 100];
    let length = manager.recv(&mut bytes).unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

#[test]
fn a_manager_is_told_of_the_first_tick_of_every_fourth_of_a_watchdog_and_of_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let (socket, csv) = (dir.path().join("notify"), dir.path().join("out.csv"));
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let csv_text = csv.to_str().unwrap();
    let mut child = virtmon(&["--uri", "test:///default", "--csv", csv_text])
        .args(["--interval", "20ms"])
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "200000")
        .spawn()
        .unwrap();
    assert_eq!(hear(&manager), "READY=1");
    assert!(
        fs::read(&csv).unwrap().contains(&b'\n'),
        "ready is after the first tick"
    );
    for _ in 0..3 {
        assert_eq!(hear(&manager), "WATCHDOG=1");
    }
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    let last = std::iter::repeat_with(|| hear(&manager)).find(|text| text != "WATCHDOG=1");
    assert_eq!(last.unwrap(), "STOPPING=1");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_host_that_cannot_be_read_is_never_ready() {
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
