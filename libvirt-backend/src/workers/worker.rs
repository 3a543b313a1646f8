//! A worker: a thread with a connection of its own. Its owner may wait for it or leave it to itself.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use virtmon_model::Error;

use super::request::{Reply, Request};
use super::worker_thread;
use crate::connection::phase::{Phase, PhaseCell};
use crate::connection::target::Target;

/// A worker, as its owner sees it. Dropping it ends the thread and its connection: at once, or when the
/// call that the thread is in returns. Nothing waits for that.
pub(crate) struct Worker {
    requests: SyncSender<Request>,
    replies: Receiver<Reply>,
    phase: Arc<PhaseCell>,
    is_busy: bool,
    /// True if the last request was to connect, and nothing else.
    connects_only: bool,
    /// True if there was a connection after the last reply.
    is_connected: bool,
    /// Time at which the worker was first seen to connect.
    connecting_since: Option<Instant>,
}

impl Worker {
    /// Starts a thread. It connects at its first request.
    ///
    /// # Errors
    /// The thread could not be started.
    pub(crate) fn start(target: Target) -> Result<Self, Error> {
        let (requests, request_receiver) = sync_channel(1);
        let (reply_sender, replies) = sync_channel(1);
        let phase = Arc::new(PhaseCell::new());
        let thread_phase = Arc::clone(&phase);
        thread::Builder::new()
            .name("virtmon-libvirt".into())
            .spawn(move || {
                worker_thread::run(&target, &request_receiver, &reply_sender, &thread_phase);
            })
            .map_err(|source| Error::call("a thread for libvirt", source))?;
        Ok(Self {
            requests,
            replies,
            phase,
            is_busy: false,
            connects_only: false,
            is_connected: false,
            connecting_since: None,
        })
    }

    /// Sends a request to a worker that is not busy.
    pub(crate) fn send(&mut self, request: Request) {
        self.connects_only = request.scope.is_none();
        self.phase.set(Phase::Daemon);
        // Sending fails only if the thread has ended, which receiving its reply reports.
        let _ = self.requests.send(request);
        self.is_busy = true;
    }

    /// Waits for the reply to the last request.
    ///
    /// # Errors
    /// There is no reply within the timeout, or the thread has ended.
    pub(crate) fn recv_timeout(&mut self, timeout: Duration) -> Result<Reply, RecvTimeoutError> {
        let received = self.replies.recv_timeout(timeout);
        self.is_busy = received.is_err();
        if let Ok(reply) = &received {
            self.is_connected = !matches!(&reply.result, Err(failure) if failure.is_disconnected);
        }
        received
    }

    /// True if the worker is connected and not busy.
    pub(crate) fn is_ready(&self) -> bool {
        !self.is_busy && self.is_connected
    }

    /// True if the reply to the last request has not been received.
    pub(crate) fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// True if a guest blocks the worker. While it does, other calls leave that guest out.
    pub(crate) fn is_blocked(&self) -> bool {
        self.is_busy && self.phase.get() == Phase::Guests
    }

    /// True if the worker connects, or has connected and its reply has not been received.
    pub(crate) fn is_connecting(&self) -> bool {
        self.is_busy && (self.connects_only || self.phase.get() == Phase::Connecting)
    }

    /// Time since the worker was first seen to connect; zero if it does not connect.
    pub(crate) fn connecting_for(&mut self) -> Duration {
        let since = self
            .is_connecting()
            .then(|| self.connecting_since.unwrap_or_else(Instant::now));
        self.connecting_since = since;
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}
