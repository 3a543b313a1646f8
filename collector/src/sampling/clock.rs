//! The clocks.

use std::io;
use std::time::{Duration, SystemTime};

use nix::time::{ClockId, clock_gettime};
use virtmon_model::Timestamps;

/// Reads all clocks, the monotonic one first.
///
/// # Errors
/// The kernel has no such clock.
pub fn now() -> io::Result<Timestamps> {
    Ok(Timestamps {
        mono_ns: mono_ns()?,
        boot_ns: ns(ClockId::CLOCK_BOOTTIME)?,
        wall: SystemTime::now(),
    })
}

/// `CLOCK_MONOTONIC` in ns.
pub(crate) fn mono_ns() -> io::Result<u64> {
    ns(ClockId::CLOCK_MONOTONIC)
}

fn ns(clock: ClockId) -> io::Result<u64> {
    let now = Duration::from(clock_gettime(clock)?);
    // 584 years of uptime fit.
    Ok(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX))
}
