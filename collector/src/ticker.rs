//! When to read: absolute deadlines, and the signals that end the wait.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::clock;
use crate::signals::Signals;

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
        loop {
            let mut fds = [
                PollFd::new(self.signals.fd(), PollFlags::POLLIN),
                PollFd::new(self.timer.as_fd(), PollFlags::POLLIN),
            ];
            match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            }
            if fds[0].any() == Some(true) {
                self.signals.drain();
                if self.signals.is_stopped() {
                    return Ok(Wake::Stop);
                }
                if self.signals.is_hung_up() {
                    return Ok(Wake::Reopen);
                }
                continue;
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
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn ticks_lie_on_the_grid_and_missed_ones_are_skipped() {
        let interval = Duration::from_millis(5);
        let mut ticker = Ticker::start(interval).unwrap();
        let mut last = 0;
        for round in 0..20 {
            if round == 10 {
                thread::sleep(interval * 4);
            }
            let Wake::Due(tick) = ticker.wait().unwrap() else {
                panic!("no signal was sent");
            };
            let now = clock::mono_ns().unwrap();
            assert!(now >= ticker.due_ns(tick), "tick {tick} came early");
            assert!(tick > last);
            if round == 10 {
                assert!(
                    tick >= last + 4,
                    "the ticks slept through are not caught up"
                );
            }
            last = tick;
        }
        assert_eq!(ticker.due_ns(3) - ticker.due_ns(0), 15_000_000);
    }

    #[test]
    fn a_grid_may_begin_with_a_second() {
        let mut ticker = Ticker::start_aligned(Duration::from_millis(5)).unwrap();
        assert!(ticker.is_ahead());
        assert!(matches!(ticker.wait().unwrap(), Wake::Due(_)));
        // Both clocks at one moment, however busy the machine is.
        let (mono_ns, wall) = loop {
            let before = clock::mono_ns().unwrap();
            let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            if clock::mono_ns().unwrap() - before < 1_000_000 {
                break (before, wall);
            }
        };
        let of_tick_0 = wall - Duration::from_nanos(mono_ns - ticker.due_ns(0));
        let beside = of_tick_0
            .subsec_micros()
            .min(1_000_000 - of_tick_0.subsec_micros());
        assert!(beside < 100_000, "{of_tick_0:?}");
        assert!(matches!(ticker.wait().unwrap(), Wake::Due(1..)));
    }

    #[test]
    fn no_interval_is_no_ticker() {
        assert!(Ticker::start(Duration::ZERO).is_err());
        assert!(Ticker::start(Duration::MAX).is_err());
    }
}
