use std::time::SystemTime;

use virtmon_model::Snapshot;

use crate::Rates;

/// The facts of one tick.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    /// Its number: it was due at t0 + `number` x interval.
    pub number: u64,
    /// When reading began, in ns of `CLOCK_MONOTONIC`.
    pub mono_ns: u64,
    /// When reading began, by the wall clock.
    pub wall: SystemTime,
    /// How long after its due time reading began, in ns.
    pub late_ns: u64,
    /// How long reading took, in ns.
    pub sample_ns: u64,
    /// Ticks between the one written before and this one that have no rows.
    pub missed: u64,
}

/// All that is known at one tick: what a sink turns into bytes.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The tick.
    pub tick: Tick,
    /// The reading.
    pub snapshot: &'a Snapshot,
    /// For each of the snapshot's domains, in the same order, what changed since the last reading.
    pub rates: &'a [Rates],
}
