//! When to read: absolute deadlines, and the signals that end the wait.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use virtmon_model::Backend;

use crate::sampling::clock;
use crate::sampling::signals::Signals;

/// A backend may take in what has come for so long at once.
const DRAIN: Duration = Duration::from_millis(2);
/// And not so shortly before a tick.
const BEFORE_TICK: Duration = Duration::from_millis(1);

/// What ended a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// This tick is due: the last one that is, where several have passed.
    Due(u64),
    /// SIGINT or SIGTERM came, or an output failed.
    Stop,
    /// SIGHUP came, where that is caught.
    Reopen,
}

/// What a descriptor woke the ticker for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Woken {
    Signal,
    Timer,
    Beside,
    Nothing,
}

/// The grid of ticks: tick k is due at t0 + k x interval on `CLOCK_MONOTONIC`.
///
/// A timerfd holds the deadlines rather than `clock_nanosleep`: both are absolute and sleep on the
/// same kernel timers, but only a descriptor can be waited for together with another one. With a
/// sleep, a SIGTERM that comes just before it would be seen one interval later.
#[derive(Debug)]
pub struct Ticker {
    timer: File,
    signals: Signals,
    t0_ns: u64,
    interval_ns: u64,
    /// The last tick that was told; none before the first of a grid that begins later.
    last: Option<u64>,
}

impl Ticker {
    /// Starts a grid whose tick 0 is due now.
    ///
    /// From here on SIGINT and SIGTERM no longer end the program, but the wait.
    ///
    /// # Errors
    /// The kernel gives no timer, or the interval is zero or centuries long.
    pub fn start(interval: Duration) -> io::Result<Self> {
        Self::start_in(Duration::ZERO, interval)
    }

    /// Starts a grid whose tick 0 is due at the wall clock's next whole second.
    ///
    /// # Errors
    /// As [`Ticker::start`].
    pub fn start_aligned(interval: Duration) -> io::Result<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let into_second = since.map_or(0, |since| since.subsec_nanos());
        Self::start_in(
            Duration::from_nanos(u64::from(1_000_000_000 - into_second)),
            interval,
        )
    }

    fn start_in(delay: Duration, interval: Duration) -> io::Result<Self> {
        let interval_ns = u64::try_from(interval.as_nanos())
            .ok()
            .filter(|ns| (1..u64::MAX / 4).contains(ns))
            .ok_or(ErrorKind::InvalidInput)?;
        let signals = Signals::catch()?;
        let timer = TimerFd::new(
            ClockId::CLOCK_MONOTONIC,
            TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK,
        )?;
        let t0 = Duration::from_nanos(clock::mono_ns()?) + delay;
        let t0_ns = u64::try_from(t0.as_nanos()).map_err(|_| ErrorKind::InvalidInput)?;
        let first = if delay.is_zero() { t0 + interval } else { t0 };
        timer.set(
            Expiration::IntervalDelayed(TimeSpec::from(first), TimeSpec::from(interval)),
            TimerSetTimeFlags::TFD_TIMER_ABSTIME,
        )?;
        Ok(Self {
            timer: File::from(OwnedFd::from(timer)),
            signals,
            t0_ns,
            interval_ns,
            last: delay.is_zero().then_some(0),
        })
    }

    /// When a tick is due, in ns of `CLOCK_MONOTONIC`.
    #[must_use]
    pub fn due_ns(&self, tick: u64) -> u64 {
        self.t0_ns
            .saturating_add(tick.saturating_mul(self.interval_ns))
    }

    /// Whether tick 0 is still to come, and must be waited for.
    pub(crate) fn is_ahead(&self) -> bool {
        self.last.is_none()
    }

    /// The signals that end its wait.
    pub(crate) fn signals(&mut self) -> &mut Signals {
        &mut self.signals
    }

    /// Waits until a tick after the last one is due, or a signal says to stop.
    ///
    /// # Errors
    /// The descriptors can't be read.
    pub fn wait(&mut self) -> io::Result<Wake> {
        self.wait_beside(None)
    }

    /// The same, while a backend takes in what comes for it between ticks.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub(crate) fn wait_beside(
        &mut self,
        mut backend: Option<&mut (dyn Backend + '_)>,
    ) -> io::Result<Wake> {
        loop {
            let between = backend.as_ref().and_then(|backend| backend.descriptor());
            match (self.woken(between)?, &mut backend) {
                (Woken::Signal, _) => {
                    self.signals.drain();
                    if self.signals.is_stopped() {
                        return Ok(Wake::Stop);
                    }
                    if self.signals.is_hung_up() {
                        return Ok(Wake::Reopen);
                    }
                    continue;
                }
                (Woken::Timer, _) => {}
                (Woken::Beside, Some(backend)) => {
                    self.drain(&mut **backend)?;
                    continue;
                }
                (Woken::Beside | Woken::Nothing, _) => continue,
            }
            // How often the timer fired is of no use: by the time that it is told, the clock may be
            // further, and a tick that the next has overtaken is missed.
            match self.timer.read(&mut [0; 8]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
            let due = clock::mono_ns()?.saturating_sub(self.t0_ns) / self.interval_ns;
            if self.last.is_none_or(|last| due > last) {
                self.last = Some(due);
                return Ok(Wake::Due(due));
            }
        }
    }

    /// Waits for a signal, for the timer, and from a moment on for a descriptor beside them: the first
    /// of these in this order.
    fn woken(&self, beside: Option<(BorrowedFd<'_>, Instant)>) -> io::Result<Woken> {
        let mut left = PollTimeout::NONE;
        let beside = beside.filter(|(_, at)| {
            let ahead = at.saturating_duration_since(Instant::now());
            if !ahead.is_zero() {
                // Rounded up, or the last fraction of a millisecond would be spent in a busy loop.
                let ahead = ahead + Duration::from_micros(999);
                left = PollTimeout::try_from(ahead).unwrap_or(PollTimeout::MAX);
            }
            ahead.is_zero()
        });
        let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let (signals, timer) = (readable(self.signals.fd()), readable(self.timer.as_fd()));
        let mut two = [signals.clone(), timer.clone()];
        let mut three;
        let fds = match beside {
            Some((fd, _)) => {
                three = [signals, timer, readable(fd)];
                &mut three[..]
            }
            None => &mut two[..],
        };
        match poll(fds, left) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Woken::Nothing),
            Err(error) => return Err(error.into()),
        }
        let words = [Woken::Signal, Woken::Timer, Woken::Beside];
        let first = fds.iter().position(|fd| fd.any() == Some(true));
        Ok(first.map_or(Woken::Nothing, |at| words[at]))
    }

    /// Has a backend take in what has come, unless a tick is near.
    fn drain(&self, backend: &mut dyn Backend) -> io::Result<()> {
        let now_ns = clock::mono_ns()?;
        let left_ns = match now_ns.checked_sub(self.t0_ns) {
            Some(since) => self.interval_ns - since % self.interval_ns,
            None => self.t0_ns - now_ns,
        };
        match Duration::from_nanos(left_ns).checked_sub(BEFORE_TICK) {
            Some(room) => backend.drain(Instant::now() + room.min(DRAIN)),
            // What is there stays until the tick, so there is nothing else to wait for.
            None => drop(self.woken(None)?),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
