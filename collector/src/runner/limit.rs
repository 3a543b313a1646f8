//! The end of a run.

use std::time::Duration;

/// When a run ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Only by a signal.
    None,
    /// After this many ticks.
    Count(u64),
    /// With the last tick that is due within this time of the first.
    Duration(Duration),
}
