//! The end of a run.

use std::time::Duration;

/// Limit of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Only by a signal.
    None,
    /// After this many ticks.
    Count(u64),
    /// With the last tick that is due within this time of the first.
    Duration(Duration),
}
