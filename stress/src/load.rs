//! What all loads share: threads that work, and one that says how far they are.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::clock;
use crate::report::{self, Figure};

/// What one thread does from the start on (`CLOCK_MONOTONIC`, in ns) until its time is up.
pub(crate) type Work = Box<dyn FnOnce(u64) -> Result<(), String> + Send>;

/// A load that is ready to start.
pub(crate) struct Load {
    /// The word that begins its lines.
    pub(crate) name: &'static str,
    /// How long it takes.
    pub(crate) time: Duration,
    /// What works, each in a thread of its own.
    pub(crate) works: Vec<Work>,
    /// What is told of it.
    pub(crate) figures: Vec<Figure>,
}

/// Time for every thread to be there before the first step is due.
const HEAD_START_NS: u64 = 20_000_000;

impl Load {
    /// Starts all threads, prints a line at the start, every second and at the end.
    ///
    /// # Errors
    /// What the first thread that failed said.
    pub(crate) fn run(self) -> Result<(), String> {
        let start = clock::now()? + HEAD_START_NS;
        let wall = SystemTime::now() + Duration::from_nanos(HEAD_START_NS);
        let print = |word, at| report::print(self.name, word, wall, at, &self.figures);
        print("begin ", 0)?;
        let total = clock::ns(self.time);
        let (failed, failures) = mpsc::channel();
        let mut threads = Vec::new();
        for work in self.works {
            let failed = failed.clone();
            threads.push(thread::spawn(move || {
                if let Err(why) = work(start) {
                    // Nobody listens any more once another one has failed.
                    let _ = failed.send(why);
                }
            }));
        }
        let mut second = 1;
        while second * 1_000_000_000 < total {
            let at = second * 1_000_000_000;
            clock::sleep_until(start + at)?;
            if let Ok(why) = failures.try_recv() {
                return Err(why);
            }
            print("", at)?;
            second += 1;
        }
        for thread in threads {
            thread
                .join()
                .map_err(|_| "a thread has panicked".to_owned())?;
        }
        if let Ok(why) = failures.try_recv() {
            return Err(why);
        }
        print("end ", total)
    }
}

/// A counter that a thread moves and the report reads.
pub(crate) fn counter() -> (Arc<AtomicU64>, Arc<AtomicU64>) {
    let counter = Arc::new(AtomicU64::new(0));
    (counter.clone(), counter)
}
