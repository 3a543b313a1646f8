//! Streams: outputs that send every frame.
//!
//! The sampling thread encodes. A thread of the stream's own sends the bytes, behind a bounded queue:
//! a slow destination delays no sample, and costs no other output a tick.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use virtmon_analysis::frame::Frame;
use virtmon_model::Needs;

use crate::encode::Encoder;
use crate::output::error::OutputError;
use crate::output::gap::Gap;
use crate::output::on_error::OnError;
use crate::output::queue::Shared;
use crate::output::transport::{Batch, Transport};
use crate::output::worker::Worker;
use crate::output::{Offer, Output, Progress, RunLink};

/// Largest number of bytes that wait to be sent, by default. With 1,000 guests and a sample a second
/// this is a disk that stands still for minutes, and a small part of the memory of a domain 0.
pub const MAX_QUEUE_BYTES: u64 = 64 << 20;

/// Time between two checks for a second signal at the end of a run.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Properties of a stream.
#[derive(Debug, Clone)]
pub struct StreamConfig {
    /// Name in messages and events.
    pub name: String,
    /// Values to sample for the encoders.
    pub needs: Needs,
    /// Policy for a tick that cannot be sent.
    pub on_error: OnError,
    /// Number of waiting bytes from which on ticks are dropped.
    pub max_queue_bytes: u64,
    /// Gets a line, in the stream's thread, for a problem that does not end the run.
    pub warn: fn(&str),
}

impl StreamConfig {
    /// A stream that ends the run when a tick cannot be sent, with a queue of the default size and
    /// without messages.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            needs: Needs::default(),
            on_error: OnError::End,
            max_queue_bytes: MAX_QUEUE_BYTES,
            warn: |_| {},
        }
    }
}

/// An output that sends every frame: encoders, a queue, a thread and a transport. A stream of several
/// encoders sends the bytes of all of them tick by tick, so that they stay in step.
pub struct Stream<E> {
    config: StreamConfig,
    encoders: Vec<E>,
    /// The next tick is encoded into this batch.
    batch: Batch,
    gap: Gap,
    can_reopen: bool,
    shared: Arc<Shared>,
    /// `None` if it has ended, or was given up.
    thread: Option<JoinHandle<()>>,
}

impl<E: Encoder> Stream<E> {
    /// Starts the thread of a stream. The transport gets one part of a batch from each encoder. The
    /// thread inherits the scheduling of the one that calls this.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn start<T: Transport + 'static>(
        config: StreamConfig,
        encoders: Vec<E>,
        transport: T,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let can_reopen = transport.can_reopen();
        let worker = Worker {
            transport,
            on_error: config.on_error,
            warn: config.warn,
            is_failing: false,
        };
        let of_worker = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("writer".into())
            .spawn(move || worker.run(of_worker))?;
        Ok(Self {
            batch: Batch::new(encoders.len()),
            config,
            encoders,
            gap: Gap::default(),
            can_reopen,
            shared,
            thread: Some(thread),
        })
    }
}

impl<E: Encoder> Output for Stream<E> {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn needs(&self) -> Needs {
        self.config.needs
    }

    fn attach(&mut self, link: Arc<dyn RunLink>) {
        self.shared.attach(link);
    }

    fn has_room(&self) -> bool {
        self.shared.pending_bytes() < self.config.max_queue_bytes
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        if !self.has_room() {
            self.gap.drop_frame(frame);
            return Offer::Dropped;
        }
        let frame = self.gap.accept(frame);
        self.batch.wall = frame.tick.wall;
        for (encoder, part) in self.encoders.iter_mut().zip(&mut self.batch.parts) {
            part.clear();
            encoder.encode(&frame, part);
        }
        if self.shared.push(&mut self.batch) {
            Offer::Accepted
        } else {
            Offer::Closed
        }
    }

    fn progress(&self) -> Progress {
        self.shared.progress()
    }

    fn can_reopen(&self) -> bool {
        self.can_reopen
    }

    fn reopen(&mut self) {
        self.shared.push_reopen();
    }

    fn finish(&mut self) {
        self.shared.close();
    }

    fn close(&mut self, gives_up: &mut dyn FnMut() -> bool) -> Result<(), OutputError> {
        self.shared.close();
        let Some(thread) = self.thread.take() else {
            return Ok(());
        };
        loop {
            if let Some(result) = self.shared.wait_for_end(POLL_INTERVAL) {
                // That was the last thing that the thread did.
                let _ = thread.join();
                return result;
            }
            // A thread that is given up ends with the program.
            if gives_up() || thread.is_finished() {
                let ticks = self.shared.progress().pending_ticks;
                return Err(OutputError::Abandoned { ticks });
            }
        }
    }
}

/// A run that ended before its first tick leaves the destination as it was.
impl<E> Drop for Stream<E> {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.shared.close();
            // There is nothing to report an error to.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
