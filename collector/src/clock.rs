use std::io;
use std::time::{Duration, SystemTime};

use nix::time::{ClockId, clock_gettime};

/// The two clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// `CLOCK_MONOTONIC`, in ns: what intervals and rates are made of.
    pub mono_ns: u64,
    /// The wall clock, which may step: what a person reads.
    pub wall: SystemTime,
}

impl Reading {
    /// Reads both clocks, the monotonic one first.
    ///
    /// # Errors
    /// The kernel has no such clock.
    pub fn now() -> io::Result<Self> {
        Ok(Self {
            mono_ns: mono_ns()?,
            wall: SystemTime::now(),
        })
    }
}

/// `CLOCK_MONOTONIC` in ns.
pub(crate) fn mono_ns() -> io::Result<u64> {
    let now = Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC)?);
    // 584 years of uptime fit.
    Ok(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX))
}
