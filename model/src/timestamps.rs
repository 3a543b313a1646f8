//! The clocks at one moment.

use std::time::{SystemTime, UNIX_EPOCH};

/// The clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Timestamps {
    /// `CLOCK_MONOTONIC`, in ns: the clock of intervals and rates. It stands still while the host is
    /// suspended, as its guests do: no tick is due then, and no rate covers that time.
    pub mono_ns: u64,
    /// `CLOCK_BOOTTIME`, in ns: `CLOCK_MONOTONIC` plus the time that the host was suspended.
    pub boot_ns: u64,
    /// The wall clock, which may step: the time that people read.
    pub wall: SystemTime,
}

/// A moment of the wall clock, in ns since 1970.
#[must_use]
pub fn since_1970_ns(wall: SystemTime) -> u64 {
    let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
