//! Rounds of messages: within a sample, and between two ticks.

use std::io;
use std::time::{Duration, Instant};

use super::super::handler::{IsAlive, NodeHandler};
use super::state::{Mirror, TIMEOUT};

/// Most messages that a sample handles. Further messages are handled between ticks, or in the next
/// sample.
pub(super) const MAX_TICK_MESSAGES: u32 = 1024;
/// Number of further messages that a sample handles at a time while a row waits.
const MAX_WAIT_MESSAGES: u32 = 64;
/// Minimum time between two reads of the connection between ticks. The time is also at least
/// `SPACING_FACTOR` times the duration of the last read, so that virtmon spends at most one part in
/// `SPACING_FACTOR` of its time on events that guests cause.
pub(super) const SPACING: Duration = Duration::from_millis(50);
const SPACING_FACTOR: u32 = 20;
/// Minimum time between two reads while answers are outstanding.
pub(super) const BUSY_SPACING: Duration = Duration::from_millis(1);

impl Mirror {
    /// Handles the messages that arrived and sends requests. It waits for a short time while a row
    /// waits.
    ///
    /// After one timeout, no sample waits until xenstore has answered all requests. So a xenstore
    /// that does not answer delays one tick, not every tick.
    pub(crate) fn exchange(&mut self, handler: &mut dyn NodeHandler, is_alive: IsAlive<'_>) {
        if self.exchange_messages(handler, is_alive).is_err() {
            self.disconnect(handler);
        }
        if self.connection.is_none() && Instant::now() >= self.retry_at {
            self.reconnect();
        }
    }

    fn exchange_messages(
        &mut self,
        handler: &mut dyn NodeHandler,
        is_alive: IsAlive<'_>,
    ) -> io::Result<()> {
        if !self.suspended.is_empty() {
            self.check_suspended(Instant::now());
        }
        let mut until = None;
        let mut left = MAX_TICK_MESSAGES;
        loop {
            let is_idle = self.step(&mut left, None, handler, is_alive)?;
            let Some(connection) = &self.connection else {
                return Ok(());
            };
            if self.waiting == 0 {
                self.timeout = TIMEOUT;
            }
            if !is_idle && left > 0 {
                continue;
            }
            if self.waiting == 0 || self.timeout.is_zero() {
                return Ok(());
            }
            let until = *until.get_or_insert_with(|| Instant::now() + self.timeout);
            let in_time = match is_idle {
                true => connection.wait(until)?,
                false => Instant::now() < until,
            };
            if !in_time {
                self.timeout = Duration::ZERO;
                return Ok(());
            }
            left = left.max(MAX_WAIT_MESSAGES);
        }
    }

    /// Handles the messages that arrived between two ticks, until `until` at most, and sets the time
    /// of the next read.
    pub(crate) fn drain(
        &mut self,
        until: Instant,
        handler: &mut dyn NodeHandler,
        is_alive: IsAlive<'_>,
    ) {
        let began = Instant::now();
        let mut left = u32::MAX;
        let done = loop {
            match self.step(&mut left, Some(until), handler, is_alive) {
                Ok(false) if Instant::now() < until => {}
                done => break done,
            }
        };
        if done.is_err() {
            self.disconnect(handler);
        }
        let now = Instant::now();
        let took = now.saturating_duration_since(began);
        // Answers to requests arrive soon, and their number is limited by that of the requests.
        let is_busy = !self.queues.is_empty() || self.requests.has_pending();
        self.drain_at = now
            + match is_busy {
                true => BUSY_SPACING.max(took),
                false => SPACING.max(took * SPACING_FACTOR),
            };
    }

    /// Reads once, handles the messages, and sends. Returns true if there is nothing more to read.
    fn step(
        &mut self,
        left: &mut u32,
        until: Option<Instant>,
        handler: &mut dyn NodeHandler,
        is_alive: IsAlive<'_>,
    ) -> io::Result<bool> {
        let Some(mut connection) = self.connection.take() else {
            return Ok(true);
        };
        let received = self.receive(&mut connection, left, until, handler, is_alive);
        self.connection = Some(connection);
        let received = received?;
        if !self.queues.is_empty() {
            self.pump();
        }
        if let Some(connection) = &mut self.connection {
            connection.send()?;
        }
        Ok(!received && *left > 0)
    }
}
