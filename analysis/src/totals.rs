//! Totals of a run: what has happened since its start.

use crate::event::EventKind;
use crate::self_stats::SelfStats;

/// Number of kinds of events.
const KINDS: usize = EventKind::ALL.len();

/// Sums over all ticks since the start of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// Number of ticks with a frame, failed samples included.
    pub ticks: u64,
    /// Number of samples that failed.
    pub failed: u64,
    /// Number of ticks without a frame: their time had passed, or no output had room.
    pub missed: u64,
    /// Number of ticks that outputs dropped, summed over the outputs.
    pub dropped: u64,
    /// Delay of the ticks after their due time, in ns.
    pub late_ns: u64,
    /// Duration of the samples, in ns.
    pub sample_ns: u64,
    /// virtmon's own cost, where it is measured; its memory is that of the last tick.
    pub self_stats: Option<SelfStats>,
    /// Number of events of each kind, in the order of [`EventKind::ALL`].
    pub events: [u64; KINDS],
}

/// Totals of a run without ticks.
pub static NO_TOTALS: Totals = Totals {
    ticks: 0,
    failed: 0,
    missed: 0,
    dropped: 0,
    late_ns: 0,
    sample_ns: 0,
    self_stats: None,
    events: [0; KINDS],
};

impl Default for Totals {
    fn default() -> Self {
        NO_TOTALS.clone()
    }
}
