//! Errors of a run.

use std::io;

use virtmon_export::output::error::OutputError;

/// A run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The first sample failed.
    #[error(transparent)]
    Sample(#[from] virtmon_model::Error),
    /// An output failed.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A clock or timer of the system failed.
    #[error("clock: {0}")]
    Clock(#[from] io::Error),
}
