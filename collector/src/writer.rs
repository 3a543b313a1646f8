//! What keeps a slow disk from delaying a reading: a thread that writes, behind a bounded queue.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use crate::files::Output;
use crate::files::compress::Compressor;
use crate::files::error::OutputError;
use crate::process::notify::{Ready, Written};
use crate::sampling::signals::StopHandle;
use thread_side::Ending;

mod thread_side;

/// So many bytes wait at most: at 1,000 guests and a reading a second, a disk that stands still
/// for minutes; a small part of what a host's domain 0 has.
const QUEUE_BYTES: u64 = 64 << 20;

/// Batches kept for later ticks. One is being filled and one written; more are used only while
/// the disk is slow, and their memory is given back after.
const SPARE: usize = 4;

/// How often the end of a run looks for a second signal.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// One tick's bytes, for each output.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The wall clock when reading began.
    pub(crate) wall: SystemTime,
    pub(crate) streams: Vec<Vec<u8>>,
}

/// The reading thread's side.
#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    /// None once it has ended, or been left behind.
    thread: Option<JoinHandle<()>>,
    /// What the next tick is encoded into.
    batch: Batch,
    has_files: bool,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    more: Condvar,
    /// Ticks that wait or are being written, and their bytes.
    pending_ticks: AtomicU64,
    pending_bytes: AtomicU64,
    /// Ticks written since the start.
    written_ticks: AtomicU64,
    /// Bytes written since they were asked for.
    written_bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct Queue {
    jobs: VecDeque<Job>,
    spare: Vec<Batch>,
    closed: bool,
    /// Written to when an output fails, so that the reading thread need not look at each tick.
    stop_handle: Option<StopHandle>,
    /// Gets one message, once the first tick is written.
    ready: Option<Ready>,
    /// How it ended.
    done: Option<Result<(), OutputError>>,
}

#[derive(Debug)]
enum Job {
    Tick(Batch),
    Reopen,
}

impl Writer {
    /// Starts the thread. `tell` is told, by that thread, of what is wrong and does not end it.
    pub(crate) fn start(outputs: Vec<Output>, warn: fn(&str)) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let batch = Batch::new(outputs.len());
        let has_files = outputs.iter().any(Output::is_file);
        let compressor = if outputs.iter().any(Output::is_rotated) {
            Some(Compressor::start(warn)?)
        } else {
            None
        };
        let mine = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("writer".into())
            .spawn(move || {
                // Whatever happens below, the run gets to know that there is no writer any more.
                let mut ending = Ending::by_a_panic(mine);
                let outputs = outputs.into_iter().map(Some).collect();
                let done = ending.shared().write(outputs, compressor.as_ref());
                compressor.into_iter().for_each(Compressor::finish);
                ending.is(done);
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
            batch,
            has_files,
        })
    }

    /// Whether there is anything to be opened anew.
    pub(crate) fn has_files(&self) -> bool {
        self.has_files
    }

    /// Stops this when an output fails.
    pub(crate) fn stop_on_error(&self, stop_handle: StopHandle) {
        self.shared.lock().stop_handle = Some(stop_handle);
    }

    /// Has a service manager know when the first tick is written.
    pub(crate) fn set_ready(&self, ready: Option<Ready>) {
        self.shared.lock().ready = ready;
    }

    /// How far it is.
    pub(crate) fn written(&self) -> Written {
        // In this order: where nothing waits, the ticks that waited are counted.
        let all = self.shared.pending_ticks.load(Ordering::Acquire) == 0;
        let ticks = self.shared.written_ticks.load(Ordering::Acquire);
        Written { ticks, all }
    }

    /// Whether the queue takes another tick.
    pub(crate) fn has_room(&self) -> bool {
        self.shared.pending_bytes.load(Ordering::Relaxed) < QUEUE_BYTES
    }

    /// Bytes that wait to be written.
    pub(crate) fn pending_bytes(&self) -> u64 {
        self.shared.pending_bytes.load(Ordering::Relaxed)
    }

    /// What the next tick is to be put into, a buffer for each output.
    pub(crate) fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Hands the batch over, and takes one that has been written.
    pub(crate) fn push(&mut self) {
        let bytes = self.batch.bytes();
        let shared = &self.shared;
        shared.pending_bytes.fetch_add(bytes, Ordering::Relaxed);
        shared.pending_ticks.fetch_add(1, Ordering::Relaxed);
        let mut queue = self.shared.lock();
        let spare = queue.spare.pop();
        let streams = self.batch.streams.len();
        let spare = spare.unwrap_or_else(|| Batch::new(streams));
        queue
            .jobs
            .push_back(Job::Tick(mem::replace(&mut self.batch, spare)));
        drop(queue);
        self.shared.more.notify_one();
        self.batch.streams.iter_mut().for_each(Vec::clear);
    }

    /// Opens every file anew, between the ticks before and those after.
    pub(crate) fn reopen(&self) {
        self.shared.lock().jobs.push_back(Job::Reopen);
        self.shared.more.notify_one();
    }

    /// Bytes written since the last call.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.shared.written_bytes.swap(0, Ordering::Relaxed)
    }

    /// Waits until all is written and on the disk, or `gives_up` says that it need not be.
    ///
    /// # Errors
    /// An output failed, now or before, or it was given up.
    pub(crate) fn close(mut self, mut gives_up: impl FnMut() -> bool) -> Result<(), OutputError> {
        let thread = self.thread.take();
        let mut queue = self.shared.lock();
        queue.closed = true;
        self.shared.more.notify_one();
        loop {
            if let Some(done) = queue.done.take() {
                drop(queue);
                // That was the last thing that it does.
                if let Some(thread) = thread {
                    let _ = thread.join();
                }
                return done;
            }
            // A thread that is left where it is ends with the program.
            if gives_up() || thread.as_ref().is_none_or(JoinHandle::is_finished) {
                let ticks = self.shared.pending_ticks.load(Ordering::Relaxed);
                return Err(OutputError::Abandoned { ticks });
            }
            let waited = self.shared.more.wait_timeout(queue, POLL_INTERVAL);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A run that ended before its first tick leaves the files as they were.
impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.shared.lock().closed = true;
            self.shared.more.notify_one();
            // What it would report has nobody to be reported to.
            let _ = thread.join();
        }
    }
}

impl Batch {
    fn new(streams: usize) -> Self {
        Self {
            wall: SystemTime::UNIX_EPOCH,
            streams: vec![Vec::new(); streams],
        }
    }

    fn bytes(&self) -> u64 {
        self.streams.iter().map(|bytes| bytes.len() as u64).sum()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing that holds the lock can leave the queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
