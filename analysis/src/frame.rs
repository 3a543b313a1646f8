//! The frame: all that is known at one tick.

use std::time::SystemTime;

use virtmon_model::{Domain, Snapshot};

use crate::event::Event;
use crate::rates::Rates;
use crate::ready_time::ReadyView;
use crate::self_stats::SelfStats;
use crate::subsamples::Spreads;
use virtmon_model::timestamps::since_1970_ns;

/// Number, times and lateness of one tick.
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

/// A reading, and when it began.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// What was read.
    pub snapshot: &'a Snapshot,
    /// When, in ns of `CLOCK_MONOTONIC`.
    pub mono_ns: u64,
}

/// All that is known at one tick: what a sink turns into bytes.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The tick.
    pub tick: Tick,
    /// Whether reading failed: there is no snapshot, only events.
    pub failed: bool,
    /// The reading.
    pub snapshot: &'a Snapshot,
    /// The reading before.
    pub before: Option<Past<'a>>,
    /// For each of the snapshot's domains, in the same order, what changed since the last reading.
    pub rates: &'a [Rates],
    /// For each of the snapshot's domains, whether it is wanted; all are where this is empty.
    pub chosen: &'a [bool],
    /// How long vCPUs have waited for a pCPU.
    pub ready: ReadyView<'a>,
    /// What happened since the last reading.
    pub events: &'a [Event],
    /// For each of the snapshot's domains, its rates within the interval; empty where there was
    /// one reading.
    pub bursts: &'a [Spreads],
    /// What virtmon itself took, where that is wanted.
    pub cost: Option<SelfStats>,
    /// The readings since the frame before, as a recording has them; empty where none is made.
    pub taped: &'a [u8],
}

impl Tick {
    /// The wall clock when reading began, in ns since 1970.
    #[must_use]
    pub fn wall_ns(&self) -> u64 {
        since_1970_ns(self.wall)
    }
}

impl<'a> Frame<'a> {
    /// A reading with its rates, and nothing else.
    #[must_use]
    pub fn new(tick: Tick, snapshot: &'a Snapshot, rates: &'a [Rates]) -> Self {
        Self {
            tick,
            failed: false,
            snapshot,
            before: None,
            rates,
            chosen: &[],
            ready: ReadyView::default(),
            events: &[],
            bursts: &[],
            cost: None,
            taped: &[],
        }
    }

    /// The domains that are wanted, with their places in the snapshot.
    pub fn domains(&self) -> impl Iterator<Item = (usize, &'a Domain, &'a Rates)> + use<'a> {
        let chosen = self.chosen;
        let rows = self.snapshot.domains.iter().zip(self.rates).enumerate();
        rows.filter(move |(at, _)| chosen.get(*at).copied().unwrap_or(true))
            .map(|(at, (domain, rates))| (at, domain, rates))
    }

    /// The reading before of the same life of a domain, and the time that passed since.
    pub fn same_before(&self, rates: &Rates) -> Option<(&'a Domain, u64)> {
        let before = self.before?.snapshot.domains.get(rates.past.same()?)?;
        Some((before, rates.elapsed_ns?))
    }

    /// The time between the beginnings of the two readings.
    pub fn elapsed_ns(&self) -> Option<u64> {
        self.tick
            .mono_ns
            .checked_sub(self.before?.mono_ns)
            .filter(|&ns| ns > 0)
    }
}
