//! Errors of opening files.

use std::io;

use crate::files::open::Refusal;

/// A file cannot be opened for an output.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system or the kind of file refuses it.
    #[error("{name} can't be written: {source}")]
    Open {
        /// The path, as given.
        name: String,
        /// The error of the system, or the problem of the file.
        source: io::Error,
    },
    /// It holds something other than this output's rows.
    #[error("{name} holds something else, and virtmon does not append to it; move the file away")]
    HeaderMismatch {
        /// The path, as given.
        name: String,
    },
    /// Another process writes it.
    #[error("{name} is being written by another virtmon{}", .pid.map_or(String::new(), |pid| format!(", process {pid}")))]
    Locked {
        /// The path, as given.
        name: String,
        /// The id of that process, if it is known.
        pid: Option<u32>,
    },
    /// Another output of this run has the same file, or its input is the same file.
    #[error("{name} is the file of another option too: each output needs a file of its own")]
    Duplicate {
        /// The path, as given.
        name: String,
    },
    /// The user may not create files in the directory, which rotation does.
    #[error(
        "{name}: --rotate creates and renames files in {directory}, and this user (uid {user}) \
         may not write there"
    )]
    Directory {
        /// The path, as given.
        name: String,
        /// The directory of the path.
        directory: String,
        /// The id of the user.
        user: u32,
    },
}

impl OpenError {
    pub(super) fn new(name: &str, refusal: impl Into<Refusal>) -> Self {
        let name = name.to_owned();
        match refusal.into() {
            Refusal::Io(source) => Self::Open { name, source },
            Refusal::Locked(pid) => Self::Locked { name, pid },
            Refusal::Duplicate => Self::Duplicate { name },
        }
    }
}
