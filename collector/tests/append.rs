//! Files that an earlier run has left: `--append` removes an incomplete last tick, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod guests;
mod runs;

use std::fs::{self, File};
use std::process::Command;

use runs::{done, place, replay, ticks};

#[test]
fn one_damaged_byte_costs_its_row_alone() {
    let dir = place();
    let csv = dir.path().join("out.csv");
    assert_eq!(done(&replay(dir.path(), &["--csv", "out.csv"])), "");
    let whole = fs::read(&csv).unwrap();
    let third = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let third = third.map(|(at, _)| at).nth(3).unwrap();
    for (byte, at) in [
        (b'"', third + 3),
        (b'"', third + 90),
        (b'\n', third + 20),
        (0, third + 7),
    ] {
        let mut damaged = whole.clone();
        damaged[at] = byte;
        fs::write(&csv, &damaged).unwrap();
        let args = ["--csv", "out.csv", "--append", "--count", "1"];
        assert_eq!(done(&replay(dir.path(), &args)), "");
        let text = fs::read(&csv).unwrap();
        assert!(text.starts_with(&damaged), "rows are missing");
        assert_eq!(
            ticks(&[header(&whole), &text[damaged.len()..]].concat()),
            [0]
        );
        assert!(!dir.path().join("out.csv.torn").exists());
    }
}

fn header(csv: &[u8]) -> &[u8] {
    let end = csv.iter().position(|&byte| byte == b'\n').unwrap();
    &csv[..=end]
}

#[test]
fn an_incomplete_tick_is_moved_and_reported() {
    let dir = place();
    let csv = dir.path().join("out.csv");
    let args = ["--csv", "out.csv", "--append"];
    assert_eq!(done(&replay(dir.path(), &args)), "");
    let whole = fs::read(&csv).unwrap();
    let tick_bytes = (whole.len() - header(&whole).len()) / 40;
    let row_end = whole[..whole.len() - 1]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .unwrap()
        + 1;
    // In a row, and behind one.
    for cut in [whole.len() - 9, row_end] {
        fs::write(&csv, &whole[..cut]).unwrap();
        let said = done(&replay(dir.path(), &args));
        let torn = fs::read(dir.path().join("out.csv.torn")).unwrap();
        assert!(torn.len() < tick_bytes + 100, "{}", torn.len());
        assert_eq!(
            said,
            format!(
                "virtmon: out.csv: its last {} bytes were an incomplete tick; they were moved to out.csv.torn\n",
                torn.len()
            )
        );
        let text = fs::read(&csv).unwrap();
        let kept = cut - torn.len();
        assert_eq!([&text[..kept], &torn].concat(), &whole[..cut]);
        let expected: Vec<u64> = (0..39).chain(0..40).collect();
        assert_eq!(ticks(&text), expected);
        fs::remove_file(dir.path().join("out.csv.torn")).unwrap();
    }
}

#[test]
fn a_long_text_or_one_line_takes_no_time_and_no_memory() {
    let dir = place();
    let csv = dir.path().join("out.csv");
    assert_eq!(
        done(&replay(dir.path(), &["--csv", "out.csv", "--count", "2"])),
        ""
    );
    let whole = fs::read(&csv).unwrap();
    // 100 MiB within a quote, and a file of 3 GiB without a line feed: of either no more is read
    // than 64 MiB, which an address space of 600 MiB leaves room for.
    for (begin, length) in [(&b"1,\"x\n"[..], 100 << 20), (&b""[..], 3 << 30)] {
        let text = [&whole, begin].concat();
        fs::write(&csv, &text).unwrap();
        let file = File::options().write(true).open(&csv).unwrap();
        file.set_len(length).unwrap();
        let limited =
            "ulimit -v 600000; exec \"$0\" --replay in.vmrec --csv out.csv --append --count 1";
        let mut sh = Command::new("sh");
        sh.args(["-c", limited, env!("CARGO_BIN_EXE_virtmon")]);
        let output = sh.current_dir(dir.path()).output().unwrap();
        let said = done(&output);
        assert!(said.contains("it was renamed to out-20"), "{said}");
        assert_eq!(ticks(&fs::read(&csv).unwrap()), [0]);
        let finished = said.split_once("it was renamed to ").unwrap().1;
        let finished = dir.path().join(finished.trim_end());
        assert_eq!(fs::metadata(&finished).unwrap().len(), length);
        fs::remove_file(finished).unwrap();
    }
}

#[test]
fn an_upgrade_that_adds_a_column_begins_a_file() {
    let dir = place();
    let csv = dir.path().join("out.csv");
    for rotate in [&["--rotate", "24h"][..], &[]] {
        // As the version before wrote it, without the last column.
        let older = "schema,tick,time,mono_ns,name\n1,0,2026-11-23T12:00:00.000000000Z,7,a\n";
        fs::write(&csv, older).unwrap();
        let args = [&["--csv", "out.csv", "--append"], rotate].concat();
        let said = done(&replay(dir.path(), &args));
        assert!(
            said.contains("it was renamed to out-20261123T120000Z.csv"),
            "{said}"
        );
        let finished = dir.path().join("out-20261123T120000Z.csv");
        let text = match rotate {
            [] => fs::read(&finished).unwrap(),
            _ => zstd::decode_all(File::open(finished.with_extension("csv.zst")).unwrap()).unwrap(),
        };
        assert_eq!(text, older.as_bytes());
        assert_eq!(ticks(&fs::read(&csv).unwrap()).len(), 40);
        // And the service that is started again goes on in it.
        assert_eq!(done(&replay(dir.path(), &args[..3])), "");
        assert_eq!(ticks(&fs::read(&csv).unwrap()).len(), 80);
        for name in [
            "out.csv",
            "out-20261123T120000Z.csv",
            "out-20261123T120000Z.csv.zst",
        ] {
            let _ = fs::remove_file(dir.path().join(name));
        }
    }
}
