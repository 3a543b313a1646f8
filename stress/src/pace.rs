//! Steps at an exact rate.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock;
use crate::load::Work;

/// Rate of steps of the same size, each with an absolute deadline.
///
/// Step k is due at `(k + 1) * unit / per_second`. After a late step the next one follows immediately,
/// so the sum catches up as soon as possible and is never too high.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Number of units per second, such as bytes or packets.
    pub(crate) per_second: u64,
    /// Number of units in one step.
    pub(crate) unit: u64,
}

const SECOND: u128 = 1_000_000_000;

impl Pace {
    /// Number of steps that are due up to a time since the start.
    pub(crate) fn steps_by(self, ns: u64) -> u64 {
        let steps = u128::from(ns) * u128::from(self.per_second) / SECOND / u128::from(self.unit);
        u64::try_from(steps).unwrap_or(u64::MAX)
    }

    /// Time since the start at which a step is due: the first ns at which `steps_by` counts it.
    pub(crate) fn due(self, step: u64) -> u64 {
        let units = (u128::from(step) + 1) * u128::from(self.unit) * SECOND;
        u64::try_from(units.div_ceil(u128::from(self.per_second))).unwrap_or(u64::MAX)
    }
}

/// Work of a thread that performs every step of a pace and counts the completed steps.
pub(crate) fn paced(
    pace: Pace,
    time: u64,
    did: Arc<AtomicU64>,
    mut step: impl FnMut(u64) -> Result<(), String> + Send + 'static,
) -> Work {
    Box::new(move |start| {
        for n in 0..pace.steps_by(time) {
            clock::sleep_until(start + pace.due(n))?;
            // If a device is too slow, the load ends anyway, and the figures show the difference.
            if clock::now()? > start + time + GRACE_NS {
                break;
            }
            step(n)?;
            did.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    })
}

/// Time after the end in which late steps are still performed.
const GRACE_NS: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_counts_from_its_due_time_on() {
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
    fn whole_seconds_have_whole_amounts() {
        let pace = Pace {
            per_second: 1 << 20,
            unit: 32 << 10,
        };
        assert_eq!(pace.steps_by(10_000_000_000), 320);
    }
}
