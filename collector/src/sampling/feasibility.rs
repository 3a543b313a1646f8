//! Whether readings fit an interval: told before the first tick rather than by missed ones.

use std::time::Duration;

use virtmon_model::{Backend, Snapshot};

use crate::runner::RunError;
use crate::sampling::clock;

/// How readings fit an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// With room.
    Well,
    /// They take more than three quarters of it.
    Tightly,
    /// They take longer; this interval would do.
    Not(Duration),
}

/// How long a reading is tried again that does not fit, in intervals and in time, whichever is
/// longer, and how often at the least: a host that is busy as virtmon starts may be idle a moment
/// later.
const TRIAL_INTERVALS: u32 = 10;
const TRIALS: Duration = Duration::from_millis(500);
const FEWEST: u32 = 3;

/// Times a reading, which is thrown away, again and again where it is too slow: the first have more
/// to do than those that follow, the more the more domains there are to meet. Returns the fastest.
///
/// # Errors
/// A reading failed.
pub fn probe(backend: &mut dyn Backend, interval: Duration) -> Result<Duration, RunError> {
    let mut snapshot = Snapshot::default();
    let mut fastest = Duration::MAX;
    let mut total = Duration::ZERO;
    let mut trials = 0;
    loop {
        let began = clock::mono_ns()?;
        backend.sample(&mut snapshot)?;
        let took = Duration::from_nanos(clock::mono_ns()?.saturating_sub(began));
        fastest = fastest.min(took);
        total += took;
        trials += 1;
        let enough = match fit(fastest, interval) {
            Fit::Well => true,
            Fit::Tightly => trials >= FEWEST,
            Fit::Not(_) => {
                let trials_end = TRIALS.max(interval.saturating_mul(TRIAL_INTERVALS));
                trials >= FEWEST && total >= trials_end
            }
        };
        if enough {
            return Ok(fastest);
        }
    }
}

/// How readings that take so long fit an interval.
#[must_use]
pub fn fit(took: Duration, interval: Duration) -> Fit {
    if took > interval {
        return Fit::Not(roomy(took));
    }
    if took > interval / 4 * 3 {
        return Fit::Tightly;
    }
    Fit::Well
}

/// The first of 1 ms, 2 ms, 5 ms, 10 ms and so on that has room for twice as long.
fn roomy(took: Duration) -> Duration {
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
    fn an_interval_that_does_not_fit_is_told_one_that_does() {
        let ms = Duration::from_millis;
        assert_eq!(fit(ms(3), ms(10)), Fit::Well);
        assert_eq!(fit(ms(8), ms(10)), Fit::Tightly);
        assert_eq!(fit(ms(12), ms(10)), Fit::Not(ms(50)));
        assert_eq!(fit(ms(1_200), ms(1_000)), Fit::Not(ms(5_000)));
        assert_eq!(fit(ms(25), ms(1)), Fit::Not(ms(50)));
    }
}
