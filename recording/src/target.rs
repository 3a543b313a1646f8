//! The place in a recording that a seek looks for.

use crate::sample::RecordedSample;

/// The place in a recording that [`Reader::seek`](crate::Reader::seek) looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeekTarget {
    /// Number of a tick.
    Tick(u64),
    /// Time by the wall clock, in ns since 1970. If the clock was set back while the recording was made,
    /// a time occurs more than once. The place is one of them then.
    WallNs(u64),
}

impl SeekTarget {
    /// True if the sample is at or after the target.
    #[must_use]
    pub fn is_reached<E>(self, sample: &RecordedSample<'_, E>) -> bool {
        match self {
            Self::Tick(tick) => sample.tick >= tick,
            Self::WallNs(wall_ns) => sample.wall_ns >= wall_ns,
        }
    }
}
