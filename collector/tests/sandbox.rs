//! What a run with `--user` can still do, and what no thread of it can. Needs root: without, there is
//! nothing to give up.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;
#[cfg(feature = "http")]
mod web;

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, thread};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use nix::sys::termios::{FlushArg, tcflush};
use nix::unistd::{Pid, Uid, User, getpid, setuid};
use tempfile::TempDir;
use virtmon::process::sandbox::{Sandbox, peer::Peer};

/// Names the directory of a confined child.
const DIRECTORY: &str = "VIRTMON_TEST_SANDBOX";

fn is_root() -> bool {
    let root = Uid::effective().is_root();
    if !root {
        println!("skipped: only root has something to give up");
    }
    root
}

/// A directory that belongs to nobody, the user, in one that everybody may write and that no program
/// needs to read.
fn directory() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    let user = User::from_name("nobody").unwrap().unwrap();
    chown(&out, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    (dir, out)
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The filter is for all of a process, so that a process of its own is needed for it: this test's
/// other half.
fn confined_child(peer: &str) {
    if !is_root() {
        return;
    }
    let (dir, _out) = directory();
    fs::write(dir.path().join("readable"), "text").unwrap();
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "confined", "--ignored", "--nocapture"])
        .env(DIRECTORY, dir.path())
        .env("VIRTMON_TEST_PEER", peer)
        .current_dir(dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
fn a_confined_process_can_do_no_more_than_it_needs() {
    confined_child("local");
}

#[test]
fn a_confined_process_has_a_network_where_it_needs_one() {
    confined_child("network");
}

#[test]
#[ignore = "it confines the process that it runs in"]
fn confined() {
    let Some(dir) = env::var_os(DIRECTORY).map(PathBuf::from) else {
        return;
    };
    let peer = match &*env::var("VIRTMON_TEST_PEER").unwrap() {
        "network" => Peer::Network,
        _ => Peer::Local,
    };
    let sandbox = Sandbox::prepare("nobody", peer, &[dir.join("out/out.csv")]).unwrap();
    // As a backend's, which is opened before the rights are given up.
    let (go, went) = mpsc::channel::<()>();
    let worker = {
        let dir = dir.clone();
        thread::spawn(move || {
            went.recv().unwrap();
            assert_confined(&dir, peer);
        })
    };
    let warn = |line: &str| panic!("this kernel has all of it, but: {line}");
    sandbox.enter(warn).unwrap();
    go.send(()).unwrap();
    worker.join().unwrap();
    let later = thread::spawn(move || assert_confined(&dir, peer));
    later.join().unwrap();
}

fn denied<T: std::fmt::Debug>(what: &str, done: nix::Result<T>) {
    assert_eq!(done.unwrap_err(), Errno::EPERM, "{what}");
}

#[track_caller]
fn refused<T: std::fmt::Debug>(done: io::Result<T>) {
    assert_eq!(done.unwrap_err().kind(), ErrorKind::PermissionDenied);
}

fn assert_confined(dir: &Path, peer: Peer) {
    files(dir, peer);
    calls();
    sockets(peer);
    // What every run does.
    let (_one, _other) = UnixStream::pair().unwrap();
    let names = thread::Builder::new().name("another".into());
    names.spawn(thread::yield_now).unwrap().join().unwrap();
    drop(vec![1_u8; 1 << 24]);
    assert!(!nix::unistd::isatty(io::stdin()).unwrap_or(false));
}

fn files(dir: &Path, peer: Peer) {
    let (new, moved) = (dir.join("out/new"), dir.join("out/moved"));
    fs::write(&new, "row\n").unwrap();
    File::open(&new).unwrap().sync_all().unwrap();
    fs::rename(&new, &moved).unwrap();
    assert_eq!(fs::read(&moved).unwrap(), b"row\n");
    assert_eq!(fs::read_dir(dir.join("out")).unwrap().count(), 1);
    // Its modes allow it to anybody.
    refused(fs::write(dir.join("elsewhere"), ""));
    refused(fs::rename(&moved, dir.join("elsewhere")));
    refused(fs::write("/proc/self/comm", "other"));
    refused(symlink("/etc/passwd", dir.join("out/link")));
    refused(fs::create_dir(dir.join("out/directory")));
    refused(fs::set_permissions(&moved, Permissions::from_mode(0o4755)));
    fs::remove_file(&moved).unwrap();
    assert!(!fs::read("/etc/passwd").unwrap().is_empty());
    assert!(!fs::read("/proc/self/status").unwrap().is_empty());
    let other = fs::read(dir.join("readable"));
    match peer {
        Peer::Local => refused(other),
        _ => assert_eq!(other.unwrap(), b"text"),
    }
}

fn calls() {
    refused(Command::new("/bin/true").spawn());
    denied("setuid", setuid(Uid::from_raw(0)));
    denied("ptrace", ptrace::traceme());
    denied("unshare", unshare(CloneFlags::CLONE_NEWUSER));
    denied("kill", kill(getpid(), None));
    denied("an ioctl", tcflush(io::stdin(), FlushArg::TCIFLUSH));
    let none = None::<&str>;
    denied("mount", mount(none, "/", none, MsFlags::MS_REMOUNT, none));
}

fn sockets(peer: Peer) {
    let open = |family, kind, protocol| socket(family, kind, SockFlag::SOCK_CLOEXEC, protocol);
    let datagram = SockType::Datagram;
    open(AddressFamily::Unix, datagram, None).unwrap();
    let route = Some(SockProtocol::NetlinkRoute);
    open(AddressFamily::Netlink, SockType::Raw, route).unwrap();
    let audit = Some(SockProtocol::NetlinkAudit);
    denied("audit", open(AddressFamily::Netlink, SockType::Raw, audit));
    denied("packet", open(AddressFamily::Packet, datagram, None));
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        match (peer, open(family, datagram, None)) {
            (Peer::Local, opened) => denied("a network", opened),
            // Where IPv6 is off, its family is unknown.
            (_, opened) => assert!(!matches!(opened, Err(Errno::EPERM))),
        }
    }
}

/// A program that does not outlive a test that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id().cast_signed()), signal).unwrap();
    }

    /// The name and the status of each thread.
    fn threads(&self) -> Vec<(String, String)> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap();
        let read = |name: &str, task: &fs::DirEntry| fs::read_to_string(task.path().join(name));
        tasks
            .map(Result::unwrap)
            .filter_map(|task| Some((read("comm", &task).ok()?, read("status", &task).ok()?)))
            .map(|(name, status)| (name.trim_end().to_owned(), status))
            .collect()
    }
}

/// A run rotates, compresses and opens its files again, and no thread of it has a right.
#[test]
fn no_thread_of_a_run_has_a_right() {
    if !is_root() || libvirt::is_missing() {
        return;
    }
    let (_dir, out) = directory();
    let child = Command::new(env!("CARGO_BIN_EXE_virtmon"))
        .args(["--uri", "test:///default", "--interval", "5ms"])
        .args(["--user", "nobody", "--append", "--rotate", "1s"])
        .args(["--csv", "out.csv", "--detail", "event,host,self"])
        .current_dir(&out)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut running = Running(child.unwrap());
    let compressed = || {
        let names = fs::read_dir(&out).unwrap().flatten();
        let names = names.map(|entry| entry.file_name().into_string().unwrap());
        names
            .filter(|name| name.starts_with("out-2") && name.ends_with(".zst"))
            .count()
    };
    until("two files are finished", || compressed() >= 2);
    let threads = running.threads();
    let user = User::from_name("nobody").unwrap().unwrap();
    for (name, status) in &threads {
        let value = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            line.unwrap_or_else(|| panic!("{key} in {status}")).trim()
        };
        let ids = |id: u32| format!("{id}\t{id}\t{id}\t{id}");
        assert_eq!(value("Uid:"), ids(user.uid.as_raw()), "{name}");
        assert_eq!(value("Gid:"), ids(user.gid.as_raw()), "{name}");
        assert_eq!(value("Groups:"), "", "{name}");
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
            assert_eq!(value(set), "0000000000000000", "{set} of {name}");
        }
        assert_eq!(value("NoNewPrivs:"), "1", "{name}");
        assert_eq!(value("Seccomp:"), "2", "{name}");
    }
    for name in [
        "virtmon",
        "virtmon-libvirt",
        "writer",
        "compressor",
        "messages",
    ] {
        assert!(threads.iter().any(|(found, _)| found == name), "{name}");
    }
    fs::rename(out.join("out.csv"), out.join("moved.csv")).unwrap();
    running.signal(Signal::SIGHUP);
    until("the file is opened again", || {
        fs::metadata(out.join("out.csv")).is_ok_and(|meta| meta.len() > 1_000)
    });
    running.signal(Signal::SIGTERM);
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
    let mut stderr = String::new();
    let mut pipe = running.0.stderr.take().unwrap();
    pipe.read_to_string(&mut stderr).unwrap();
    assert_eq!(stderr, "");
}

/// A server of a run with `--user` answers, with a configuration file that the user cannot read.
#[cfg(feature = "http")]
#[test]
fn a_run_that_listens_has_no_right_either() {
    if !is_root() || libvirt::is_missing() {
        return;
    }
    let (dir, out) = directory();
    let config = dir.path().join("web.yml");
    fs::write(&config, "bearer_token_file: token\n").unwrap();
    fs::write(dir.path().join("token"), "secret\n").unwrap();
    for file in [&config, &dir.path().join("token")] {
        fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_virtmon"));
    command
        .args(["--uri", "test:///default", "--interval", "20ms"])
        .args(["--user", "nobody", "--csv", "out.csv"])
        .args(["--listen", "127.0.0.1:0", "--listen-config"])
        .arg(&config)
        .current_dir(&out);
    let server = web::Server::start(&mut command);
    let bearer = "Authorization: Bearer secret\r\nAccept-Encoding: gzip\r\n";
    for _ in 0..3 {
        assert_eq!(server.get("/metrics", bearer).status, 200);
        assert_eq!(server.get("/metrics", "").status, 401);
    }
    let tasks = format!("/proc/{}/task", server.child.id());
    let tasks = fs::read_dir(tasks).unwrap().map(Result::unwrap);
    let mut names = Vec::new();
    for task in tasks {
        let status = fs::read_to_string(task.path().join("status")).unwrap();
        assert!(status.contains("CapPrm:\t0000000000000000\n"), "{status}");
        assert!(status.contains("Seccomp:\t2\n"), "{status}");
        names.push(fs::read_to_string(task.path().join("comm")).unwrap());
    }
    assert!(names.iter().any(|name| name == "http\n"), "{names:?}");
    let (status, said) = server.end();
    assert!(status.success(), "{said}");
}
