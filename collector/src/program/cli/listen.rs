//! Options of the HTTP server.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use virtmon_http::address;

/// Options of the HTTP server.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Args)]
#[command(next_help_heading = "HTTP")]
pub struct ListenArgs {
    /// Serve metrics for Prometheus at http://ADDRESS:PORT/metrics; a port alone is on 127.0.0.1.
    /// virtmon's own port is 19177. --detail adds vCPUs, NICs, disks and more
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address::parse)]
    pub listen: Option<SocketAddr>,

    /// Read TLS certificate, users and bearer token from this file, which has the form of Prometheus'
    /// web.config.file
    #[arg(long, value_name = "FILE", requires = "listen")]
    pub listen_config: Option<PathBuf>,
}
