//! A rate, kept exactly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock;
use crate::load::Work;

/// So many steps of the same size in every second, each with an absolute deadline.
///
/// Step k is due at `(k + 1) * unit / per_second`. One that is late is followed by the next at
/// once, so the sum is right as soon as there is time for it, and never ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Units to do per second: bytes, packets.
    pub(crate) per_second: u64,
    /// Units that one step does.
    pub(crate) unit: u64,
}

const SECOND: u128 = 1_000_000_000;

impl Pace {
    /// How many steps are due at this time since the start.
    pub(crate) fn steps_by(self, ns: u64) -> u64 {
        let steps = u128::from(ns) * u128::from(self.per_second) / SECOND / u128::from(self.unit);
        u64::try_from(steps).unwrap_or(u64::MAX)
    }

    /// When a step is due, from the start on: the first ns at which `steps_by` counts it.
    pub(crate) fn due(self, step: u64) -> u64 {
        let units = (u128::from(step) + 1) * u128::from(self.unit) * SECOND;
        u64::try_from(units.div_ceil(u128::from(self.per_second))).unwrap_or(u64::MAX)
    }
}

/// A thread's work: every step of a pace, counted when it is done.
pub(crate) fn paced(
    pace: Pace,
    time: u64,
    did: Arc<AtomicU64>,
    mut step: impl FnMut(u64) -> Result<(), String> + Send + 'static,
) -> Work {
    Box::new(move |start| {
        for n in 0..pace.steps_by(time) {
            clock::sleep_until(start + pace.due(n))?;
            // A device that can't keep up is told by the figures, not by a load without an end.
            if clock::now()? > start + time + GRACE_NS {
                break;
            }
            step(n)?;
            did.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    })
}

/// How long after the end a late step may still be made good.
const GRACE_NS: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_counts_from_the_moment_that_it_is_due() {
        for (per_second, unit) in [
            (1 << 20, 32 << 10),
            (1_000_000, 4096),
            (7, 1),
            (100, 100),
            (3, 4096),
        ] {
            let pace = Pace { per_second, unit };
            for step in [0, 1, 2, 99, 12_345] {
                let due = pace.due(step);
                assert_eq!(pace.steps_by(due), step + 1, "{pace:?}");
                assert_eq!(pace.steps_by(due - 1), step, "{pace:?}");
            }
        }
    }

    #[test]
    fn whole_seconds_hold_whole_amounts() {
        let pace = Pace {
            per_second: 1 << 20,
            unit: 32 << 10,
        };
        assert_eq!(pace.steps_by(10_000_000_000), 320);
    }
}
