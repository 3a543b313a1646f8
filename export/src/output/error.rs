//! Errors of outputs during a run.

use std::io::{self, ErrorKind};

/// An output failed.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// A write failed. A regular file ends with a whole tick.
    #[error("{name}: {source}; it holds the ticks up to then")]
    Write {
        /// The path, as given, or `standard output`.
        name: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The reader of a named pipe has closed it.
    #[error("{name}: its reader has closed it")]
    Closed {
        /// The path, as given.
        name: String,
    },
    /// The reader of standard output has closed it, as `head` does: a normal end.
    #[error("standard output: its reader has closed it")]
    ReaderClosed,
    /// The terminal of an interface cannot be read or drawn.
    #[error("the terminal: {0}")]
    Terminal(io::Error),
    /// The thread of the output panicked. The panic has been reported.
    #[error("the thread that writes ended by a defect in virtmon")]
    Panicked,
    /// A second signal arrived while the last ticks were being written.
    #[error("a second signal ended the run before the outputs had all ticks: {ticks} are lost")]
    Abandoned {
        /// Number of ticks that an output has not, or not in full.
        ticks: u64,
    },
}

impl OutputError {
    /// The error of a write to the output of this name.
    #[must_use]
    pub fn write(name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        if source.kind() == ErrorKind::BrokenPipe {
            Self::Closed { name }
        } else {
            Self::Write { name, source }
        }
    }
}
