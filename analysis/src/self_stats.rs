//! Self statistics: the cost of virtmon itself.

/// What virtmon took since the row before.
#[derive(Debug, Clone, Copy, Default)]
pub struct SelfStats {
    /// CPU time of all threads, in ns.
    pub cpu_ns: Option<u64>,
    /// Memory that it holds, in bytes.
    pub rss_bytes: Option<u64>,
    /// Page faults.
    pub page_faults: Option<u64>,
    /// Context switches.
    pub switches: Option<u64>,
    /// Hypercalls or RPCs.
    pub calls: Option<u64>,
    /// Bytes written to the outputs.
    pub bytes: u64,
    /// Ticks that were read and not written, for the outputs were too slow.
    pub dropped: u64,
}
