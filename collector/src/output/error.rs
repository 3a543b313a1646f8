use std::io::{self, ErrorKind};

/// An output could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// It can't be opened.
    #[error("{name} can't be written: {source}")]
    Open {
        /// The path, as given.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// It holds another table, so that it can't be gone on with.
    #[error("{name} holds other columns, so --append can't go on with it: move it away")]
    Another {
        /// The path, as given.
        name: String,
    },
    /// A write failed: what is there ends with a whole tick where it is a regular file.
    #[error("{name}: {source}; it holds the ticks up to then")]
    Write {
        /// The path, as given, or `standard output`.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The reader of a named pipe has gone.
    #[error("{name}: its reader has gone")]
    Closed {
        /// The path, as given.
        name: String,
    },
    /// The reader of standard output has closed it, as `head` does: a normal end.
    #[error("standard output: its reader has closed it")]
    ReaderClosed,
    /// The thread that writes ended by a defect, which it has reported itself.
    #[error("the thread that writes ended by a defect in virtmon")]
    Panicked,
    /// A second signal came while the last ticks were being written.
    #[error("a second signal ended it before its outputs had all: {ticks} ticks are lost")]
    Abandoned {
        /// Ticks that are in no output, or not as a whole.
        ticks: u64,
    },
}

impl OutputError {
    pub(super) fn write(name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        if source.kind() == ErrorKind::BrokenPipe {
            Self::Closed { name }
        } else {
            Self::Write { name, source }
        }
    }
}
