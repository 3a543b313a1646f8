//! State of the mirror.

use std::io::ErrorKind;
use std::os::fd::BorrowedFd;
use std::thread;
use std::time::{Duration, Instant};

use super::super::connection::Connection;
use super::super::requests::Requests;
use super::super::tracked_domain::{TrackedDomain, index_of};
use super::queues::Queues;

/// Time that the first sample may wait for names and devices. There is no tick yet that the wait
/// could delay.
const FIRST_TIMEOUT: Duration = Duration::from_secs(2);
/// Time that a later sample may wait for the names and devices of new domains.
pub(super) const TIMEOUT: Duration = Duration::from_millis(20);
/// First and longest delay before another attempt to connect.
pub(super) const FIRST_RETRY: Duration = Duration::from_millis(100);
pub(super) const MAX_RETRY: Duration = Duration::from_secs(10);
/// Time that the start waits for a xenstored that has other connections to accept first.
const OPEN_TIMEOUT: Duration = Duration::from_secs(1);

/// The mirror.
pub(crate) struct Mirror {
    pub(super) connection: Option<Connection>,
    pub(super) retry_at: Instant,
    pub(super) retry_delay: Duration,
    /// Domains in ascending order of domid.
    pub(super) tracked: Vec<TrackedDomain>,
    /// Number of domains whose row waits for a value.
    pub(super) waiting: usize,
    pub(super) queues: Queues,
    pub(super) requests: Requests,
    /// Domid and serial of each domain that writes without a pause, or did until recently.
    pub(super) suspended: Vec<(u32, u32)>,
    pub(super) last_serial: u32,
    /// Number of the current batch of messages: those that one read of the connection returned.
    pub(super) batch: u64,
    /// Time that the next sample may wait.
    pub(super) timeout: Duration,
    /// Earliest time of the next read between ticks.
    pub(super) drain_at: Instant,
    /// Buffers for the path and the token of a request.
    pub(super) path: String,
    pub(super) token: String,
    /// Number of messages handled.
    pub(super) messages: u64,
}

impl Mirror {
    /// Connects to the xenstore of this host.
    pub(crate) fn open() -> Self {
        let until = Instant::now() + OPEN_TIMEOUT;
        loop {
            match Connection::open() {
                Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < until => {
                    thread::sleep(Duration::from_millis(10));
                }
                connected => return Self::new(connected.ok()),
            }
        }
    }

    /// A mirror over a non-blocking socket. It waits for no answer.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn from_socket(socket: std::os::fd::OwnedFd) -> Self {
        Self {
            timeout: Duration::ZERO,
            retry_delay: MAX_RETRY,
            ..Self::new(Some(Connection::from_socket(socket)))
        }
    }

    /// Approximate number of bytes in the queues.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn queued_bytes(&self) -> usize {
        let tasks = self.queues.urgent.len() + self.queues.later.len();
        let unwatch = self.queues.unwatch.iter();
        let unwatch = unwatch.map(|(path, token)| path.len() + token.len());
        let connection = self.connection.as_ref();
        tasks * size_of::<super::queues::Task>()
            + unwatch.sum::<usize>()
            + connection.map_or(0, Connection::unsent)
    }

    pub(super) fn new(connection: Option<Connection>) -> Self {
        let now = Instant::now();
        Self {
            connection,
            retry_at: now + FIRST_RETRY,
            retry_delay: FIRST_RETRY,
            tracked: Vec::new(),
            waiting: 0,
            queues: Queues::default(),
            requests: Requests::default(),
            suspended: Vec::new(),
            last_serial: 0,
            batch: 0,
            timeout: FIRST_TIMEOUT,
            drain_at: now,
            path: String::new(),
            token: String::new(),
            messages: 0,
        }
    }

    /// True if there is a connection to xenstore.
    pub(crate) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// The descriptor that becomes readable when a message arrives, and the earliest time of the
    /// next read between ticks.
    pub(crate) fn descriptor(&self) -> Option<(BorrowedFd<'_>, Instant)> {
        Some((self.connection.as_ref()?.fd(), self.drain_at))
    }

    /// Index of the domain with this domid and serial.
    pub(super) fn index_of(&self, domid: u32, serial: u32) -> Option<usize> {
        index_of(&self.tracked, domid).filter(|&at| self.tracked[at].serial == serial)
    }
}
