//! Sources of samples: a host that is sampled now, or a recording of one.

use std::io;

use virtmon_model::{Notification, Result, Snapshot, Timestamps};

use crate::sampling::signals::Signals;
use crate::sampling::wake::Wake;

/// Facts of one sample.
#[derive(Debug)]
pub struct Sample {
    /// The clocks when it began.
    pub began: Timestamps,
    /// Time that it took, in ns.
    pub sample_ns: u64,
    /// `Ok` if there is a snapshot.
    pub result: Result<()>,
}

/// A series of samples, each at its tick.
pub trait Source {
    /// Waits until the next sample is due, or a signal arrives. A due sample is taken with
    /// [`sample`](Self::sample) before the next call.
    ///
    /// # Errors
    /// The clock, or the recording, cannot be read.
    fn wait(&mut self, signals: &mut Signals) -> io::Result<Wake>;

    /// Takes the sample that is due. If its result is an error, the snapshot has no meaning.
    ///
    /// # Errors
    /// The clock cannot be read.
    fn sample(&mut self, into: &mut Snapshot) -> io::Result<Sample>;

    /// Due time of a tick, in ns of the samples' `CLOCK_MONOTONIC`.
    fn due_ns(&self, tick: u64) -> u64;

    /// True if samples wait for slow outputs. A recording's do, a host's cannot.
    fn waits_for_outputs(&self) -> bool {
        false
    }

    /// Called once before the first tick.
    fn begin(&mut self) {}

    /// Notifications of the toolstack since the last call.
    fn notifications(&mut self) -> Vec<Notification> {
        Vec::new()
    }

    /// Number of hypercalls or RPCs so far, if they are counted.
    fn calls(&self) -> Option<u64> {
        None
    }

    /// Appends the samples since the last call in the recording format, if they are recorded. Returns
    /// the number of samples since the last call that the source left out, because too many waited.
    fn take_recorded(&mut self, _into: &mut Vec<u8>) -> u64 {
        0
    }

    /// Makes sure that a new file can begin with the next recorded sample.
    fn restart_recording(&mut self) {}
}
