use std::fs;
use std::path::Path;
use std::process::Command;

use crate::virtmon;

/// Replays `NAME.vmrec` on this machine, and holds what that writes against what the run that was
/// recorded left beside it: `NAME.csv`, and `NAME.TABLE.csv` for each of these tables.
///
/// # Panics
/// They are not the same to the byte.
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
        assert!(live == replayed, "{file} is not what the replay writes");
    }
}
