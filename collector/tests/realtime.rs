//! `--realtime` with the rights that it takes, and without them.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

const NOBODY: u32 = 65_534;
const CAP_IPC_LOCK: u64 = 14;
const CAP_SYS_NICE: u64 = 23;
const CAP_SYS_RESOURCE: u64 = 24;

fn virtmon(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args([
            "--uri",
            "test:///default",
            "--realtime",
            "--interval",
            "10ms",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The value of a line of /proc/PID/status.
fn status(pid: &str, key: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.unwrap().trim_start_matches(':').trim().to_owned()
}

fn holds(capability: u64) -> bool {
    let set = u64::from_str_radix(&status("self", "CapEff"), 16).unwrap();
    set >> capability & 1 == 1
}

/// A thread's policy, where `SCHED_FIFO` is 1, and its priority.
fn scheduling(task: &Path) -> (u32, u32) {
    let text = fs::read_to_string(task.join("stat")).unwrap();
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    // proc_pid_stat(5) has the priority as field 40 and the policy as 41; the state is its third.
    (
        fields[41 - 3].parse().unwrap(),
        fields[40 - 3].parse().unwrap(),
    )
}

#[test]
fn root_is_woken_first_on_one_cpu_and_never_paged_out() {
    if libvirt::is_missing() {
        return;
    }
    if !(holds(CAP_SYS_NICE) && holds(CAP_IPC_LOCK)) {
        eprintln!("skipped: not root, or root without its rights");
        return;
    }
    let mut child = virtmon(Path::new(env!("CARGO_BIN_EXE_virtmon")))
        .spawn()
        .unwrap();
    let pid = child.id().to_string();
    while status(&pid, "VmLck") == "0 kB" {
        assert!(child.try_wait().unwrap().is_none(), "virtmon has ended");
        thread::sleep(Duration::from_millis(5));
    }
    // The one that reads, and libvirt's, which it waits for: one, and one to spare.
    let mut readers = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let task = task.unwrap().path();
        let name = fs::read_to_string(task.join("comm")).unwrap();
        // A thread has the program's name until it gives itself its own: only the first is meant.
        if task.ends_with(&pid) || name.trim() == "virtmon-libvirt" {
            assert_eq!(scheduling(&task), (1, 1), "{name}");
            readers += 1;
        } else if name.trim() == "writer" {
            assert_eq!(scheduling(&task), (0, 0), "{name}");
            let text = fs::read_to_string(task.join("status")).unwrap();
            let mine = status("self", "Cpus_allowed_list");
            assert!(
                text.contains(&format!("Cpus_allowed_list:\t{mine}\n")),
                "{text}"
            );
        }
    }
    // One of libvirt's is to spare.
    assert!(readers >= 2, "{readers}");
    let mine = status("self", "Cpus_allowed_list");
    let last = mine.rsplit([',', '-']).next().unwrap();
    assert_eq!(status(&pid, "Cpus_allowed_list"), last);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_user_that_it_becomes_is_woken_first_too() {
    if !(holds(CAP_SYS_NICE) && holds(CAP_SYS_RESOURCE)) {
        eprintln!("skipped: not root, or root that may not raise its limits");
        return;
    }
    let mut command = virtmon(Path::new(env!("CARGO_BIN_EXE_virtmon")));
    let mut child = command.args(["--user", "nobody"]).spawn().unwrap();
    let pid = child.id().to_string();
    while status(&pid, "VmLck") == "0 kB" {
        assert!(child.try_wait().unwrap().is_none(), "virtmon has ended");
        thread::sleep(Duration::from_millis(5));
    }
    assert!(status(&pid, "Uid").starts_with(&NOBODY.to_string()));
    let main = Path::new("/proc").join(&pid).join("task").join(&pid);
    assert_eq!(scheduling(&main), (1, 1));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_right_is_missing_is_said_in_one_line() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can be another user");
        return;
    }
    // Where nobody may run it.
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    let program = dir.path().join("virtmon");
    fs::copy(env!("CARGO_BIN_EXE_virtmon"), &program).unwrap();
    let mut command = virtmon(&program);
    command.uid(NOBODY).gid(NOBODY).args(["--count", "1"]);
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("virtmon: --realtime: "), "{stderr}");
    assert!(stderr.contains("LimitMEMLOCK=infinity") || stderr.contains("CAP_SYS_NICE"));
    assert_eq!(stderr.lines().count(), 1);
    assert!(output.stdout.is_empty());
}
