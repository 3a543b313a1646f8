//! Self statistics: the cost of virtmon itself.

/// virtmon's own cost since the row before.
#[derive(Debug, Clone, Copy, Default)]
pub struct SelfStats {
    /// CPU time used by all threads, in ns.
    pub cpu_ns: Option<u64>,
    /// Resident memory, in bytes.
    pub rss_bytes: Option<u64>,
    /// Number of page faults.
    pub page_faults: Option<u64>,
    /// Number of context switches.
    pub switches: Option<u64>,
    /// Number of hypercalls or RPCs.
    pub calls: Option<u64>,
    /// Number of bytes written to the outputs.
    pub bytes: u64,
    /// Number of ticks that outputs dropped because they were too slow, summed over the outputs.
    pub dropped: u64,
}
