use std::io;

/// What a backend's call comes to.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a backend could not be opened or read, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// This host can't: no such hypervisor, no library, nothing that answers. Another backend may.
    #[error("{0}")]
    Unavailable(String),
    /// It is here, but this user may not ask.
    #[error("{0}")]
    Denied(String),
    /// It is here, but speaks a version that this build does not know.
    #[error("{0}")]
    UnsupportedAbi(String),
    /// A call failed. The next tick may do better.
    #[error("{call}: {source}")]
    Call {
        /// The call, with what it was asked for.
        call: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// The call that failed and what the system said of it.
    pub fn call(call: impl Into<String>, source: io::Error) -> Self {
        Self::Call {
            call: call.into(),
            source,
        }
    }
}
