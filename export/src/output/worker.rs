//! The thread of a stream.

use std::mem;
use std::sync::Arc;

use crate::output::error::OutputError;
use crate::output::on_error::OnError;
use crate::output::queue::{Job, Shared};

use crate::output::transport::{Batch, Transport};

/// Sends the batches of a queue by a transport.
pub(super) struct Worker<T> {
    pub(super) transport: T,
    pub(super) on_error: OnError,
    pub(super) warn: fn(&str),
    /// True if the last batch was not sent; that was reported.
    pub(super) is_failing: bool,
}

impl<T: Transport> Worker<T> {
    /// Runs until the queue is closed and empty, or the output ends.
    pub(super) fn run(mut self, shared: Arc<Shared>) {
        // Whatever happens below, the run gets to know that the thread has ended.
        let mut ending = Ending {
            result: Err(OutputError::Panicked),
            shared,
        };
        let result = match self.send_all(&ending.shared) {
            Err(OutputError::ReaderClosed) => Ok(()),
            result => result,
        };
        drop(self);
        ending.result = result;
    }

    fn send_all(&mut self, shared: &Shared) -> Result<(), OutputError> {
        self.transport.begin();
        while let Some(job) = shared.next() {
            match job {
                Job::Tick(batch) => self.send(batch, shared)?,
                Job::Reopen => self.transport.reopen(),
            }
        }
        self.transport.finish()
    }

    /// Sends a batch, or does what the policy says for an error.
    fn send(&mut self, batch: Batch, shared: &Shared) -> Result<(), OutputError> {
        loop {
            let error = match self.transport.send(&batch) {
                Ok(bytes) => {
                    self.is_failing = false;
                    shared.set_delivered(batch, bytes);
                    return Ok(());
                }
                Err(error) => error,
            };
            let is_end = matches!(error, OutputError::ReaderClosed);
            match self.on_error {
                _ if is_end => return Err(error),
                OnError::End => return Err(error),
                OnError::Drop => {
                    self.report(&error, "the tick is dropped");
                    shared.set_lost(batch);
                    return Ok(());
                }
                OnError::Retry(pause) => {
                    self.report(&error, "it is tried again");
                    if shared.pause(pause) {
                        // The last attempt of each tick, after the end of the run.
                        return match self.transport.send(&batch) {
                            Ok(bytes) => {
                                shared.set_delivered(batch, bytes);
                                Ok(())
                            }
                            Err(error) => Err(error),
                        };
                    }
                }
            }
        }
    }

    /// Reports the first of several errors.
    fn report(&mut self, error: &OutputError, consequence: &str) {
        if !mem::replace(&mut self.is_failing, true) {
            (self.warn)(&format!("{error}; {consequence}"));
        }
    }
}

/// Reports how the thread ended, after a panic too.
struct Ending {
    shared: Arc<Shared>,
    result: Result<(), OutputError>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.shared.end(mem::replace(&mut self.result, Ok(())));
    }
}
