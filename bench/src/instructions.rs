//! Counting of instructions. With the lab's `--icount`, one ns of the clock is one instruction of the
//! hypervisor, the kernel or the program.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Number of batches. The cheapest counts. Interrupts, and the code that they wake, occur in
/// some batches and not in others, and in most long batches.
const BATCHES: u32 = 60;

/// Cost of a call, in ns.
pub fn cost_of(calls: u32, mut call: impl FnMut()) -> u64 {
    let batch = least(|| (0..calls).for_each(|_| call()));
    batch.saturating_sub(clock_cost()) / u64::from(calls.max(1))
}

/// Cost of reading the clock. Every batch includes it once.
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
