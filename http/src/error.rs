//! Errors of the start of the server.

use std::io;
use std::net::SocketAddr;

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// A file of the configuration cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The path, as given.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// A file of the configuration is not valid.
    #[error("{path}: {problem}")]
    Config {
        /// The path, as given.
        path: String,
        /// The problem.
        problem: String,
    },
}
