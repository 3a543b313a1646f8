//! Counting instructions: under the lab's `--icount` a ns of the clock is one instruction, of the
//! hypervisor, the kernel and the program together.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// The least of this many batches counts: interrupts and what they wake fall into some and not others,
/// and into most of those that are long.
const BATCHES: u32 = 60;

/// What a call costs, in ns.
pub fn cost_of(calls: u32, mut call: impl FnMut()) -> u64 {
    let batch = least(|| (0..calls).for_each(|_| call()));
    batch.saturating_sub(clock_cost()) / u64::from(calls.max(1))
}

/// What reading the clock costs, which every batch holds once.
fn clock_cost() -> u64 {
    least(|| {
        (0..99).for_each(|_| {
            black_box(Instant::now());
        });
    }) / 100
}

fn least(mut batch: impl FnMut()) -> u64 {
    let took = (0..BATCHES).map(|_| {
        let began = Instant::now();
        batch();
        began.elapsed()
    });
    let least = took.min().unwrap_or(Duration::ZERO);
    u64::try_from(least.as_nanos()).unwrap_or(u64::MAX)
}
