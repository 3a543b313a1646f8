//! `virtmon top` without a terminal: plain lines, commands, and refusals.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../recordings/{name}.vmrec"))
}

fn top(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_virtmon"));
    // The user's own settings are no part of a test.
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command.arg("top").args(arguments).stdin(Stdio::null());
    command
}

fn replay(name: &str, arguments: &[&str]) -> String {
    let output = top(arguments)
        .arg("--replay")
        .arg(shipped(name))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn plain_lines_of_a_recording_have_the_figures_of_its_csv() {
    let lines = replay("xen", &["--plain"]);
    let tick = lines.split("UTC, tick 20,").nth(1).unwrap();
    let tick = tick.split("UTC, tick 21,").next().unwrap();
    for text in [
        "3 domains, host CPU 80.7 %",
        "event: idle2 destroyed was blocked",
        "Domain-0: running, CPU 52.0 %, ready 10.1 % (estimate)",
        "busy: running, CPU 78.2 %, ready 9.8 % (estimate)",
    ] {
        assert!(tick.contains(text), "{text}\n{tick}");
    }
    assert!(!lines.contains('\x1b'));
    // It begins at tick 1, the first one with rates, and has every tick up to the end.
    for number in 1..=45 {
        assert!(lines.contains(&format!("tick {number}, ")), "{number}");
    }
}

#[test]
fn a_paused_guest_has_no_ready_time() {
    let lines = replay("xen", &["--plain", "--domain", "busy"]);
    let paused: Vec<&str> = lines
        .lines()
        .filter(|line| line.starts_with("busy: paused"))
        .collect();
    assert!(!paused.is_empty());
    assert!(
        paused.iter().all(|line| !line.contains("ready")),
        "{paused:?}"
    );
}

#[test]
fn without_a_terminal_it_says_what_to_do() {
    let output = top(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("--plain") && stderr.lines().count() == 1,
        "{stderr}"
    );
}

#[test]
fn bad_input_is_one_line() {
    for (arguments, status) in [
        (&["--plain", "--replay", "/nonexistent"][..], 1),
        (&["--plain", "--replay", "/dev/null"], 1),
        (&["--plain", "--domain", "[", "--uri", "test:///default"], 2),
        (&["--plain", "--interval", "0"], 2),
        (&["--plain", "--uri", "nonsense:///x"], 1),
    ] {
        let output = top(arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?} {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

/// A live run whose first tick is printed.
fn live(arguments: &[&str]) -> (Child, BufReader<std::process::ChildStdout>) {
    let source = ["--plain", "--uri", "test:///default", "--interval", "50ms"];
    let mut child = top(&[&source, arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    until(&mut lines, "test: running");
    (child, lines)
}

/// Reads lines up to one with a text.
fn until(lines: &mut impl BufRead, text: &str) -> String {
    loop {
        let mut line = String::new();
        assert!(
            lines.read_line(&mut line).unwrap() > 0,
            "no line with {text}"
        );
        assert!(!line.contains('\x1b'), "{line:?}");
        if line.contains(text) {
            return line;
        }
    }
}

#[test]
fn commands_are_lines_on_stdin() {
    if libvirt::is_missing() {
        return;
    }
    let (mut child, mut lines) = live(&[]);
    let mut stdin = child.stdin.take().unwrap();
    let mut ask = |command: &str, answer: &str| {
        writeln!(stdin, "{command}").unwrap();
        until(&mut lines, answer)
    };
    ask("sort memory", "sorted by MEM");
    ask("sort nonsense", "there is no column nonsense");
    ask("show test", "memory that it holds: 2.00G");
    ask("show \x1b[2J", r"there is no guest \u{1b}[2J");
    ask("nonsense", "commands: sort COLUMN");
    writeln!(stdin, "quit").unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_signal_ends_it() {
    if libvirt::is_missing() {
        return;
    }
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let (mut child, _lines) = live(&[]);
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        kill(pid, signal).unwrap();
        assert!(child.wait().unwrap().success(), "{signal}");
    }
}

#[test]
fn a_reader_that_leaves_ends_it() {
    if libvirt::is_missing() {
        return;
    }
    let (mut child, lines) = live(&[]);
    drop(lines);
    assert!(child.wait().unwrap().success());
}

/// A terminal whose window is closed, without a signal to the process.
#[test]
fn a_terminal_that_is_gone_ends_it() {
    let terminal = nix::pty::openpty(None, None).unwrap();
    // The process is not to hold its own terminal open.
    for end in [&terminal.master, &terminal.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
    }
    let stdio = || Stdio::from(terminal.slave.try_clone().unwrap());
    let mut child = top(&["--replay"])
        .arg(shipped("xen"))
        .env("TERM", "xterm")
        .stdin(stdio())
        .stdout(stdio())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It has drawn its first screen.
    let mut screen = BufReader::new(std::fs::File::from(terminal.master));
    assert!(!screen.fill_buf().unwrap().is_empty());
    drop((screen, terminal.slave));
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it goes on without a terminal");
        }
        thread::sleep(Duration::from_millis(10));
    }
}
