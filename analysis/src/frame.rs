//! The frame: everything that outputs get at one tick.

use std::time::SystemTime;

use virtmon_model::{Domain, Snapshot};

use crate::event::Event;
use crate::rates::DomainRates;
use crate::ready_time::ReadyTimes;
use crate::self_stats::SelfStats;
use crate::subsamples::Distributions;
use virtmon_model::timestamps::since_1970_ns;

/// Number and times of one tick.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    /// Number of the tick, from 0. The tick was due at t0 + `number` x interval.
    pub number: u64,
    /// Start of the sample: `CLOCK_MONOTONIC`, in ns.
    pub mono_ns: u64,
    /// Start of the sample by the wall clock.
    pub wall: SystemTime,
    /// Delay of the start of the sample after the due time, in ns.
    pub late_ns: u64,
    /// Duration of the sample, in ns.
    pub sample_ns: u64,
    /// Number of ticks without rows between the tick written before and this one.
    pub missed: u64,
}

/// An earlier sample.
#[derive(Debug, Clone, Copy)]
pub struct PreviousSample<'a> {
    /// Decoded result of the sample.
    pub snapshot: &'a Snapshot,
    /// Start of the sample: `CLOCK_MONOTONIC`, in ns.
    pub mono_ns: u64,
}

/// Everything that is known at one tick: snapshot, derived values, events and tick facts.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The tick.
    pub tick: Tick,
    /// True if the sample failed: the frame has events and no snapshot.
    pub failed: bool,
    /// Decoded result of the sample.
    pub snapshot: &'a Snapshot,
    /// Sample of the frame before.
    pub previous: Option<PreviousSample<'a>>,
    /// Rates of each domain of the snapshot, in the snapshot's order, since the sample before.
    pub rates: &'a [DomainRates],
    /// For each domain of the snapshot: true if the filter selects it. Empty if it selects all.
    pub selected: &'a [bool],
    /// Estimated time that vCPUs have waited for a pCPU.
    pub ready: ReadyTimes<'a>,
    /// Changes since the sample before, and notifications.
    pub events: &'a [Event],
    /// Distributions of each domain's rates within the interval; empty if the interval has one
    /// sample.
    pub subsamples: &'a [Distributions],
    /// virtmon's own cost, if the self table is requested.
    pub self_stats: Option<SelfStats>,
    /// Raw samples since the frame before, encoded for a recording; empty if none is made.
    pub recorded: &'a [u8],
}

impl Tick {
    /// Start of the sample by the wall clock, in ns since 1970.
    #[must_use]
    pub fn wall_ns(&self) -> u64 {
        since_1970_ns(self.wall)
    }
}

impl<'a> Frame<'a> {
    /// Creates a frame of a snapshot and its rates.
    #[must_use]
    pub fn new(tick: Tick, snapshot: &'a Snapshot, rates: &'a [DomainRates]) -> Self {
        Self {
            tick,
            failed: false,
            snapshot,
            previous: None,
            rates,
            selected: &[],
            ready: ReadyTimes::default(),
            events: &[],
            subsamples: &[],
            self_stats: None,
            recorded: &[],
        }
    }

    /// Selected domains, with their indices in the snapshot.
    pub fn domains(&self) -> impl Iterator<Item = (usize, &'a Domain, &'a DomainRates)> + use<'a> {
        let selected = self.selected;
        let rows = self.snapshot.domains.iter().zip(self.rates).enumerate();
        rows.filter(move |(at, _)| selected.get(*at).copied().unwrap_or(true))
            .map(|(at, (domain, rates))| (at, domain, rates))
    }

    /// The same domain in the previous sample (same identity), and the time in ns since then.
    pub fn same_domain_before(&self, rates: &DomainRates) -> Option<(&'a Domain, u64)> {
        let previous = self.previous?.snapshot.domains.get(rates.matched.same()?)?;
        Some((previous, rates.elapsed_ns?))
    }

    /// Time between the starts of the two samples, in ns.
    pub fn elapsed_ns(&self) -> Option<u64> {
        self.tick
            .mono_ns
            .checked_sub(self.previous?.mono_ns)
            .filter(|&ns| ns > 0)
    }
}
