//! A host of 1,000 guests for a long time: the size of the picture, and the memory that it takes.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod made;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::time::Instant;

use made::{columns, plotted, svg};
use virtmon_plot::options::Options;

const GUESTS: u64 = 1_000;

/// Number of ticks, one a second: `VIRTMON_PLOT_TICKS`, or 2,000.
fn ticks() -> u64 {
    let wanted = std::env::var("VIRTMON_PLOT_TICKS").ok();
    wanted.map_or(2_000, |ticks| ticks.parse().unwrap())
}

/// Largest resident memory of this process so far, in KiB.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "writes and reads hundreds of megabytes: make plots"]
fn a_thousand_guests_are_drawn_in_bounded_memory() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("out.csv");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    writeln!(file, "{}", columns().join(",")).unwrap();
    let empty = ",".repeat(columns().len() - 23);
    for tick in 0..ticks() {
        let (day, hour, minute, second) = (
            1 + tick / 86_400,
            tick / 3_600 % 24,
            tick / 60 % 60,
            tick % 60,
        );
        let mono = (tick + 1) * 1_000_000_000;
        for guest in 0..GUESTS {
            let cpu = (guest * 7 + tick * (guest % 5)) % 1_000;
            let bytes = tick * guest * 1_000;
            let end = if guest + 1 == GUESTS { "1" } else { "" };
            writeln!(
                file,
                "1,{tick},2026-11-{day:02}T{hour:02}:{minute:02}:{second:02}.000000000Z,{mono},52000,81000,0,\
                 {guest},01234567-89ab-cdef-0123-{guest:012x},guest-{guest},running,{mono},{}.{:03},2,\
                 268435456,268435456,{bytes},{bytes},{bytes},{bytes},0,0{empty}{end}",
                cpu / 10,
                cpu % 10
            )
            .unwrap();
        }
    }
    file.into_inner().unwrap().sync_all().unwrap();
    let bytes = fs::metadata(&path).unwrap().len();
    let began = Instant::now();
    let plot = plotted(dir.path(), &Options::default()).unwrap();
    let text = svg(&plot);
    println!(
        "{} rows, {} MB: {:.1?}, {} KiB of memory, {} KB of SVG",
        GUESTS * ticks(),
        bytes / 1_000_000,
        began.elapsed(),
        peak_kib(),
        text.len() / 1_000
    );
    assert!(text.contains("others (994), sum"));
    assert!(text.len() < 2_000_000, "{}", text.len());
    assert!(peak_kib() < 500_000, "{}", peak_kib());
}
