//! A connection to xenstore that never blocks: requests are queued, answers are taken when they
//! are there. Both buffers are bounded.
//!
//! The daemon's own protocol, not libxenstore: that library waits for every answer without a time
//! limit, and its soname differs between Xen releases.

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

/// Where a xenstore daemon in this domain listens (libxenstore's `xs_daemon_socket`).
pub(super) const SOCKET: &str = "/run/xenstored/socket";
/// The kernel's way to a daemon in another domain: the second is that of kernels before 3.3.
const DEVICES: [&str; 2] = ["/dev/xen/xenbus", "/proc/xen/xenbus"];

/// What is read at once: more than a dozen of the longest messages.
const INBOX_BYTES: usize = 64 << 10;
/// No request is queued behind so much that the daemon has not taken.
const OUT_BYTES: usize = 16 << 10;

/// A message that came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: u32,
    pub(super) request: u32,
    pub(super) payload: &'a [u8],
}

/// An open connection.
pub(crate) struct Connection {
    stream: File,
    /// Requests. The daemon has taken the first `sent` bytes of them.
    out: Vec<u8>,
    sent: usize,
    /// Whether each request takes a write of its own: the kernel's device reads one in a write, and
    /// drops what follows (`xenbus_file_write`).
    is_device: bool,
    inbox: Inbox,
}

/// Bytes that have come; those from `begin` to `end` are not used yet.
pub(super) struct Inbox {
    bytes: Box<[u8]>,
    begin: usize,
    end: usize,
}

impl Connection {
    /// Connects to this host's xenstore, without waiting for it.
    ///
    /// # Errors
    /// `EAGAIN` where the daemon is there and has not taken those who came before: it listens with a
    /// backlog of one.
    pub(super) fn open() -> io::Result<Self> {
        match Self::to(Path::new(SOCKET)) {
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
                    ..Self::on(device)
                });
                device.ok_or(no_socket)
            }
            connected => connected,
        }
    }

    /// Connects to a socket, without waiting for who listens there.
    pub(super) fn to(path: &Path) -> io::Result<Self> {
        let socket = socket(
            AddressFamily::Unix,
            SockType::Stream,
            SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
            None,
        )?;
        loop {
            match connect(socket.as_raw_fd(), &UnixAddr::new(path)?) {
                Ok(()) => return Ok(Self::on(File::from(socket))),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Speaks over a socket that is connected already and does not block.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn over(socket: OwnedFd) -> Self {
        Self::on(File::from(socket))
    }

    fn on(stream: File) -> Self {
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

    /// What becomes readable when a message comes.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// Whether one more request may be queued.
    pub(super) fn has_room(&self) -> bool {
        self.out.len() - self.sent < OUT_BYTES
    }

    /// Queues a request; each part is sent with a NUL behind it.
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

    /// Sends what is queued, as far as that goes without waiting.
    pub(super) fn send(&mut self) -> io::Result<()> {
        while self.sent < self.out.len() {
            let rest = &self.out[self.sent..];
            let one = if self.is_device { first(rest) } else { rest };
            match self.stream.write(one) {
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

    /// Reads once, without waiting. Says whether there may be more.
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
                Ok(came) => {
                    inbox.end += came;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until there is something to receive, at most until `until`. Says whether there may be.
    pub(super) fn wait(&self, until: Instant) -> io::Result<bool> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        // Rounded up, or the last fraction of a millisecond would be spent in a busy loop.
        let left = left + Duration::from_micros(999);
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut wanted = PollFlags::POLLIN;
        wanted.set(PollFlags::POLLOUT, self.sent < self.out.len());
        let mut fds = [PollFd::new(self.stream.as_fd(), wanted)];
        match poll(&mut fds, left) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::EINTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// What has come.
    pub(super) fn inbox(&mut self) -> &mut Inbox {
        &mut self.inbox
    }

    /// Bytes that wait for the daemon.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn unsent(&self) -> usize {
        self.out.len() - self.sent
    }
}

/// The first of some queued requests.
fn first(requests: &[u8]) -> &[u8] {
    let bytes = requests
        .get(12..HEADER_BYTES)
        .and_then(|length| length.first_chunk())
        .map_or(0, |length| u32::from_ne_bytes(*length));
    let end = HEADER_BYTES.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX));
    requests.get(..end).unwrap_or(requests)
}

impl Inbox {
    /// Takes the next whole message.
    ///
    /// # Errors
    /// It is announced longer than the protocol allows.
    pub(super) fn take(&mut self) -> io::Result<Option<Message<'_>>> {
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
                "xenstore announced a message longer than its protocol allows",
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
