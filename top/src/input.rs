//! Waiting for input of the terminal.
//!
//! crossterm does not return from a poll or read of a terminal that is gone: it reads the end of the file
//! again and again. So this module waits by `poll(2)`, which reports the hangup, and crossterm only gets
//! input that is there.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crossterm::event;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// State of the input after a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    /// There is an event to read.
    Ready,
    /// There is no event.
    Idle,
    /// The terminal is gone.
    Gone,
}

/// The terminal that keys are read from: that of standard input, or the one of the process, as in
/// crossterm.
pub(crate) struct Input {
    terminal: Option<File>,
}

impl Input {
    /// Finds the terminal.
    ///
    /// # Errors
    /// Standard input is no terminal, and the process has none.
    pub(crate) fn open() -> io::Result<Self> {
        let terminal = match io::IsTerminal::is_terminal(&io::stdin()) {
            true => None,
            false => Some(File::open("/dev/tty")?),
        };
        Ok(Self { terminal })
    }

    /// Waits for an event. A signal ends the wait.
    ///
    /// # Errors
    /// The terminal cannot be polled.
    pub(crate) fn wait(&self, timeout: Duration) -> io::Result<Waited> {
        match &self.terminal {
            None => wait_for(io::stdin().as_fd(), timeout),
            Some(terminal) => wait_for(terminal.as_fd(), timeout),
        }
    }
}

fn wait_for(terminal: BorrowedFd<'_>, timeout: Duration) -> io::Result<Waited> {
    let mut fds = [PollFd::new(terminal, PollFlags::POLLIN)];
    let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
    match poll(&mut fds, timeout) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(error) => return Err(error.into()),
    }
    let gone = PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL;
    let state = fds[0].revents().unwrap_or(PollFlags::empty());
    if state.intersects(gone) {
        return Ok(Waited::Gone);
    }
    // Also without input: crossterm keeps events that it has read, and changes of the size.
    Ok(match event::poll(Duration::ZERO)? {
        true => Waited::Ready,
        false => Waited::Idle,
    })
}
