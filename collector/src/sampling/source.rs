//! Where readings come from: a host that is read now, or a recording of one.

use std::io;

use virtmon_model::{Notification, Result, Snapshot};

use crate::sampling::ticker::{Ticker, Wake};
use virtmon_model::Timestamps;

/// A reading that was made.
#[derive(Debug)]
pub struct Taken {
    /// When it began.
    pub began: Timestamps,
    /// How long it took, in ns.
    pub sample_ns: u64,
    /// Whether there is a snapshot.
    pub read: Result<()>,
}

/// Readings, each at its tick.
pub trait Source {
    /// Waits until the next reading is due, which is made before this is called again; or for what
    /// else there is to do.
    ///
    /// # Errors
    /// The clock, or the recording, can't be read.
    fn wait(&mut self) -> io::Result<Wake>;

    /// Makes the reading that was waited for. Where it fails, what is in the snapshot means
    /// nothing.
    ///
    /// # Errors
    /// The clock can't be read.
    fn read(&mut self, into: &mut Snapshot) -> io::Result<Taken>;

    /// When a tick is due, in ns of the readings' `CLOCK_MONOTONIC`.
    fn due_ns(&self, tick: u64) -> u64;

    /// What it waits with, for time and for signals.
    fn ticker(&mut self) -> &mut Ticker;

    /// Whether its readings wait for outputs that are slow, as those of a host can't.
    fn is_patient(&self) -> bool {
        false
    }

    /// The readings that are written begin.
    fn begin(&mut self) {}

    /// What the toolstack has told by itself since the last call, where it is heard.
    fn notifications(&mut self) -> Vec<Notification> {
        Vec::new()
    }

    /// Hypercalls or RPCs so far, where they are counted.
    fn calls(&self) -> Option<u64> {
        None
    }

    /// Appends the readings since the last call as a recording has them, where one is made.
    fn taped(&mut self, _into: &mut Vec<u8>) {}

    /// Makes the readings handed over next such that another file of a recording may begin with
    /// them.
    fn restart_tape(&mut self) {}
}
