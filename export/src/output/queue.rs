//! The queue between the sampling thread and the thread of a stream.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::output::error::OutputError;
use crate::output::transport::Batch;
use crate::output::{Progress, RunLink};

/// Number of batches kept for later ticks. One is being filled and one sent; more are in use only
/// while the destination is slow, and their memory is freed afterwards.
const MAX_SPARE: usize = 4;

/// State shared by the two threads of a stream.
#[derive(Default)]
pub(super) struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    pending_ticks: AtomicU64,
    pending_bytes: AtomicU64,
    delivered_ticks: AtomicU64,
    delivered_bytes: AtomicU64,
    lost_ticks: AtomicU64,
}

#[derive(Default)]
pub(super) struct Queue {
    jobs: VecDeque<Job>,
    spare: Vec<Batch>,
    is_closed: bool,
    link: Option<Arc<dyn RunLink>>,
    has_ended: bool,
    /// Result of the thread, until it is taken.
    result: Option<Result<(), OutputError>>,
}

pub(super) enum Job {
    Tick(Batch),
    Reopen,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing that holds the lock can leave the queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn attach(&self, link: Arc<dyn RunLink>) {
        let mut queue = self.lock();
        if queue.has_ended {
            link.end_run();
        }
        queue.link = Some(link);
    }

    /// Queues a batch, and returns an empty one that was sent before, if there is one. `None` if the
    /// thread has ended; the batch stays.
    pub(super) fn push(&self, batch: &mut Batch) -> bool {
        let bytes = batch.bytes();
        let parts = batch.parts.len();
        let mut queue = self.lock();
        if queue.has_ended {
            return false;
        }
        self.pending_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.pending_ticks.fetch_add(1, Ordering::Relaxed);
        let spare = queue.spare.pop().unwrap_or_else(|| Batch::new(parts));
        let full = std::mem::replace(batch, spare);
        queue.jobs.push_back(Job::Tick(full));
        drop(queue);
        self.changed.notify_all();
        true
    }

    pub(super) fn push_reopen(&self) {
        self.lock().jobs.push_back(Job::Reopen);
        self.changed.notify_all();
    }

    /// No more jobs will be pushed.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Number of bytes that wait to be sent.
    pub(super) fn pending_bytes(&self) -> u64 {
        self.pending_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn progress(&self) -> Progress {
        // In this order: if nothing is pending, the ticks that were pending are counted.
        let pending_ticks = self.pending_ticks.load(Ordering::Acquire);
        Progress {
            pending_ticks,
            pending_bytes: self.pending_bytes(),
            delivered_ticks: self.delivered_ticks.load(Ordering::Acquire),
            delivered_bytes: self.delivered_bytes.load(Ordering::Relaxed),
            lost_ticks: self.lost_ticks.load(Ordering::Relaxed),
        }
    }

    /// Waits for the next job. `None` if there will be none.
    pub(super) fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.is_closed {
                return None;
            }
            let woken = self.changed.wait(queue);
            queue = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for this time, or until the queue is closed. True if it is.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let is_open = |queue: &mut Queue| !queue.is_closed;
        let waited = self.changed.wait_timeout_while(self.lock(), time, is_open);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_closed
    }

    /// Accounts for a batch that was sent, and keeps its memory for a later tick.
    pub(super) fn set_delivered(&self, batch: Batch, bytes: u64) {
        self.delivered_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.delivered_ticks.fetch_add(1, Ordering::Release);
        if let Some(link) = self.recycle(batch) {
            link.tick_delivered();
        }
    }

    /// Accounts for a batch that is given up.
    pub(super) fn set_lost(&self, batch: Batch) {
        self.lost_ticks.fetch_add(1, Ordering::Relaxed);
        drop(self.recycle(batch));
    }

    fn recycle(&self, mut batch: Batch) -> Option<Arc<dyn RunLink>> {
        self.pending_bytes
            .fetch_sub(batch.bytes(), Ordering::Relaxed);
        batch.parts.iter_mut().for_each(Vec::clear);
        let mut queue = self.lock();
        if queue.spare.len() < MAX_SPARE {
            queue.spare.push(batch);
        }
        let link = queue.link.clone();
        drop(queue);
        self.pending_ticks.fetch_sub(1, Ordering::Release);
        link
    }

    /// Records the result of the thread, and ends the run if that was before the queue was closed.
    pub(super) fn end(&self, result: Result<(), OutputError>) {
        let mut queue = self.lock();
        if result.is_ok() {
            self.pending_ticks.store(0, Ordering::Release);
        }
        self.pending_bytes.store(0, Ordering::Relaxed);
        queue.jobs.clear();
        queue.has_ended = true;
        queue.result = Some(result);
        if !queue.is_closed
            && let Some(link) = &queue.link
        {
            link.end_run();
        }
        drop(queue);
        self.changed.notify_all();
    }

    /// Waits for at most this time until the thread has ended. Returns its result.
    pub(super) fn wait_for_end(&self, time: Duration) -> Option<Result<(), OutputError>> {
        let runs = |queue: &mut Queue| queue.result.is_none();
        let waited = self.changed.wait_timeout_while(self.lock(), time, runs);
        let mut queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        queue.result.take()
    }
}
