//! Transports: they send bytes to a destination.

use std::time::SystemTime;

use crate::output::error::OutputError;

/// One tick's bytes.
#[derive(Debug)]
pub struct Batch {
    /// Start of the sample by the wall clock.
    pub wall: SystemTime,
    /// The bytes of each encoder of the stream.
    pub parts: Vec<Vec<u8>>,
}

/// Sends the bytes of a stream, in the stream's own thread. Its methods may block.
pub trait Transport: Send {
    /// Called first in the thread.
    fn begin(&mut self) {}

    /// Sends one tick. Returns the number of bytes sent.
    ///
    /// # Errors
    /// The tick was not sent, or not in full. [`OutputError::ReaderClosed`] ends the output and the
    /// run without an error.
    fn send(&mut self, batch: &Batch) -> Result<u64, OutputError>;

    /// True if [`reopen`](Self::reopen) does something.
    fn can_reopen(&self) -> bool {
        false
    }

    /// Opens the destination again.
    fn reopen(&mut self) {}

    /// Called after the last tick: makes durable what was sent.
    ///
    /// # Errors
    /// The destination failed.
    fn finish(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}

impl Batch {
    pub(super) fn new(parts: usize) -> Self {
        Self {
            wall: SystemTime::UNIX_EPOCH,
            parts: vec![Vec::new(); parts],
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.len() as u64).sum()
    }
}
