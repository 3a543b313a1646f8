//! The configuration of the HTTP server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::program::cli::Cli;
#[cfg(feature = "http")]
use crate::program::cli::source::ReplaySpeed;

/// The HTTP server.
#[derive(Debug)]
pub struct ListenConfig {
    /// Address to listen on.
    pub address: SocketAddr,
    /// Configuration file, if there is one.
    pub config: Option<PathBuf>,
    /// Time between ticks; 0 if they are not paced.
    pub interval: Duration,
}

impl ListenConfig {
    #[cfg(feature = "http")]
    pub(super) fn resolve(cli: &Cli) -> Option<Self> {
        let is_paced =
            cli.source.replay.is_none() || cli.source.replay_speed == ReplaySpeed::Recorded;
        Some(Self {
            address: cli.http.listen?,
            config: cli.http.listen_config.clone(),
            interval: if is_paced {
                cli.timing.row_interval()
            } else {
                Duration::ZERO
            },
        })
    }

    #[cfg(not(feature = "http"))]
    pub(super) fn resolve(_cli: &Cli) -> Option<Self> {
        None
    }
}
