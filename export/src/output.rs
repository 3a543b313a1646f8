//! Outputs: the destinations of a run's frames.
//!
//! | module | content |
//! | --- | --- |
//! | [`stream`] | an output that sends every frame: encoder, queue, thread, transport |
//! | [`transport`] | the trait of what sends bytes: files, pipes, network protocols |
//! | [`on_error`] | policies for a tick that cannot be sent |
//! | [`latest`] | an output that is read on demand: a copy of the last frame |
//! | [`moment`], [`history`] | a compact copy of a frame, and a ring of them, for views that look back |
//! | [`error`] | errors of outputs |
//!
//! The sampling thread calls an output and never waits for it. Each output has its own limits: a slow
//! or failed output costs no other output a tick.

use std::sync::Arc;

use virtmon_analysis::frame::Frame;
use virtmon_model::Needs;

pub mod error;
mod gap;
pub mod history;
pub mod latest;
pub mod moment;
pub mod moment_number;
pub mod moment_rows;
pub mod on_error;
pub mod owned_frame;
mod queue;
pub mod stream;
pub mod transport;
mod worker;

use error::OutputError;

/// One destination of a run.
pub trait Output {
    /// Name in messages and events: a path, `standard output`, an address.
    fn name(&self) -> &str;

    /// What must be sampled for this output.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// Called once before the first frame. The output reports to the run through the link.
    fn attach(&mut self, _link: Arc<dyn RunLink>) {}

    /// True if the output would accept a frame now. A tick that no output has room for is not
    /// analysed: the next frame has rates and events since the last one that was offered.
    fn has_room(&self) -> bool {
        true
    }

    /// Offers a frame. Never blocks.
    fn offer(&mut self, frame: &Frame<'_>) -> Offer;

    /// Amounts since the start of the output.
    fn progress(&self) -> Progress {
        Progress::default()
    }

    /// True if [`reopen`](Self::reopen) does something.
    fn can_reopen(&self) -> bool {
        false
    }

    /// Opens the destination again, between the frames before and those after: a log rotation.
    fn reopen(&mut self) {}

    /// Called after the last frame. The output delivers what it has accepted, without blocking this
    /// call.
    fn finish(&mut self) {}

    /// Waits until everything accepted is delivered, or `gives_up` returns true.
    ///
    /// # Errors
    /// The output failed, now or before, or its last ticks were given up.
    fn close(&mut self, _gives_up: &mut dyn FnMut() -> bool) -> Result<(), OutputError> {
        Ok(())
    }
}

/// The result of offering a frame to an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// The output has the frame.
    Accepted,
    /// The output has no room for the frame.
    Dropped,
    /// The output has ended. [`Output::close`] returns its error.
    Closed,
}

/// Amounts of an output since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Number of ticks accepted and not yet delivered.
    pub pending_ticks: u64,
    /// Number of bytes accepted and not yet delivered.
    pub pending_bytes: u64,
    /// Number of ticks delivered.
    pub delivered_ticks: u64,
    /// Number of bytes delivered.
    pub delivered_bytes: u64,
    /// Number of ticks accepted and given up after an error.
    pub lost_ticks: u64,
}

/// The run, as an output sees it from its own thread.
pub trait RunLink: Send + Sync {
    /// Reports that a tick was delivered in full.
    fn tick_delivered(&self);

    /// Ends the run: the output has failed, or its reader has closed it.
    fn end_run(&self);
}

impl<O: Output + ?Sized> Output for Box<O> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn needs(&self) -> Needs {
        (**self).needs()
    }

    fn attach(&mut self, link: Arc<dyn RunLink>) {
        (**self).attach(link);
    }

    fn has_room(&self) -> bool {
        (**self).has_room()
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        (**self).offer(frame)
    }

    fn progress(&self) -> Progress {
        (**self).progress()
    }

    fn can_reopen(&self) -> bool {
        (**self).can_reopen()
    }

    fn reopen(&mut self) {
        (**self).reopen();
    }

    fn finish(&mut self) {
        (**self).finish();
    }

    fn close(&mut self, gives_up: &mut dyn FnMut() -> bool) -> Result<(), OutputError> {
        (**self).close(gives_up)
    }
}
