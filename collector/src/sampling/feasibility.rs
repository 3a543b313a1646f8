//! Check that samples fit an interval. It is done before the first tick, so that an interval that is too
//! short is refused and does not show as missed ticks.

use std::io;
use std::time::Duration;

use virtmon_model::{Backend, Error, Snapshot};

use crate::sampling::clock;

/// Fit of samples in an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feasibility {
    /// They take at most three quarters of it.
    Ok,
    /// They take more than three quarters of it.
    Tight,
    /// They take longer than it.
    TooSlow {
        /// An interval that is long enough.
        suggested: Duration,
    },
}

/// The time of a sample could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// A sample failed.
    #[error(transparent)]
    Sample(#[from] Error),
    /// The clock could not be read.
    #[error("clock: {0}")]
    Clock(#[from] io::Error),
}

/// Samples that are too slow are repeated for this many intervals or for this time, whichever is
/// longer, and at least this often: a host that is busy while virtmon starts may be idle a moment
/// later.
const MAX_WARMUP_INTERVALS: u32 = 10;
const MAX_WARMUP: Duration = Duration::from_secs(2);
const MIN_SAMPLES: u32 = 3;

/// Measures the time of a sample. Repeats samples that are too slow: the first ones do more work than
/// those that follow, and more so with more domains. The snapshots are discarded. Returns the shortest
/// time.
///
/// # Errors
/// A sample failed.
pub fn measure_sample_time(
    backend: &mut dyn Backend,
    interval: Duration,
) -> Result<Duration, MeasureError> {
    let mut snapshot = Snapshot::default();
    let mut fastest = Duration::MAX;
    let mut total = Duration::ZERO;
    let mut samples = 0;
    loop {
        let began = clock::mono_ns()?;
        backend.sample(&mut snapshot)?;
        let took = Duration::from_nanos(clock::mono_ns()?.saturating_sub(began));
        fastest = fastest.min(took);
        total += took;
        samples += 1;
        let is_enough = match feasibility(fastest, interval) {
            Feasibility::Ok => true,
            Feasibility::Tight => samples >= MIN_SAMPLES,
            Feasibility::TooSlow { .. } => {
                let end = MAX_WARMUP.max(interval.saturating_mul(MAX_WARMUP_INTERVALS));
                samples >= MIN_SAMPLES && total >= end
            }
        };
        if is_enough {
            return Ok(fastest);
        }
    }
}

/// Fit of samples of this time in an interval.
#[must_use]
pub fn feasibility(took: Duration, interval: Duration) -> Feasibility {
    if took > interval {
        let suggested = suggest_interval(took);
        return Feasibility::TooSlow { suggested };
    }
    if took > interval / 4 * 3 {
        return Feasibility::Tight;
    }
    Feasibility::Ok
}

/// The first of 1 ms, 2 ms, 5 ms, 10 ms and so on that is at least twice as long.
fn suggest_interval(took: Duration) -> Duration {
    let mut decade = Duration::from_millis(1);
    loop {
        for step in [1, 2, 5] {
            if decade * step >= took * 2 {
                return decade * step;
            }
        }
        decade *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_interval_is_suggested_for_one_that_is_too_short() {
        let ms = Duration::from_millis;
        let too_slow = |suggested| Feasibility::TooSlow { suggested };
        assert_eq!(feasibility(ms(3), ms(10)), Feasibility::Ok);
        assert_eq!(feasibility(ms(8), ms(10)), Feasibility::Tight);
        assert_eq!(feasibility(ms(12), ms(10)), too_slow(ms(50)));
        assert_eq!(feasibility(ms(1_200), ms(1_000)), too_slow(ms(5_000)));
        assert_eq!(feasibility(ms(25), ms(1)), too_slow(ms(50)));
    }
}
