//! Common parts of all loads: worker threads, and the thread that reports their progress.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::clock;
use crate::report::{self, Figure};

/// Work of one thread. Its argument is the start of the load (`CLOCK_MONOTONIC`, in ns).
pub(crate) type Work = Box<dyn FnOnce(u64) -> Result<(), String> + Send>;

/// A load that is ready to start.
pub(crate) struct Load {
    /// Name of the load in its lines.
    pub(crate) name: &'static str,
    /// Duration of the load.
    pub(crate) time: Duration,
    /// Work of each thread.
    pub(crate) works: Vec<Work>,
    /// Figures in the report.
    pub(crate) figures: Vec<Figure>,
}

/// Time for the start of all threads, before the first step is due.
const HEAD_START_NS: u64 = 20_000_000;

impl Load {
    /// Starts all threads, and prints a line at the start, every second and at the end.
    ///
    /// # Errors
    /// The error of the first thread that failed.
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
                if let Err(error) = work(start) {
                    // The receiver is closed if another thread has failed before.
                    let _ = failed.send(error);
                }
            }));
        }
        let mut second = 1;
        while second * 1_000_000_000 < total {
            let at = second * 1_000_000_000;
            clock::sleep_until(start + at)?;
            if let Ok(error) = failures.try_recv() {
                return Err(error);
            }
            print("", at)?;
            second += 1;
        }
        for thread in threads {
            thread.join().map_err(|_| "a thread panicked".to_owned())?;
        }
        if let Ok(error) = failures.try_recv() {
            return Err(error);
        }
        print("end ", total)
    }
}

/// A counter for a worker thread, and a reference to it for the report.
pub(crate) fn counter() -> (Arc<AtomicU64>, Arc<AtomicU64>) {
    let counter = Arc::new(AtomicU64::new(0));
    (counter.clone(), counter)
}
