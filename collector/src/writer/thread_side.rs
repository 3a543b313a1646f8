//! The thread that writes.

use std::mem;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use crate::files::Output;
use crate::files::compress::{self, Compressor};
use crate::files::error::OutputError;
use crate::writer::{Batch, Job, SPARE, Shared};

impl Shared {
    /// Writes what comes, until there will be no more.
    pub(super) fn write(
        &self,
        mut outputs: Vec<Option<Output>>,
        compressor: Option<&Compressor>,
    ) -> Result<(), OutputError> {
        let later = |job| {
            if let Some(compressor) = compressor {
                compressor.take(job);
            }
        };
        outputs
            .iter()
            .flatten()
            .flat_map(Output::leftover_jobs)
            .for_each(later);
        while let Some(job) = self.next() {
            match job {
                Job::Tick(batch) => {
                    for (place, bytes) in outputs.iter_mut().zip(&batch.streams) {
                        self.write_one(place, bytes, batch.wall, later)?;
                    }
                    self.written(batch);
                }
                Job::Reopen => {
                    outputs.iter_mut().flatten().for_each(Output::reopen);
                }
            }
        }
        outputs.iter_mut().flatten().try_for_each(Output::finish)
    }

    /// Writes one output's part of a tick. Where the reader of standard output has closed it, that
    /// output is done, the run ends, and the other outputs get what is still in the queue.
    fn write_one(
        &self,
        place: &mut Option<Output>,
        bytes: &[u8],
        wall: SystemTime,
        later: impl Fn(compress::Job),
    ) -> Result<(), OutputError> {
        let Some(output) = place else {
            return Ok(());
        };
        let jobs = output.prepare(wall, bytes);
        jobs.into_iter().for_each(later);
        match output.write_tick(bytes) {
            Ok(written) => {
                self.written_bytes.fetch_add(written, Ordering::Relaxed);
                Ok(())
            }
            Err(OutputError::ReaderClosed) => {
                *place = None;
                let queue = self.lock();
                if let Some(stop_handle) = &queue.stop_handle {
                    stop_handle.stop();
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Accounts for a tick that is written, and keeps its memory for a later one.
    fn written(&self, batch: Batch) {
        let bytes = batch.bytes();
        self.pending_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.written_ticks.fetch_add(1, Ordering::Release);
        self.pending_ticks.fetch_sub(1, Ordering::Release);
        let mut queue = self.lock();
        // A message that the manager did not take is tried again with the next tick.
        queue.ready.take_if(|ready| ready.send());
        if queue.spare.len() < SPARE {
            queue.spare.push(batch);
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            queue = self
                .more
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn end(&self, done: Result<(), OutputError>) {
        let mut queue = self.lock();
        if done.is_err()
            && let Some(stop_handle) = &queue.stop_handle
        {
            stop_handle.stop();
        }
        queue.done = Some(done);
        self.more.notify_all();
    }
}

/// Reports how the thread that writes ended, by a panic too.
pub(super) struct Ending {
    shared: Arc<Shared>,
    done: Result<(), OutputError>,
}

impl Ending {
    /// What is reported unless another end is set.
    pub(super) fn by_a_panic(shared: Arc<Shared>) -> Self {
        let done = Err(OutputError::Panicked);
        Self { shared, done }
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Sets how it ended.
    pub(super) fn is(&mut self, done: Result<(), OutputError>) {
        self.done = done;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.shared.end(mem::replace(&mut self.done, Ok(())));
    }
}
