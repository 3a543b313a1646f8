//! A connection to xenstore that never blocks: requests are queued, and answers are read when they
//! have arrived. Both buffers are bounded.
//!
//! This module implements the protocol of the daemon and does not use libxenstore. That library
//! waits for every answer without a timeout, and its soname differs between Xen releases.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
#[cfg(any(test, feature = "fuzzing"))]
use std::os::fd::OwnedFd;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
use xen_sys::xs_wire::{HEADER_BYTES, PAYLOAD_MAX};

/// Socket of a xenstore daemon in this domain (libxenstore's `xs_daemon_socket`).
pub(super) const SOCKET: &str = "/run/xenstored/socket";
/// Kernel devices that forward to a daemon in another domain. The second is that of kernels before
/// 3.3.
const DEVICES: [&str; 2] = ["/dev/xen/xenbus", "/proc/xen/xenbus"];

/// Size of the receive buffer: more than a dozen of the longest messages.
const INBOX_BYTES: usize = 64 << 10;
/// Number of unsent bytes from which on no further request is queued.
const OUT_BYTES: usize = 16 << 10;

/// A received message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: u32,
    pub(super) request: u32,
    pub(super) payload: &'a [u8],
}

/// An open connection.
pub(crate) struct Connection {
    stream: File,
    /// Queued requests. The first `sent` bytes are sent.
    out: Vec<u8>,
    sent: usize,
    /// True if each request needs a write of its own. The kernel's device reads one request per
    /// write, and drops the bytes after it (`xenbus_file_write`).
    is_device: bool,
    inbox: Inbox,
}

/// Received bytes. Those from `begin` to `end` are not used yet.
pub(super) struct Inbox {
    bytes: Box<[u8]>,
    begin: usize,
    end: usize,
}

impl Connection {
    /// Connects to the xenstore of this host, without blocking.
    ///
    /// # Errors
    /// `EAGAIN` if the daemon has not accepted earlier connections yet. It listens with a backlog of
    /// one.
    pub(super) fn open() -> io::Result<Self> {
        match Self::connect_to(Path::new(SOCKET)) {
            Err(no_socket) if no_socket.kind() != ErrorKind::WouldBlock => {
                let device = DEVICES.iter().find_map(|path| {
                    File::options()
                        .read(true)
                        .write(true)
                        .custom_flags(OFlag::O_NONBLOCK.bits())
                        .open(path)
                        .ok()
                });
                let device = device.map(|device| Self {
                    is_device: true,
                    ..Self::new(device)
                });
                device.ok_or(no_socket)
            }
            connected => connected,
        }
    }

    /// Connects to a socket, without blocking.
    pub(super) fn connect_to(path: &Path) -> io::Result<Self> {
        let socket = socket(
            AddressFamily::Unix,
            SockType::Stream,
            SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
            None,
        )?;
        loop {
            match connect(socket.as_raw_fd(), &UnixAddr::new(path)?) {
                Ok(()) => return Ok(Self::new(File::from(socket))),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A connection over a non-blocking socket that is connected already.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn from_socket(socket: OwnedFd) -> Self {
        Self::new(File::from(socket))
    }

    fn new(stream: File) -> Self {
        Self {
            stream,
            out: Vec::new(),
            sent: 0,
            is_device: false,
            inbox: Inbox {
                bytes: vec![0; INBOX_BYTES].into(),
                begin: 0,
                end: 0,
            },
        }
    }

    /// The descriptor that becomes readable when a message arrives.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// True if one more request may be queued.
    pub(super) fn has_room(&self) -> bool {
        self.out.len() - self.sent < OUT_BYTES
    }

    /// Queues a request. Each part is followed by a NUL.
    pub(super) fn queue(&mut self, kind: u32, request: u32, parts: &[&str]) {
        let bytes: usize = parts.iter().map(|part| part.len() + 1).sum();
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        for word in [kind, request, 0, bytes] {
            self.out.extend_from_slice(&word.to_ne_bytes());
        }
        for part in parts {
            self.out.extend_from_slice(part.as_bytes());
            self.out.push(0);
        }
    }

    /// Sends queued requests, as far as possible without blocking.
    pub(super) fn send(&mut self) -> io::Result<()> {
        while self.sent < self.out.len() {
            let unsent = &self.out[self.sent..];
            let part = match self.is_device {
                true => first_request(unsent),
                false => unsent,
            };
            match self.stream.write(part) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => self.sent += sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.sent == self.out.len() {
            self.out.clear();
            self.sent = 0;
        } else if self.sent >= OUT_BYTES {
            self.out.drain(..self.sent);
            self.sent = 0;
        }
        Ok(())
    }

    /// Reads once, without blocking. Returns true if there may be more to read.
    pub(super) fn receive(&mut self) -> io::Result<bool> {
        let Self { stream, inbox, .. } = self;
        inbox.bytes.copy_within(inbox.begin..inbox.end, 0);
        inbox.end -= inbox.begin;
        inbox.begin = 0;
        if inbox.end == inbox.bytes.len() {
            return Ok(true);
        }
        loop {
            match stream.read(&mut inbox.bytes[inbox.end..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(received) => {
                    inbox.end += received;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for a message until `until`. Returns true if there may be one.
    pub(super) fn wait(&self, until: Instant) -> io::Result<bool> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        // The time is rounded up. Otherwise the last fraction of a millisecond would be a busy loop.
        let left = left + Duration::from_micros(999);
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut events = PollFlags::POLLIN;
        events.set(PollFlags::POLLOUT, self.sent < self.out.len());
        let mut fds = [PollFd::new(self.stream.as_fd(), events)];
        match poll(&mut fds, left) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::EINTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// The received messages.
    pub(super) fn inbox(&mut self) -> &mut Inbox {
        &mut self.inbox
    }

    /// Number of queued bytes that are not sent.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn unsent(&self) -> usize {
        self.out.len() - self.sent
    }
}

/// The first request of a queue.
fn first_request(requests: &[u8]) -> &[u8] {
    let bytes = requests
        .get(12..HEADER_BYTES)
        .and_then(|length| length.first_chunk())
        .map_or(0, |length| u32::from_ne_bytes(*length));
    let end = HEADER_BYTES.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX));
    requests.get(..end).unwrap_or(requests)
}

impl Inbox {
    /// Returns the next complete message.
    ///
    /// # Errors
    /// The length in its header is larger than the protocol allows.
    pub(super) fn next_message(&mut self) -> io::Result<Option<Message<'_>>> {
        let Some(header) = self.bytes[self.begin..self.end].first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let word = |n: usize| {
            let mut word = [0; 4];
            word.copy_from_slice(&header[n * 4..n * 4 + 4]);
            u32::from_ne_bytes(word)
        };
        let (kind, request) = (word(0), word(1));
        let bytes = usize::try_from(word(3)).unwrap_or(usize::MAX);
        if bytes > PAYLOAD_MAX {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "xenstore sent a message that is longer than its protocol allows",
            ));
        }
        let begin = self.begin + HEADER_BYTES;
        let end = begin + bytes;
        if self.end < end {
            return Ok(None);
        }
        self.begin = end;
        Ok(Some(Message {
            kind,
            request,
            payload: &self.bytes[begin..end],
        }))
    }
}

#[cfg(test)]
mod tests;
