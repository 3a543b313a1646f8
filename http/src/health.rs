//! The age of the last tick, and the age that is too old.

use std::time::Duration;

use virtmon_export::output::latest::LatestReader;

/// Shortest age that is too old.
const MIN_LIMIT: Duration = Duration::from_secs(5);
/// Age that is too old, in intervals.
const INTERVALS: u32 = 3;

/// The health of a run.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    frames: LatestReader,
    limit: Duration,
}

impl Health {
    pub(crate) fn new(frames: LatestReader, interval: Duration) -> Self {
        Self {
            frames,
            limit: interval.saturating_mul(INTERVALS).max(MIN_LIMIT),
        }
    }

    /// Age of the last sample that succeeded. `Err` if there is none, or it is too old.
    pub(crate) fn age(&self) -> Result<Duration, Option<Duration>> {
        match self.frames.age() {
            Some(age) if age <= self.limit => Ok(age),
            other => Err(other),
        }
    }

    /// A sentence about the age.
    pub(crate) fn text(&self) -> String {
        match self.age() {
            Ok(age) => format!("ok: the last tick was {:.3} s ago\n", age.as_secs_f64()),
            Err(Some(age)) => format!(
                "failed: the last sample that succeeded was {:.3} s ago\n",
                age.as_secs_f64()
            ),
            Err(None) => "failed: there is no tick yet\n".into(),
        }
    }
}
