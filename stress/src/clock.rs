//! Clocks of a load, in ns.

use std::time::Duration;

use nix::errno::Errno;
use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};

/// Time of the monotonic clock.
pub(crate) fn now() -> Result<u64, String> {
    read(ClockId::CLOCK_MONOTONIC)
}

/// CPU time used by the calling thread.
pub(crate) fn thread_cpu() -> Result<u64, String> {
    read(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

fn read(clock: ClockId) -> Result<u64, String> {
    let time = clock_gettime(clock).map_err(|errno| format!("clock_gettime: {errno}"))?;
    Ok(ns(Duration::from(time)))
}

/// A time in ns, up to five centuries.
pub(crate) fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Sleeps until an absolute time of the monotonic clock, so that delays do not add up.
pub(crate) fn sleep_until(deadline_ns: u64) -> Result<(), String> {
    let deadline = Duration::from_nanos(deadline_ns).into();
    loop {
        match clock_nanosleep(
            ClockId::CLOCK_MONOTONIC,
            ClockNanosleepFlags::TIMER_ABSTIME,
            &deadline,
        ) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(format!("clock_nanosleep: {errno}")),
        }
    }
}
