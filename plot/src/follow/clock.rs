//! Places of times on the axis.

use crate::options::Options;
use crate::time::{Moment, Zone};

/// Turns times of rows into places on the axis, and knows what is drawn.
#[derive(Debug, Clone)]
pub struct Clock {
    is_relative: bool,
    zone: Zone,
    from: Option<Moment>,
    to: Option<Moment>,
    /// Time of each run's first tick, in ns since 1970.
    firsts: Vec<Option<i64>>,
    /// The range that is drawn, once the first tick is known.
    range: Option<(i64, i64)>,
}

impl Clock {
    /// The clock of these options, with the number of runs.
    #[must_use]
    pub fn new(options: &Options, runs: usize) -> Self {
        Self {
            is_relative: options.is_relative,
            zone: options.zone.clone(),
            from: options.from,
            to: options.to,
            firsts: vec![None; runs],
            range: None,
        }
    }

    /// Notes the first tick of a run.
    pub fn begin(&mut self, run: usize, time_ns: i64) {
        if let Some(first) = self.firsts.get_mut(run) {
            first.get_or_insert(time_ns);
        }
    }

    /// The place of a time of a run: ns since 1970, or since the run's first tick.
    #[must_use]
    pub fn place(&self, run: usize, time_ns: i64) -> i64 {
        time_ns.saturating_sub(self.origin(run))
    }

    /// The time of a place of a run, in ns since 1970.
    #[must_use]
    pub fn time(&self, run: usize, place_ns: i64) -> i64 {
        place_ns.saturating_add(self.origin(run))
    }

    fn origin(&self, run: usize) -> i64 {
        let first = self.firsts.get(run).copied().flatten();
        first.filter(|_| self.is_relative).unwrap_or(0)
    }

    /// True if the place is in the range that is drawn.
    pub fn is_drawn(&mut self, place_ns: i64) -> bool {
        let range = match self.range {
            Some(range) => range,
            None => *self.range.insert(self.resolve_range()),
        };
        (range.0..=range.1).contains(&place_ns)
    }

    fn resolve_range(&self) -> (i64, i64) {
        let Some(first) = self.firsts.iter().flatten().next().copied() else {
            return (i64::MIN, i64::MAX);
        };
        let origin = if self.is_relative { first } else { 0 };
        let resolve = |moment: Option<Moment>| {
            let ns = moment?.resolve(first, &self.zone)?;
            Some(ns.saturating_sub(origin))
        };
        (
            resolve(self.from).unwrap_or(i64::MIN),
            resolve(self.to).unwrap_or(i64::MAX),
        )
    }
}
