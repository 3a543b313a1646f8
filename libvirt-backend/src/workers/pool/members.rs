//! The workers in a pool: when they are started, freed and dropped.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use super::{PoolError, WorkerPool};
use crate::workers::request::Request;
use crate::workers::worker::Worker;

/// Number of idle workers to keep beside the one that samples. Their connections are open before they are
/// needed.
const MAX_SPARE: usize = 1;
/// Time between two attempts to start a spare worker, and between two checks of the connection of one.
const SPARE_INTERVAL: Duration = Duration::from_secs(10);
/// Maximum number of abandoned workers. When it is reached, the last attempt to connect is waited for.
const MAX_ABANDONED: usize = 8;

impl WorkerPool {
    /// Frees the workers whose calls have returned, and waits for a worker that the daemon itself has not
    /// answered: another worker would get no answer either. A worker that connects is waited for only if
    /// there is no idle one. Its peer may not exist any more, so after a while another worker tries.
    pub(super) fn reap(&mut self) -> Result<(), PoolError> {
        self.abandoned.retain_mut(|worker| {
            matches!(
                worker.recv_timeout(Duration::ZERO),
                Err(RecvTimeoutError::Timeout)
            )
        });
        for index in (0..self.workers.len()).rev() {
            let has_idle = self.workers.iter().any(|worker| !worker.is_busy());
            let worker = &mut self.workers[index];
            if !worker.is_busy() {
                continue;
            }
            if worker.connecting_for() >= self.reconnect_timeout
                && self.abandoned.len() < MAX_ABANDONED
            {
                self.abandoned.push(self.workers.swap_remove(index));
                self.reconnect_timeout *= 2;
            } else if !(worker.is_blocked() || worker.is_connecting() && has_idle) {
                self.wait_for(index)?;
            } else if let Err(RecvTimeoutError::Disconnected) = worker.recv_timeout(Duration::ZERO)
            {
                self.workers.swap_remove(index);
            }
        }
        self.drop_surplus();
        Ok(())
    }

    /// Drops the idle workers that are too many.
    fn drop_surplus(&mut self) {
        let mut to_keep = MAX_SPARE + 1;
        self.workers.retain(|worker| {
            let keep = worker.is_busy() || to_keep > 0;
            if !worker.is_busy() {
                to_keep = to_keep.saturating_sub(1);
            }
            keep
        });
    }

    /// Drops the idle workers except this one: the daemon that they are connected to does not exist any
    /// more.
    pub(super) fn drop_idle_except(&mut self, index: usize) {
        let mut indices = 0..;
        self.workers
            .retain(|worker| indices.next() == Some(index) || worker.is_busy());
        self.spare_checked = None;
    }

    /// Index of an idle worker: of a connected one, if there is one.
    pub(super) fn idle_worker(&mut self) -> Result<usize, PoolError> {
        let ready = self.workers.iter().position(Worker::is_ready);
        let idle = || self.workers.iter().position(|worker| !worker.is_busy());
        if let Some(index) = ready.or_else(idle) {
            return Ok(index);
        }
        let worker = Worker::start(self.target.clone()).map_err(|error| PoolError {
            error,
            is_disconnected: false,
        })?;
        self.workers.push(worker);
        Ok(self.workers.len() - 1)
    }

    /// Starts a spare worker, for the next time that a guest blocks the one in use: a busy daemon may take
    /// seconds to open a connection. A spare worker that there is already opens its connection again if the
    /// connection was lost.
    pub(super) fn ensure_spare(&mut self) {
        let now = Instant::now();
        let is_recent = |since: Instant| now.duration_since(since) < SPARE_INTERVAL;
        if self.spare_checked.is_some_and(is_recent) {
            return;
        }
        self.spare_checked = Some(now);
        let free = self.workers.iter().filter(|worker| !worker.is_blocked());
        if free.count() <= MAX_SPARE {
            self.start_connecting();
        } else if let Some(spare) = self.workers.iter_mut().rev().find(|w| !w.is_busy()) {
            spare.send(Request::default());
        }
    }

    /// Starts a worker, which connects. If no thread can be started, the sample that needs one reports the
    /// error.
    pub(super) fn start_connecting(&mut self) {
        if let Ok(mut worker) = Worker::start(self.target.clone()) {
            worker.send(Request::default());
            self.workers.push(worker);
        }
    }
}
