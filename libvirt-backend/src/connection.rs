//! A connection to a libvirt daemon, and what is known of the daemon.

pub(crate) mod backoff;
pub(crate) mod error;
pub(crate) mod host;
pub(crate) mod phase;
pub(crate) mod session;
pub(crate) mod stats_api;
