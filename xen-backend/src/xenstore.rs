//! A connection to xenstore that never blocks: requests are queued, answers are taken when they
//! are there.
//!
//! The daemon's own protocol, not libxenstore: that library waits for every answer without a time
//! limit, and its soname differs between Xen releases.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use virtmon_model::Identity;
use xen_sys::xs_wire::{HEADER_BYTES, PAYLOAD_MAX};

/// Where a xenstore daemon in this domain listens (libxenstore's `xs_daemon_socket`).
const SOCKET: &str = "/run/xenstored/socket";
/// The kernel's way to a daemon in another domain: the second is that of kernels before 3.3.
const DEVICES: [&str; 2] = ["/dev/xen/xenbus", "/proc/xen/xenbus"];

/// Says whether this life of a domain is there now.
pub(crate) type Still<'a> = &'a mut dyn FnMut(Identity) -> bool;

/// A message that came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: u32,
    pub(crate) request: u32,
    pub(crate) payload: Vec<u8>,
}

/// An open connection.
pub(crate) struct Connection {
    stream: File,
    /// Bytes that are still to go.
    out: Vec<u8>,
    /// Bytes that have come and are no whole message yet.
    inbox: Vec<u8>,
    /// Where a read puts its bytes, kept: zeroing it anew would cost more than the read.
    chunk: Box<[u8; PAYLOAD_MAX]>,
}

impl Connection {
    /// Connects to this host's xenstore.
    pub(crate) fn open() -> io::Result<Self> {
        match UnixStream::connect(SOCKET) {
            Ok(socket) => Self::over(socket),
            Err(no_socket) => {
                let device = DEVICES.iter().find_map(|path| {
                    File::options()
                        .read(true)
                        .write(true)
                        .custom_flags(OFlag::O_NONBLOCK.bits())
                        .open(path)
                        .ok()
                });
                device.map(Self::on).ok_or(no_socket)
            }
        }
    }

    /// Speaks over a socket that is connected already.
    pub(crate) fn over(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self::on(File::from(OwnedFd::from(socket))))
    }

    fn on(stream: File) -> Self {
        Self {
            stream,
            out: Vec::new(),
            inbox: Vec::new(),
            chunk: Box::new([0; PAYLOAD_MAX]),
        }
    }

    /// Queues a request; each part is sent with a NUL behind it.
    pub(crate) fn queue(&mut self, kind: u32, request: u32, parts: &[&str]) {
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
    pub(crate) fn send(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => drop(self.out.drain(..sent)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes in what has come, without waiting for more.
    pub(crate) fn receive(&mut self) -> io::Result<()> {
        loop {
            match self.stream.read(&mut self.chunk[..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(came) => self.inbox.extend_from_slice(&self.chunk[..came]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until there is something to receive, at most until `until`. Says whether there may be.
    pub(crate) fn wait(&self, until: Instant) -> io::Result<bool> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        // Rounded up, or the last fraction of a millisecond would be spent in a busy loop.
        let left = left + Duration::from_micros(999);
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut wanted = PollFlags::POLLIN;
        wanted.set(PollFlags::POLLOUT, !self.out.is_empty());
        let mut fds = [PollFd::new(self.stream.as_fd(), wanted)];
        match poll(&mut fds, left) {
            Ok(ready) => Ok(ready > 0),
            Err(nix::errno::Errno::EINTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the next whole message that has come.
    pub(crate) fn take(&mut self) -> io::Result<Option<Message>> {
        let Some(header) = self.inbox.first_chunk::<HEADER_BYTES>() else {
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
        let end = HEADER_BYTES + bytes;
        if self.inbox.len() < end {
            return Ok(None);
        }
        let payload = self.inbox[HEADER_BYTES..end].to_vec();
        self.inbox.drain(..end);
        Ok(Some(Message {
            kind,
            request,
            payload,
        }))
    }
}
