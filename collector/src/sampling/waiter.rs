//! Waiting: for a timer, for signals, and for a backend's descriptor, at once.
//!
//! A timerfd holds the deadlines, not `clock_nanosleep`. Both are absolute and use the same kernel
//! timers, but only a descriptor can be waited for together with another one. With a sleep, a SIGTERM
//! that arrives just before it would be seen one interval later.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::sampling::signals::Signals;

/// The descriptor that ended a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    /// A signal arrived.
    Signal,
    /// The timer expired.
    Timer,
    /// The backend's descriptor is readable.
    Backend,
    /// None: the time until the backend's descriptor counts has passed, or a signal handler ran.
    Nothing,
}

/// A timer that expires at absolute times of `CLOCK_MONOTONIC`.
#[derive(Debug)]
pub(crate) struct Waiter {
    timer: File,
}

impl Waiter {
    /// Starts a timer that expires at `first_ns`, and then once an interval.
    ///
    /// # Errors
    /// The kernel has no timer, or not for such an interval.
    pub(crate) fn start(first_ns: u64, interval: Duration) -> io::Result<Self> {
        let timer = TimerFd::new(
            ClockId::CLOCK_MONOTONIC,
            TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK,
        )?;
        let first = TimeSpec::from(Duration::from_nanos(first_ns));
        timer.set(
            Expiration::IntervalDelayed(first, TimeSpec::from(interval)),
            TimerSetTimeFlags::TFD_TIMER_ABSTIME,
        )?;
        Ok(Self {
            timer: File::from(OwnedFd::from(timer)),
        })
    }

    /// Acknowledges the timer. False if it has not expired since the last call. The number of
    /// expirations is of no use: the clock may be further by the time it is read.
    ///
    /// # Errors
    /// The timer cannot be read.
    pub(crate) fn take_expiration(&mut self) -> io::Result<bool> {
        match self.timer.read(&mut [0; 8]) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits for a signal, for the timer, and from a time on for a backend's descriptor. Returns the
    /// first of these, in this order, that is ready.
    ///
    /// # Errors
    /// The descriptors cannot be polled.
    pub(crate) fn wait(
        &self,
        signals: &Signals,
        backend: Option<(BorrowedFd<'_>, Instant)>,
    ) -> io::Result<Ready> {
        let mut timeout = PollTimeout::NONE;
        let backend = backend.filter(|(_, at)| {
            let ahead = at.saturating_duration_since(Instant::now());
            if !ahead.is_zero() {
                // Rounded up: otherwise the last fraction of a millisecond is a busy loop.
                let ahead = ahead + Duration::from_micros(999);
                timeout = PollTimeout::try_from(ahead).unwrap_or(PollTimeout::MAX);
            }
            ahead.is_zero()
        });
        let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let (signals, timer) = (readable(signals.fd()), readable(self.timer.as_fd()));
        let mut two = [signals.clone(), timer.clone()];
        let mut three;
        let fds = match backend {
            Some((fd, _)) => {
                three = [signals, timer, readable(fd)];
                &mut three[..]
            }
            None => &mut two[..],
        };
        match poll(fds, timeout) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Ready::Nothing),
            Err(error) => return Err(error.into()),
        }
        let ready = [Ready::Signal, Ready::Timer, Ready::Backend];
        let first = fds.iter().position(|fd| fd.any() == Some(true));
        Ok(first.map_or(Ready::Nothing, |at| ready[at]))
    }
}
