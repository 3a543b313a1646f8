//! The pool of workers. A worker that a guest blocks is left to itself, and another one goes on.
//!
//! A call that queries a guest whose QEMU does not answer does not return before QEMU goes on, and nothing can
//! cancel it. But while it waits, libvirt leaves that guest's monitor out of every other call that says
//! `NOWAIT`. So the blocked worker keeps the guest from blocking the next one, and when the guest goes on, the
//! call returns and the worker is free. Other guests that block are found at once, by a call for each guest.

mod members;
mod per_guest;

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};
use std::{io, mem, thread};

use virtmon_model::{Capabilities, Error, Snapshot, Uuid};

use super::request::{Failure, Reply, Request, Success};
use super::timeout::AdaptiveTimeout;
use super::worker::Worker;
use crate::connection::target::Target;
use crate::recording::raw_sample::RawSample;
use crate::stats_groups::Scope;

/// Number of blocked workers at which no guest is queried: each of them occupies one of the daemon's workers
/// too. libvirtd has 20 workers for all its clients (`max_workers`).
const MAX_BLOCKED: usize = 12;
/// Maximum number of repeated samples while another client queries a guest.
const MAX_REPEATS: u32 = 5;
/// Minimum time that the daemon has for its answer. Nothing else is done while it is waited for.
const MIN_DAEMON_TIMEOUT: Duration = Duration::from_millis(800);
/// The same for its first answer, before there are ticks that could be late.
const FIRST_SAMPLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Time after which a second attempt to connect is made beside one that takes longer. Each further attempt is
/// made after twice the time of the last.
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time that the first connection may take: a person may be typing a password.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);

const TOO_MANY_BLOCKED: &str =
    "too many QEMU processes do not answer: no QEMU is queried until one of them does";

/// The workers of one host.
pub(crate) struct WorkerPool {
    target: Target,
    workers: Vec<Worker>,
    /// Workers that took too long to connect, until their threads end.
    abandoned: Vec<Worker>,
    reconnect_timeout: Duration,
    timeout: AdaptiveTimeout,
    /// True after the first sample.
    has_sampled: bool,
    /// Time at which a spare worker was last started or checked.
    spare_checked: Option<Instant>,
    /// Number of incomplete guests in the last sample.
    incomplete: usize,
    /// Guests whose QEMU answered in the last sample, while some guest blocks a worker.
    answering: Vec<Uuid>,
    /// The snapshot that the next sample fills.
    snapshot: Snapshot,
    /// The records of the snapshot, if samples are recorded.
    raw: RawSample,
}

/// A sample of the host.
pub(crate) struct PoolSample<'p> {
    /// The host and its guests. A row with an error is incomplete.
    pub(crate) snapshot: &'p mut Snapshot,
    /// The records of the snapshot, if samples are recorded.
    pub(crate) records: &'p [u8],
    /// True if the previous row may stand in for an incomplete one. False while QEMU is not queried for
    /// long, since the values that the daemon has by itself would be lost.
    pub(crate) may_restore: bool,
}

/// The reason why there is no sample.
pub(crate) struct PoolError {
    /// The error for the caller.
    pub(crate) error: Error,
    /// True if there is no connection.
    pub(crate) is_disconnected: bool,
}

impl WorkerPool {
    /// Connects the first worker.
    pub(crate) fn connect(
        target: Target,
        uri: Option<&str>,
    ) -> Result<(Self, Capabilities), Error> {
        let mut first = Worker::start(target.clone())?;
        first.send(Request::default());
        let success = match first.recv_timeout(CONNECT_TIMEOUT) {
            Ok(reply) => reply
                .result
                .map_err(|failure| failure.error.into_open_error(uri))?,
            Err(RecvTimeoutError::Timeout) => {
                let no_answer = no_answer(CONNECT_TIMEOUT);
                return Err(Error::Unavailable(format!("libvirt: {no_answer}")));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(thread_ended()),
        };
        let pool = Self {
            target,
            workers: vec![first],
            abandoned: Vec::new(),
            reconnect_timeout: RECONNECT_TIMEOUT,
            timeout: AdaptiveTimeout::for_guests(success.guests),
            has_sampled: false,
            spare_checked: None,
            incomplete: 0,
            answering: Vec::new(),
            snapshot: Snapshot::default(),
            raw: RawSample::default(),
        };
        Ok((pool, success.capabilities))
    }

    /// Samples the host and these groups of its guests. `interval` is the time since the previous sample
    /// began, if there was one.
    pub(crate) fn sample(
        &mut self,
        groups: u32,
        interval: Option<Duration>,
    ) -> Result<PoolSample<'_>, PoolError> {
        self.timeout.limit_to_interval(interval);
        self.reap()?;
        let may_restore = self.blocked() < MAX_BLOCKED;
        if may_restore {
            self.sample_together(groups)?;
        } else {
            self.run_on_idle(Scope::Daemon)?;
            let warning = self.snapshot.warnings.next_row();
            warning.clear();
            warning.push_str(TOO_MANY_BLOCKED);
        }
        self.remember_answering();
        self.has_sampled = true;
        self.ensure_spare();
        Ok(PoolSample {
            snapshot: &mut self.snapshot,
            records: &self.raw.bytes,
            may_restore,
        })
    }

    /// Samples all guests by one call. If a guest blocks it, samples each guest by a call of its own.
    fn sample_together(&mut self, groups: u32) -> Result<(), PoolError> {
        for repeats in 0..=MAX_REPEATS {
            let Some(success) = self.run_on_idle(Scope::Guests(groups))? else {
                return self.sample_per_guest(groups);
            };
            self.timeout.record(success.took);
            // Another client's call ends in a moment, and so does the call of a worker that was given up
            // too soon. A guest that was incomplete in the last sample stays so.
            let is_new = success.incomplete > self.incomplete;
            if !is_new || repeats == MAX_REPEATS {
                self.incomplete = success.incomplete;
                break;
            }
            thread::sleep(Duration::from_millis(2 << repeats));
        }
        Ok(())
    }

    /// Samples all guests on an idle worker, and waits for it. `None` if a guest blocks the worker.
    fn run_on_idle(&mut self, scope: Scope) -> Result<Option<Success>, PoolError> {
        let index = self.idle_worker()?;
        self.workers[index].send(Request {
            scope: Some(scope),
            uuids: Vec::new(),
            snapshot: mem::take(&mut self.snapshot),
            raw: mem::take(&mut self.raw),
        });
        self.wait_for(index)
    }

    /// Number of workers that guests block.
    fn blocked(&self) -> usize {
        let workers = self.workers.iter();
        workers.filter(|worker| worker.is_blocked()).count()
    }

    /// Stores the guests that answered, for as long as a guest blocks a worker. If none answered, the
    /// stored guests stay: they are queried first the next time.
    fn remember_answering(&mut self) {
        if self.incomplete == 0 && self.blocked() == 0 {
            self.answering.clear();
            return;
        }
        let rows = self.snapshot.domains.iter();
        let complete = rows.filter(|row| row.error.is_none() && row.stale_ns == 0);
        let mut uuids = complete.map(|row| row.identity.uuid).peekable();
        if uuids.peek().is_some() {
            self.answering.clear();
            self.answering.extend(uuids);
        }
    }

    /// Waits for a worker's reply. `None` if a guest blocks the worker.
    fn wait_for(&mut self, index: usize) -> Result<Option<Success>, PoolError> {
        // A guest is given up soon: if it answers after all, nothing is lost. A daemon is not, since there
        // is no sample without it.
        let slice = self.timeout.current();
        let max = slice.max(if self.has_sampled {
            MIN_DAEMON_TIMEOUT
        } else {
            FIRST_SAMPLE_TIMEOUT
        });
        let mut waited = Duration::ZERO;
        while waited < max {
            match self.workers[index].recv_timeout(slice) {
                Ok(reply) => return self.accept(index, reply).map(Some),
                Err(RecvTimeoutError::Timeout) if self.workers[index].is_blocked() => {
                    return Ok(None);
                }
                Err(RecvTimeoutError::Timeout) => waited += slice,
                Err(RecvTimeoutError::Disconnected) => {
                    self.workers.swap_remove(index);
                    return Err(PoolError {
                        error: thread_ended(),
                        is_disconnected: true,
                    });
                }
            }
        }
        Err(PoolError {
            error: Error::call("libvirt", io::Error::other(no_answer(max))),
            is_disconnected: false,
        })
    }

    /// Takes over a worker's reply.
    fn accept(&mut self, index: usize, reply: Reply) -> Result<Success, PoolError> {
        if reply.covers_all {
            self.snapshot = reply.snapshot;
            self.raw = reply.raw;
        }
        match reply.result {
            Ok(success) => {
                self.reconnect_timeout = RECONNECT_TIMEOUT;
                if success.has_reconnected {
                    self.drop_idle_except(index);
                }
                Ok(success)
            }
            Err(Failure {
                call,
                error,
                is_disconnected,
            }) => Err(PoolError {
                error: if is_disconnected {
                    error.into_retry_error(call)
                } else {
                    error.into_call_error(call)
                },
                is_disconnected,
            }),
        }
    }
}

fn no_answer(timeout: Duration) -> String {
    if timeout < Duration::from_secs(1) {
        return "the daemon does not answer".into();
    }
    format!("no answer within {} s", timeout.as_secs())
}

fn thread_ended() -> Error {
    Error::call(
        "libvirt",
        io::Error::other("the worker's thread has ended unexpectedly"),
    )
}
