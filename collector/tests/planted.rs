//! Files that another user has planted where virtmon writes: what they point to is not touched.
//! virtmon starts as root here; what it may still do then is what is at stake.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use tempfile::TempDir;

const NOBODY: u32 = 65_534;

/// A directory of root's with a file that is nobody's business, and one in it that belongs to the
/// user `nobody`. `None` where this is not root, who alone can become another user.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Option<Self> {
        if !geteuid().is_root() {
            eprintln!("skipped: only root can become another user");
            return None;
        }
        let place = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::set_permissions(place.dir.path(), Permissions::from_mode(0o755)).unwrap();
        fs::write(place.victim(), "root:secret\n").unwrap();
        fs::set_permissions(place.victim(), Permissions::from_mode(0o600)).unwrap();
        fs::create_dir(place.at("")).unwrap();
        chown(place.at(""), Some(NOBODY), Some(NOBODY)).unwrap();
        Some(place)
    }

    fn victim(&self) -> PathBuf {
        self.dir.path().join("victim")
    }

    /// A file in the directory of `nobody`.
    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join("theirs").join(name)
    }

    /// Does something as `nobody`, in the directory of `nobody`.
    fn as_nobody(&self, script: &str) {
        let mut sh = Command::new("sh");
        sh.args(["-euc", script]).current_dir(self.at(""));
        assert!(sh.uid(NOBODY).gid(NOBODY).status().unwrap().success());
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_virtmon"));
        command
            .args(["--uri", "test:///default", "--interval", "10ms"])
            .args(arguments)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let child = self.start(&[arguments, &["--count", "2"]].concat());
        child.wait_with_output().unwrap()
    }

    #[track_caller]
    fn assert_untouched(&self) {
        let meta = fs::metadata(self.victim()).unwrap();
        let owner = (meta.uid(), meta.gid());
        assert_eq!((meta.mode() & 0o7777, owner), (0o600, (0, 0)));
        assert_eq!(fs::read_to_string(self.victim()).unwrap(), "root:secret\n");
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn refused(output: &Output, words: &str) {
    let stderr = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(words), "{stderr}");
}

const OLD: &str = "out-20200101T000000Z.csv";
const ROTATED: [&str; 5] = ["--csv", "theirs/out.csv", "--append", "--rotate", "24h"];

#[test]
fn a_finished_file_is_compressed_as_the_user_it_belongs_to() {
    if libvirt::is_missing() {
        return;
    }
    let Some(place) = Place::new() else { return };
    place.as_nobody(&format!(
        "echo mine > {OLD}; chmod 4777 {OLD}; ln -s ../victim {OLD}.zst.part"
    ));
    let output = place.run(&[&ROTATED[..], &["--user", "nobody"]].concat());
    assert!(output.status.success(), "{output:?}");
    place.assert_untouched();
    // It was compressed, by its user and with no mode of theirs.
    let packed = fs::metadata(place.at(&format!("{OLD}.zst"))).unwrap();
    assert_eq!(packed.uid(), NOBODY);
    assert_eq!(packed.mode() & 0o7777 & !0o640, 0, "{:o}", packed.mode());
    for entry in fs::read_dir(place.at("")).unwrap() {
        let entry = entry.unwrap();
        let meta = entry.metadata().unwrap();
        assert_eq!(meta.uid(), NOBODY, "{:?}", entry.file_name());
    }
}

#[test]
fn root_compresses_no_file_of_another_user() {
    if libvirt::is_missing() {
        return;
    }
    let Some(place) = Place::new() else { return };
    // A link, a file of somebody else, and a hard link.
    let linked = "out-20200101T000001Z.csv";
    place.as_nobody(&format!(
        "echo mine > {OLD}; chmod 4777 {OLD}; ln -s ../victim {OLD}.zst.part; ln -s ../victim {linked}"
    ));
    let output = place.run(&ROTATED);
    assert!(output.status.success(), "{output:?}");
    let stderr = stderr(&output);
    assert!(stderr.contains("it belongs to user 65534"), "{stderr}");
    place.assert_untouched();
    assert!(!place.at(&format!("{OLD}.zst")).exists());
    assert!(!place.at(&format!("{linked}.zst")).exists());
}

#[test]
fn an_output_is_no_link() {
    if libvirt::is_missing() {
        return;
    }
    let Some(place) = Place::new() else { return };
    place.as_nobody("ln -s ../victim out.csv; ln -s ../new new.csv");
    for user in [&["--user", "nobody"][..], &[]] {
        for option in ["--csv", "--json", "--record"] {
            let args = [&[option, "theirs/out.csv"], user].concat();
            refused(&place.run(&args), "it is a symbolic link");
            place.assert_untouched();
            let args = [&[option, "theirs/new.csv"], user].concat();
            refused(&place.run(&args), "it is a symbolic link");
            assert!(!place.dir.path().join("new").exists());
        }
    }
    let args = ["--csv", "theirs/out.csv", "--append"];
    refused(&place.run(&args), "it is a symbolic link");
    place.assert_untouched();
}

#[test]
fn an_output_is_no_second_name_of_a_file() {
    if libvirt::is_missing() {
        return;
    }
    let Some(place) = Place::new() else { return };
    fs::hard_link(place.victim(), place.at("out.csv")).unwrap();
    refused(&place.run(&["--csv", "theirs/out.csv"]), "it has 2 names");
    place.assert_untouched();
    fs::remove_file(place.at("out.csv")).unwrap();
    place.as_nobody("echo mine > out.csv");
    refused(
        &place.run(&["--csv", "theirs/out.csv"]),
        "it belongs to user 65534",
    );
    assert_eq!(fs::read_to_string(place.at("out.csv")).unwrap(), "mine\n");
}

#[test]
fn outputs_are_made_by_the_user_that_virtmon_becomes() {
    if libvirt::is_missing() {
        return;
    }
    let Some(place) = Place::new() else { return };
    let args = [
        "--csv",
        "theirs/out.csv",
        "--json",
        "theirs/out.jsonl",
        "--detail",
        "event",
        "--record",
        "theirs/out.vmrec",
        "--user",
        "nobody",
    ];
    let output = place.run(&args);
    assert!(output.status.success(), "{output:?}");
    for name in ["out.csv", "out.event.csv", "out.jsonl", "out.vmrec"] {
        let meta = fs::metadata(place.at(name)).unwrap();
        assert_eq!(meta.uid(), NOBODY, "{name}");
        assert_eq!(
            meta.mode() & 0o7777 & !0o640,
            0,
            "{name}: {:o}",
            meta.mode()
        );
    }
    // Where that user may not, nobody does.
    let output = place.run(&["--csv", "out.csv", "--user", "nobody"]);
    refused(&output, "out.csv can't be written: Permission denied");
    assert!(!place.dir.path().join("out.csv").exists());
}

#[test]
fn rights_that_rotating_takes_are_asked_for_at_the_start() {
    if libvirt::is_missing() {
        return;
    }
    let Some(place) = Place::new() else { return };
    let csv = place.dir.path().join("out.csv");
    fs::write(&csv, "").unwrap();
    chown(&csv, Some(NOBODY), None).unwrap();
    let args = ["--csv", "out.csv", "--user", "nobody", "--append"];
    let output = place.run(&[&args[..], &["--rotate", "1s"]].concat());
    refused(&output, "--rotate creates and renames files in .");
    // Without --rotate it can be written, and what SIGHUP can't do is said.
    let output = place.run(&args);
    assert!(output.status.success(), "{output:?}");
    let stderr = stderr(&output);
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("SIGHUP"), "{stderr}");
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Ends a run, which has one thing to say at most.
fn end(child: Child) -> String {
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.lines().count() <= 1, "{stderr}");
    stderr
}

fn assert_all_ticks(csv: &Path) {
    let bytes = fs::read(csv).unwrap();
    let rows = csv::Reader::from_reader(&bytes[..]).into_records();
    let number = |text: &str| text.parse::<u64>().unwrap();
    let ticks: Vec<(u64, u64)> = rows
        .map(|row| row.unwrap())
        .map(|row| (number(&row[1]), number(&row[6])))
        .collect();
    assert!(ticks.len() > 20);
    for two in ticks.windows(2) {
        assert_eq!(two[1].0, two[0].0 + two[1].1 + 1, "{two:?}");
    }
}

#[test]
fn a_rotation_that_fails_ends_no_run() {
    if libvirt::is_missing() {
        return;
    }
    let Some(place) = Place::new() else { return };
    let args = [
        "--csv",
        "theirs/out.csv",
        "--rotate",
        "8KiB",
        "--user",
        "nobody",
    ];
    let child = place.start(&args);
    let length = |name: &str| fs::metadata(place.at(name)).map_or(0, |meta| meta.len());
    until("a tick is written", || length("out.csv") > 0);
    // A directory that is taken away from the user: no file can be renamed or made there.
    chown(place.at(""), Some(0), Some(0)).unwrap();
    until("the file is longer than it should be", || {
        length("out.csv") > 20_000
    });
    let stderr = end(child);
    assert!(stderr.contains("rotation failed"), "{stderr}");
    assert_all_ticks(&place.at("out.csv"));
}

#[test]
fn a_rotation_without_descriptors_ends_no_run() {
    if libvirt::is_missing() {
        return;
    }
    let Some(place) = Place::new() else { return };
    let child = place.start(&["--csv", "theirs/out.csv", "--rotate", "8KiB"]);
    let length = |name: &str| fs::metadata(place.at(name)).map_or(0, |meta| meta.len());
    until("a tick is written", || length("out.csv") > 0);
    let pid = child.id().to_string();
    let limited = Command::new("prlimit")
        .args(["--pid", &pid, "--nofile=3:3"])
        .status();
    assert!(limited.unwrap().success());
    until("the file is longer than it should be", || {
        length("out.csv") > 20_000
    });
    let stderr = end(child);
    assert!(stderr.contains("Too many open files"), "{stderr}");
    assert!(stderr.contains("rotation failed"), "{stderr}");
    assert_all_ticks(&place.at("out.csv"));
}

#[test]
fn a_link_at_a_reopened_path_is_not_followed() {
    if libvirt::is_missing() {
        return;
    }
    let Some(place) = Place::new() else { return };
    let child = place.start(&["--csv", "theirs/out.csv"]);
    let length = |name: &str| fs::metadata(place.at(name)).map_or(0, |meta| meta.len());
    until("a tick is written", || length("out.csv") > 0);
    fs::rename(place.at("out.csv"), place.at("moved.csv")).unwrap();
    symlink("../victim", place.at("out.csv")).unwrap();
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGHUP).unwrap();
    let moved = length("moved.csv");
    until("it goes on", || length("moved.csv") > moved + 10_000);
    let stderr = end(child);
    assert!(stderr.contains("it is a symbolic link"), "{stderr}");
    place.assert_untouched();
    assert_all_ticks(&place.at("moved.csv"));
}
