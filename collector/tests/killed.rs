//! kill -9 at many moments: what is on the disk is whole ticks, and the next run goes on there.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

#[test]
fn nothing_but_whole_ticks() {
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("out.csv");
    let kills: u64 = std::env::var("KILLS").map_or(30, |text| text.parse().unwrap());
    let mut before = 0;
    for kill in 0..kills {
        let mut child = Command::new(env!("CARGO_BIN_EXE_virtmon"))
            .args([
                "--uri",
                "test:///default",
                "--interval",
                "1ms",
                "--append",
                "--csv",
            ])
            .arg(&csv)
            .args(["--detail", "host"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Moments from before the first tick to the tenth and later, spread evenly.
        thread::sleep(Duration::from_micros(1_000 + kill * 7_919 % 40_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let Ok(text) = fs::read(&csv) else { continue };
        assert!(text.is_empty() || text.ends_with(b"\n"));
        let rows = csv::Reader::from_reader(&text[..])
            .records()
            .map(|row| row.unwrap().len())
            .inspect(|&cells| assert_eq!(cells, 43))
            .count();
        assert!(rows >= before, "{rows} rows, and {before} before");
        before = rows;
    }
    assert!(before > 0);
}
