//! The last two snapshots of a run.

use virtmon_analysis::frame::PreviousSample;
use virtmon_model::Snapshot;

/// The last two snapshots.
#[derive(Debug, Default)]
pub(super) struct History {
    current: Snapshot,
    /// The one before; or the one that is being sampled.
    spare: Snapshot,
    /// Start of the current one, in ns of `CLOCK_MONOTONIC`.
    current_ns: Option<u64>,
}

/// Two snapshots, one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) current: &'a Snapshot,
    pub(super) previous: Option<PreviousSample<'a>>,
}

impl History {
    /// The snapshot to sample into: the older one. The newer one stays, in case the sample fails.
    pub(super) fn spare(&mut self) -> &mut Snapshot {
        &mut self.spare
    }

    /// Makes the sampled snapshot the current one.
    pub(super) fn advance(&mut self, mono_ns: u64) -> Pair<'_> {
        std::mem::swap(&mut self.current, &mut self.spare);
        let previous_ns = self.current_ns.replace(mono_ns);
        Pair {
            current: &self.current,
            previous: previous_ns.map(|mono_ns| PreviousSample {
                snapshot: &self.spare,
                mono_ns,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_sample_leaves_the_snapshot_before_it() {
        let mut history = History::default();
        history.spare().generation = 1;
        assert!(history.advance(10).previous.is_none());
        // A sample that fails is not advanced to.
        history.spare().generation = 2;
        history.spare().generation = 3;
        let pair = history.advance(30);
        let previous = pair.previous.unwrap();
        assert_eq!(pair.current.generation, 3);
        assert_eq!((previous.snapshot.generation, previous.mono_ns), (1, 10));
    }
}
