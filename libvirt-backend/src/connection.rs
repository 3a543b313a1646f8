//! A connection to a libvirt daemon, and the facts about the daemon's driver.

pub(crate) mod backoff;
pub(crate) mod cpu_stats;
pub(crate) mod driver;
pub(crate) mod error;
pub(crate) mod host;
mod live_record;
pub(crate) mod phase;
pub(crate) mod session;
pub(crate) mod stats_api;
pub(crate) mod target;
