//! Ranges of the axis in which no host has a row.

use crate::follow::place::Place;
use crate::series::Grid;

/// Parts of the axis: a shorter gap is not kept.
const PARTS: i64 = 1_000;

/// Ranges without any row.
#[derive(Debug)]
pub struct Gaps {
    min_ns: i64,
    covered_ns: Option<i64>,
    ranges: Vec<(i64, i64)>,
}

impl Gaps {
    /// No gaps yet.
    #[must_use]
    pub(super) fn new(grid: Grid) -> Self {
        Self {
            min_ns: grid.last_ns.saturating_sub(grid.first_ns) / PARTS,
            covered_ns: None,
            ranges: Vec::new(),
        }
    }

    /// Takes a tick: its interval has rows.
    pub(super) fn add(&mut self, at: &Place) {
        if let Some(covered) = self.covered_ns {
            let length = at.start_ns.saturating_sub(covered);
            // A late tick covers less than an interval.
            let interval = at.end_ns.saturating_sub(at.start_ns);
            if length > interval / 2 && length > self.min_ns {
                self.ranges.push((covered, at.start_ns));
            }
        }
        self.covered_ns = self.covered_ns.max(Some(at.end_ns));
    }

    /// The ranges, in ns on the axis.
    #[must_use]
    pub fn ranges(&self) -> &[(i64, i64)] {
        &self.ranges
    }
}
