//! A schedule on this machine's clock.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use virtmon_model::Backend;

use crate::sampling::clock;
use crate::sampling::schedule::Schedule;
use crate::sampling::signals::Signals;
use crate::sampling::waiter::{Ready, Waiter};
use crate::sampling::wake::Wake;

/// The longest time that a backend drains at once.
const MAX_DRAIN: Duration = Duration::from_millis(2);
/// Time before a tick in which a backend does not drain.
const QUIET_BEFORE_TICK: Duration = Duration::from_millis(1);

/// Ticks at t0 + k x interval on `CLOCK_MONOTONIC`.
#[derive(Debug)]
pub struct Ticker {
    schedule: Schedule,
    waiter: Waiter,
}

impl Ticker {
    /// Starts a schedule whose tick 0 is due now. [`wait`](Self::wait) returns tick 1 first.
    ///
    /// # Errors
    /// The kernel has no timer, or the interval is zero or centuries long.
    pub fn start(interval: Duration) -> io::Result<Self> {
        Self::start_in(Duration::ZERO, interval)
    }

    /// Starts a schedule whose tick 0 is due at the wall clock's next whole second.
    ///
    /// # Errors
    /// As [`Ticker::start`].
    pub fn start_aligned(interval: Duration) -> io::Result<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let into_second = since.map_or(0, |since| since.subsec_nanos());
        let delay = Duration::from_nanos(u64::from(1_000_000_000 - into_second));
        Self::start_in(delay, interval)
    }

    fn start_in(delay: Duration, interval: Duration) -> io::Result<Self> {
        let t0 = Duration::from_nanos(clock::mono_ns()?) + delay;
        let t0_ns = u64::try_from(t0.as_nanos()).map_err(|_| ErrorKind::InvalidInput)?;
        let schedule = Schedule::new(t0_ns, interval).ok_or(ErrorKind::InvalidInput)?;
        let schedule = if delay.is_zero() {
            schedule.after_first()
        } else {
            schedule
        };
        Ok(Self {
            waiter: Waiter::start(schedule.next_due_ns(), interval)?,
            schedule,
        })
    }

    /// Due time of a tick, in ns of `CLOCK_MONOTONIC`.
    #[must_use]
    pub fn due_ns(&self, tick: u64) -> u64 {
        self.schedule.due_ns(tick)
    }

    /// True if tick 0 is due later and must be waited for.
    pub(crate) fn is_before_first(&self) -> bool {
        self.schedule.is_before_first()
    }

    /// Waits until a tick after the last one is due, or a signal arrives.
    ///
    /// # Errors
    /// The descriptors cannot be read.
    pub fn wait(&mut self, signals: &mut Signals) -> io::Result<Wake> {
        self.wait_with(signals, None)
    }

    /// As [`wait`](Self::wait); a backend drains its descriptor between ticks.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub(crate) fn wait_with(
        &mut self,
        signals: &mut Signals,
        mut backend: Option<&mut (dyn Backend + '_)>,
    ) -> io::Result<Wake> {
        loop {
            let descriptor = backend.as_ref().and_then(|backend| backend.descriptor());
            match (self.waiter.wait(signals, descriptor)?, &mut backend) {
                (Ready::Signal, _) => {
                    signals.drain();
                    if let Some(wake) = signals.take_wake() {
                        return Ok(wake);
                    }
                }
                (Ready::Timer, _) if self.waiter.take_expiration()? => {
                    // A tick that the next one has overtaken is missed.
                    if let Some(due) = self.schedule.take_due(clock::mono_ns()?) {
                        return Ok(Wake::Due(due));
                    }
                }
                (Ready::Backend, Some(backend)) => self.drain(signals, &mut **backend)?,
                (Ready::Timer | Ready::Backend | Ready::Nothing, _) => {}
            }
        }
    }

    /// Lets a backend drain its descriptor, unless a tick is near.
    fn drain(&self, signals: &Signals, backend: &mut dyn Backend) -> io::Result<()> {
        let to_next = self.schedule.time_to_next(clock::mono_ns()?);
        match to_next.checked_sub(QUIET_BEFORE_TICK) {
            Some(time) => backend.drain(Instant::now() + time.min(MAX_DRAIN)),
            // The descriptor stays readable until the tick, so the wait leaves it out.
            None => drop(self.waiter.wait(signals, None)?),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
