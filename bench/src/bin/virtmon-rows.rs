//! Encodes the CSV of a host with 1,000 guests, as many times as its argument, and prints the bytes
//! per row. `bench/rows` runs it with an instruction counter.
#![forbid(unsafe_code)]

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use virtmon_analysis::frame::{Frame, Tick};
use virtmon_analysis::rates::RateTracker;
use virtmon_bench::host;
use virtmon_export::encode::Encoder;
use virtmon_export::encode::csv::CsvEncoder;
use virtmon_export::tables::domain::DomainTable;

const GUESTS: u32 = 1_000;

fn main() {
    let ticks: u64 = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    // The counters and rates of three of four guests change at every tick. The fourth guest is idle.
    let hosts = [host(GUESTS, 100_000), host(GUESTS, 100_001)];
    let rates = [1_000_000_000, 1_001_000_000].map(|elapsed_ns| {
        let mut deltas = RateTracker::default();
        deltas.update(&hosts[0], 0);
        deltas.update(&hosts[1], elapsed_ns).to_vec()
    });
    let mut sink = CsvEncoder::<DomainTable>::default();
    let mut out = Vec::new();
    let mut bytes = 0;
    for number in 1..=ticks {
        let tick = Tick {
            number,
            mono_ns: 86_400_000_000_000 + number * 1_000_000_000,
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + number),
            late_ns: 52_000,
            sample_ns: 81_000,
            missed: 0,
        };
        out.clear();
        let odd = usize::from(number % 2 == 1);
        let frame = Frame::new(tick, &hosts[odd], &rates[odd]);
        sink.encode(black_box(&frame), &mut out);
        bytes = black_box(&out).len();
    }
    println!("{:.1}", bytes as f64 / f64::from(GUESTS));
}
