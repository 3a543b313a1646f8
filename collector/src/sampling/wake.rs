//! The end of a wait.

/// The reason why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// This tick is due: the last one that is, if several have passed.
    Due(u64),
    /// SIGINT or SIGTERM arrived, an output ended the run, or the source is at its end.
    Stop,
    /// SIGHUP arrived, and it is caught.
    Reopen,
}
