//! The way of frames from the sampling thread to the thread of the terminal.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use virtmon_analysis::frame::Frame;
use virtmon_export::output::error::OutputError;
use virtmon_export::output::moment::Moment;
use virtmon_export::output::{Offer, Output, RunLink};
use virtmon_model::Needs;

/// Largest number of bytes of moments that wait for the terminal.
const MAX_WAITING_BYTES: usize = 32 << 20;
/// Largest number of moments whose buffers are kept for later ones.
const MAX_SPARE: usize = 16;

/// An output that copies what is shown of each frame.
pub struct FeedOutput {
    needs: Needs,
    shared: Arc<Mutex<Queue>>,
    last: Option<Arc<Moment>>,
}

/// Takes the moments, in the thread of the terminal.
#[derive(Clone)]
pub struct Feed(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    moments: VecDeque<Arc<Moment>>,
    bytes: usize,
    spare: Vec<Arc<Moment>>,
    link: Option<Arc<dyn RunLink>>,
    is_closed: bool,
    /// True if the terminal has ended.
    has_left: bool,
}

/// An output and its feed. `needs` is what must be sampled.
#[must_use]
pub fn new(needs: Needs) -> (FeedOutput, Feed) {
    let shared = Arc::new(Mutex::new(Queue::default()));
    let feed = Feed(Arc::clone(&shared));
    let output = FeedOutput {
        needs,
        shared,
        last: None,
    };
    (output, feed)
}

fn lock(shared: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    // Nothing that holds the lock can leave the queue half changed, nor holds it for long.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Output for FeedOutput {
    fn name(&self) -> &str {
        "the terminal"
    }

    fn needs(&self) -> Needs {
        self.needs
    }

    fn attach(&mut self, link: Arc<dyn RunLink>) {
        let mut queue = lock(&self.shared);
        if queue.has_left {
            link.end_run();
        }
        queue.link = Some(link);
    }

    fn has_room(&self) -> bool {
        lock(&self.shared).bytes < MAX_WAITING_BYTES
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        let mut queue = lock(&self.shared);
        if queue.has_left {
            return Offer::Closed;
        }
        if queue.bytes >= MAX_WAITING_BYTES {
            return Offer::Dropped;
        }
        let spare = queue.spare.pop();
        drop(queue);
        let mut moment = spare.unwrap_or_else(|| Arc::new(Moment::empty(frame.tick)));
        let before = self.last.take();
        match Arc::get_mut(&mut moment) {
            Some(moment) => moment.copy(frame, before.as_deref()),
            None => {
                let mut other = Moment::empty(frame.tick);
                other.copy(frame, before.as_deref());
                moment = Arc::new(other);
            }
        }
        self.last = Some(Arc::clone(&moment));
        let mut queue = lock(&self.shared);
        queue.bytes += moment.bytes();
        queue.moments.push_back(moment);
        Offer::Accepted
    }

    fn close(&mut self, _gives_up: &mut dyn FnMut() -> bool) -> Result<(), OutputError> {
        lock(&self.shared).is_closed = true;
        Ok(())
    }
}

impl Feed {
    /// Takes the next moment.
    #[must_use]
    pub fn take(&self) -> Option<Arc<Moment>> {
        let mut queue = lock(&self.0);
        let moment = queue.moments.pop_front()?;
        queue.bytes -= moment.bytes();
        Some(moment)
    }

    /// Gives back a moment that is no longer shown, for its buffers.
    pub fn give_back(&self, moment: Arc<Moment>) {
        let mut queue = lock(&self.0);
        if queue.spare.len() < MAX_SPARE {
            queue.spare.push(moment);
        }
    }

    /// True if the run has ended and every moment was taken.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let queue = lock(&self.0);
        queue.is_closed && queue.moments.is_empty()
    }

    /// Ends the run.
    pub fn leave(&self) {
        let mut queue = lock(&self.0);
        queue.has_left = true;
        if let Some(link) = &queue.link {
            link.end_run();
        }
    }
}
