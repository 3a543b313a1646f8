//! Errors of the program, sorted by its exit status.

use std::io;
use std::time::Duration;

use virtmon_recording::Loss;

use virtmon_export::output::error::OutputError;

use crate::files::error::OpenError;
use crate::program::status::Status;
use crate::runner::error::RunError;
use crate::sampling::replay::ReplayError;

/// A command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgramError {
    /// The run ended early.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A file cannot be opened for an output.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The HTTP server cannot start.
    #[cfg(feature = "http")]
    #[error("--listen: {0}")]
    Http(#[from] virtmon_http::error::HttpError),
    /// Standard output cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The host cannot be sampled, or a privilege cannot be taken or dropped.
    #[error(transparent)]
    Host(#[from] virtmon_model::Error),
    /// A sample takes longer than the interval.
    #[error(
        "sampling takes {took:.1?}, longer than the interval of {interval:?}; try an interval of \
         {suggested:?}"
    )]
    TooShort {
        /// The interval of the command line.
        interval: Duration,
        /// Time of a sample.
        took: Duration,
        /// An interval that is long enough.
        suggested: Duration,
    },
    /// A recording cannot be replayed.
    #[error("{file}: {source}")]
    Replay {
        /// The path, as given.
        file: String,
        /// The cause.
        source: ReplayError,
    },
    /// A recording is damaged. Its undamaged samples were replayed.
    #[error("{file}: {loss}; the {samples} samples that are whole were replayed")]
    Damaged {
        /// The path, as given.
        file: String,
        /// The part that is missing.
        loss: Loss,
        /// Number of samples that were replayed.
        samples: u64,
    },
    /// The command line is not valid. The text is the message.
    #[cfg(feature = "top")]
    #[error("{0} (see virtmon --help)")]
    Usage(String),
    /// A picture cannot be made.
    #[cfg(feature = "plot")]
    #[error(transparent)]
    Plot(#[from] virtmon_plot::error::PlotError),
    /// A picture cannot be written.
    #[cfg(feature = "plot")]
    #[error("{file}: {source}")]
    Picture {
        /// The path, as given, or `standard output`.
        file: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The system has no more threads.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// A clock or timer of the system failed.
    #[error("clock: {0}")]
    Clock(#[from] io::Error),
}

impl ProgramError {
    /// The exit status of this error.
    pub(crate) fn status(&self) -> Status {
        match self {
            #[cfg(feature = "top")]
            Self::Usage(_) => Status::Usage,
            #[cfg(feature = "plot")]
            Self::Plot(_) => Status::Failed,
            #[cfg(feature = "plot")]
            Self::Picture { .. } => Status::Output,
            Self::TooShort { .. }
            | Self::Replay {
                source: ReplayError::Interval { .. } | ReplayError::NoSamples,
                ..
            } => Status::Usage,
            Self::Replay { .. }
            | Self::Damaged { .. }
            | Self::Host(_)
            | Self::Thread(_)
            | Self::Clock(_) => Status::Failed,
            #[cfg(feature = "http")]
            Self::Http(_) => Status::Failed,
            Self::Run(RunError::Sample(_) | RunError::Clock(_)) => Status::Failed,
            Self::Open(OpenError::Duplicate { .. }) => Status::Usage,
            Self::Open(_) => Status::Failed,
            Self::Run(RunError::Output(_)) | Self::Output(_) => Status::Output,
        }
    }

    /// True if a panic was the cause, which has been reported already.
    pub(crate) fn is_reported(&self) -> bool {
        matches!(
            self,
            Self::Run(RunError::Output(OutputError::Panicked))
                | Self::Output(OutputError::Panicked)
        )
    }
}
