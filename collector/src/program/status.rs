//! Exit status of the program.

/// Exit status of the program. README has the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The run ended at its limit, at the end of its source, or by a signal.
    Done = 0,
    /// The host or the recording could not be read.
    Failed = 1,
    /// The command line is not valid.
    Usage = 2,
    /// An output failed.
    Output = 3,
}
