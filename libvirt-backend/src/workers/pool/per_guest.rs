//! A sample with a call for each guest, after a guest has blocked the call for all guests.
//!
//! The daemon lists all guests by itself. Then each guest takes a call of its own, as many at a time as may
//! block. So finding the blocked guests takes the time of one, and the rows of the others are complete.

use std::mem;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use virtmon_model::{Snapshot, Uuid};

use super::{MAX_BLOCKED, PoolError, WorkerPool};
use crate::recording::raw_sample::RawSample;
use crate::stats_groups::Scope;
use crate::workers::request::{Reply, Request};
use crate::workers::worker::Worker;

/// A worker that queries one guest.
struct Query {
    worker: usize,
    since: Instant,
}

impl WorkerPool {
    /// Reads the values that the daemon has of all guests, then these groups of each guest. The row of a
    /// guest that does not answer in time has an error.
    pub(super) fn sample_per_guest(&mut self, groups: u32) -> Result<(), PoolError> {
        self.run_on_idle(Scope::DaemonFirst)?;
        let parallel = MAX_BLOCKED.saturating_sub(self.blocked());
        // Guests are taken from the end: those that answered in the last sample come first.
        let domains = self.snapshot.domains.iter();
        let mut uuids: Vec<_> = domains.map(|row| row.identity.uuid).collect();
        uuids.sort_by_key(|uuid| self.answering.contains(uuid));
        let ready = self.workers.iter().filter(|worker| worker.is_ready());
        for _ in ready.count()..parallel.min(uuids.len()) {
            self.start_connecting();
        }
        let raw = self.query_each(groups, uuids, parallel);
        self.raw.merge(&raw);
        let rows = self.snapshot.domains.iter();
        self.incomplete = rows.filter(|row| row.error.is_some()).count();
        Ok(())
    }

    /// Queries the guests on workers that are connected by then, and replaces their rows. Returns their
    /// records.
    fn query_each(
        &mut self,
        groups: u32,
        mut uuids: Vec<Uuid>,
        mut parallel: usize,
    ) -> Vec<RawSample> {
        let timeout = self.timeout.per_guest();
        let mut raw = Vec::new();
        let mut queries: Vec<Query> = Vec::new();
        let deadline = Instant::now() + timeout * 2;
        loop {
            while queries.len() < parallel
                && let Some(worker) = self.workers.iter().position(Worker::is_ready)
                && let Some(uuid) = uuids.pop()
            {
                queries.push(self.start_query(worker, groups, uuid));
            }
            let connects = !uuids.is_empty() && self.workers.iter().any(Worker::is_connecting);
            let is_late = Instant::now() >= deadline;
            if is_late || queries.is_empty() && (parallel == 0 || !connects) {
                return raw;
            }
            // The first worker is waited for, for a moment only; the others are polled.
            let mut wait = Duration::from_millis(1);
            if connects {
                self.poll_connecting(&mut wait);
            }
            let mut index = 0;
            while let Some(query) = queries.get(index) {
                match self.workers[query.worker].recv_timeout(mem::take(&mut wait)) {
                    Ok(reply) => {
                        queries.swap_remove(index);
                        self.replace_rows(reply, &mut raw);
                    }
                    Err(RecvTimeoutError::Timeout) if query.since.elapsed() < timeout => index += 1,
                    Err(_) => {
                        queries.swap_remove(index);
                        parallel -= 1;
                    }
                }
            }
        }
    }

    fn start_query(&mut self, worker: usize, groups: u32, uuid: Uuid) -> Query {
        self.workers[worker].send(Request {
            scope: Some(Scope::Guests(groups)),
            uuids: vec![uuid],
            snapshot: Snapshot::default(),
            raw: RawSample::default(),
        });
        Query {
            worker,
            since: Instant::now(),
        }
    }

    /// Receives the replies of the workers that have connected.
    fn poll_connecting(&mut self, wait: &mut Duration) {
        let workers = self.workers.iter_mut();
        for worker in workers.filter(|worker| worker.is_connecting()) {
            // A worker that failed to connect is not ready, and gets no query.
            let _ = worker.recv_timeout(mem::take(wait));
        }
    }

    /// Replaces the rows that the daemon alone has made by those of a reply. If the call failed, the rows
    /// stay.
    fn replace_rows(&mut self, mut reply: Reply, raw: &mut Vec<RawSample>) {
        if reply.result.is_err() {
            return;
        }
        for row in reply.snapshot.domains.iter_mut() {
            let rows = &mut self.snapshot.domains;
            if let Ok(index) = rows.binary_search_by_key(&row.identity.id, |old| old.identity.id)
                && rows[index].identity == row.identity
            {
                mem::swap(&mut rows[index], row);
            }
        }
        raw.push(reply.raw);
    }
}
