use std::fs;
use std::path::Path;
use std::process::Command;

use crate::virtmon;

/// Replays `NAME.vmrec` on this machine, and compares the output with the output of the recorded run:
/// `NAME.csv`, and `NAME.TABLE.csv` for each of `tables`.
///
/// # Panics
/// A byte differs.
pub fn assert_replays(dir: &Path, name: &str, tables: &[&str]) {
    let here = tempfile::tempdir().expect("there is a directory for temporary files");
    let mut replay = Command::new(virtmon());
    replay
        .arg("--replay")
        .arg(dir.join(format!("{name}.vmrec")));
    replay
        .arg("--csv")
        .arg(here.path().join(format!("{name}.csv")));
    if !tables.is_empty() {
        replay.args(["--detail", &tables.join(",")]);
    }
    let output = replay.output().expect("virtmon runs");
    assert!(output.status.success(), "{output:?}");
    let beside = tables.iter().map(|table| format!("{name}.{table}.csv"));
    for file in std::iter::once(format!("{name}.csv")).chain(beside) {
        let [live, replayed] = [dir, here.path()].map(|at| fs::read(at.join(&file)));
        let (live, replayed) = (live.expect(&file), replayed.expect(&file));
        assert!(
            live == replayed,
            "{file} differs from the output of the replay"
        );
    }
}
