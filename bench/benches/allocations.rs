//! Bytes and allocations of a steady tick with 1,000 domains, for each encoder. Prints lines of
//! `table,what,size,unit,value`, as `cargo xtask figures` reads them.

use virtmon_analysis::frame::Frame;
use virtmon_analysis::rates::RateTracker;
use virtmon_bench::{encoders, host, tick};

const DOMAINS: u32 = 1_000;

fn main() {
    for (name, mut sink) in encoders() {
        let mut deltas = RateTracker::default();
        let mut out = Vec::new();
        // The earlier ticks write headers and grow the buffers to their final size.
        for number in 0..4 {
            let snapshot = host(DOMAINS, number);
            let tick = tick(number);
            let rates = deltas.update(&snapshot, tick.mono_ns);
            let frame = Frame::new(tick, &snapshot, rates);
            out.clear();
            let taken = allocation_counter::measure(|| sink.encode(&frame, &mut out));
            if number == 3 {
                let row = out.len() / DOMAINS as usize;
                let (count, bytes) = (taken.count_total, taken.bytes_total);
                println!("allocations,{name},{DOMAINS},bytes a row,{row}");
                println!("allocations,{name},{DOMAINS},allocations a tick,{count}");
                println!("allocations,{name},{DOMAINS},bytes allocated a tick,{bytes}");
            }
        }
    }
}
