//! Errors of a backend.

use std::io;

/// Result of a backend's call.
pub type Result<T> = std::result::Result<T, Error>;

/// Reason why a backend could not be opened or read. The variants differ in what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The backend does not work on this host: there is no such hypervisor, no library, or no answer.
    /// Another backend may work.
    #[error("{0}")]
    Unavailable(String),
    /// The hypervisor is available, but this user has no permission.
    #[error("{0}")]
    Denied(String),
    /// The hypervisor is available, but this build does not support its version.
    #[error("{0}")]
    UnsupportedAbi(String),
    /// A call failed. The call may succeed at the next tick.
    #[error("{call}: {source}")]
    Call {
        /// The call, with its arguments.
        call: String,
        /// The system's error.
        source: io::Error,
    },
}

impl Error {
    /// An error of a call that failed with the system's error `source`.
    pub fn call(call: impl Into<String>, source: io::Error) -> Self {
        Self::Call {
            call: call.into(),
            source,
        }
    }
}
