//! Errors of outputs.

use std::io::{self, ErrorKind};

use crate::files::open::Refusal;

/// An output could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// It can't be opened.
    #[error("{name} can't be written: {source}")]
    Open {
        /// The path, as given.
        name: String,
        /// What the system said, or what is wrong with the file.
        source: io::Error,
    },
    /// It holds something else, which is not gone on with.
    #[error("{name} holds something else, and virtmon does not append to that: move it away")]
    HeaderMismatch {
        /// The path, as given.
        name: String,
    },
    /// HeaderMismatch process writes it.
    #[error("{name} is being written by another virtmon{}", .pid.map_or(String::new(), |pid| format!(", process {pid}")))]
    Locked {
        /// The path, as given.
        name: String,
        /// The id of that process, where it is known.
        pid: Option<u32>,
    },
    /// This run has the same file as another output, or as its input.
    #[error("{name} is the file of another option too: each output needs one of its own")]
    Duplicate {
        /// The path, as given.
        name: String,
    },
    /// The user may not do in the directory what rotating takes.
    #[error(
        "{name}: --rotate makes and renames files in {directory}, and this user (uid {user}) \
         has no right to write there"
    )]
    Directory {
        /// The path, as given.
        name: String,
        /// The path's directory.
        directory: String,
        /// Who may not.
        user: u32,
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
    /// Whether no tick was to be written yet.
    #[must_use]
    pub fn is_at_start(&self) -> bool {
        match self {
            Self::Open { .. }
            | Self::HeaderMismatch { .. }
            | Self::Locked { .. }
            | Self::Duplicate { .. }
            | Self::Directory { .. } => true,
            Self::Write { .. }
            | Self::Closed { .. }
            | Self::ReaderClosed
            | Self::Panicked
            | Self::Abandoned { .. } => false,
        }
    }

    pub(super) fn write(name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        if source.kind() == ErrorKind::BrokenPipe {
            Self::Closed { name }
        } else {
            Self::Write { name, source }
        }
    }

    pub(super) fn open(name: &str, refused: impl Into<Refusal>) -> Self {
        let name = name.to_owned();
        match refused.into() {
            Refusal::Io(source) => Self::Open { name, source },
            Refusal::Locked(pid) => Self::Locked { name, pid },
            Refusal::Duplicate => Self::Duplicate { name },
        }
    }
}
