//! Identity of a run.

use virtmon_model::Uuid;

/// Identity of a run of virtmon, the same in all of its frames.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunInfo {
    /// Random number of the run; nil if the program gives none. Another id means that virtmon was
    /// started again.
    pub id: Uuid,
    /// Name of the host; empty if the program gives none.
    pub host: String,
}

/// A run without id and host.
pub static UNKNOWN_RUN: RunInfo = RunInfo {
    id: Uuid::nil(),
    host: String::new(),
};
