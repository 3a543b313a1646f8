//! The unit as shipped, under a real systemd: `systemd/boot`.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// What the job left in its directory.
struct Left(TempDir);

impl Left {
    /// Boots, runs the job and waits for its end.
    fn boot() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let dir = tempfile::tempdir().unwrap();
        for (from, name) in [
            (Path::new(env!("CARGO_BIN_EXE_virtmon")), "virtmon"),
            (&root.join("systemd/virtmon.service"), "virtmon.service"),
            (&root.join("collector/tests/unit.sh"), "job"),
        ] {
            fs::copy(from, dir.path().join(name)).unwrap();
        }
        let boot = Command::new(root.join("systemd/boot"))
            .arg(dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&boot.stderr).into_owned();
        let output = fs::read_to_string(dir.path().join("output")).unwrap_or_default();
        assert!(boot.status.success(), "{:?}: {said}{output}", boot.status);
        Self(dir)
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    #[track_caller]
    fn assert_lines(&self, name: &str, lines: &[&str]) {
        let text = self.file(name);
        for expected in lines {
            assert!(
                text.lines().any(|line| line == *expected),
                "{expected}: {text}"
            );
        }
    }
}

/// One boot, of a few seconds, serves it all.
#[test]
#[ignore = "boots systemd, which takes root: make test"]
fn the_unit_starts_reloads_upgrades_stops_and_is_restarted_where_a_disk_hangs() {
    let left = Left::boot();
    let rows: u32 = left.file("started.rows").trim().parse().unwrap();
    assert!(
        rows > 1,
        "it is up once a header and a row are written: {rows}"
    );
    assert_sandboxed(&left);
    // After a reload, a stop, a disk that hung, and wrong usage.
    assert_eq!(left.file("reloaded"), "active\n");
    let well = ["Result=success", "ExecMainStatus=0", "NRestarts=0"];
    left.assert_lines("stopped", &well);
    left.assert_lines("upgraded", &well);
    assert_eq!(left.file("finished.csv"), left.file("old.csv"));
    assert!(left.file("new.csv").starts_with("schema,tick,time,"));
    assert!(left.file("new.csv").lines().count() > 1);
    let journal = left.file("hung.journal");
    assert!(journal.contains("Watchdog timeout"), "{journal}");
    let not_again = ["ExecMainStatus=2", "NRestarts=0", "ActiveState=failed"];
    left.assert_lines("usage", &not_again);
}

fn assert_sandboxed(left: &Left) {
    let status = left.file("started.status");
    for line in status.lines() {
        let (key, value) = line.split_once(':').unwrap();
        match (key, value.trim()) {
            ("Name", _) | ("NoNewPrivs", "1") | ("Seccomp", "2") => {}
            (set, none) if set.starts_with("Cap") => {
                assert_eq!(none, "0000000000000000", "{status}");
            }
            _ => panic!("{line} in {status}"),
        }
    }
    assert!(status.contains("Name:\twriter"), "{status}");
    let limits = left.file("started.limits");
    let core = limits.split_whitespace().take(6);
    assert!(core.eq("Max core file size 0 0".split(' ')), "{limits}");
}
