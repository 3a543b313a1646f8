//! Jobs that run a few at a time.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Number of domains that are queried at the same time, over one connection. libvirt's daemon processes
/// five calls of a client at a time (`max_client_requests`); further calls wait there.
const MAX_PARALLEL: usize = 4;

/// Up to this number, domains are queried one after the other: threads would cost more.
const SERIAL_LIMIT: usize = 4;

/// Runs all jobs, a few at a time.
pub(super) fn run_parallel<J: Send>(jobs: &mut [J], run: impl Fn(&mut J) + Sync) {
    let other_threads = match jobs.len() {
        0..=SERIAL_LIMIT => 0,
        count => count.min(MAX_PARALLEL) - 1,
    };
    let jobs = Mutex::new(jobs.iter_mut());
    let work = || {
        loop {
            let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(job) = next else { return };
            run(job);
        }
    };
    thread::scope(|scope| {
        for _ in 0..other_threads {
            let name = "virtmon-query".to_owned();
            // If no thread can be started, this one runs all jobs.
            let _ = thread::Builder::new().name(name).spawn_scoped(scope, work);
        }
        work();
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn four_jobs_run_at_the_same_time_and_a_few_run_one_by_one() {
        for (jobs, threads) in [
            (0, 1),
            (1, 1),
            (SERIAL_LIMIT, 1),
            (MAX_PARALLEL * 2, MAX_PARALLEL),
        ] {
            // Each job waits until the expected number of jobs runs at the same time.
            let barrier = Barrier::new(threads);
            let mut done = vec![0; jobs];
            run_parallel(&mut done, |job| {
                barrier.wait();
                *job += 1;
            });
            assert_eq!(done, vec![1; jobs]);
        }
    }
}
