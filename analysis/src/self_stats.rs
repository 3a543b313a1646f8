//! Self statistics: the cost of virtmon itself.

/// virtmon's own cost since the row before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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

impl SelfStats {
    /// Cost of two spans of time, the second one after the first. The memory is that of the second one.
    #[must_use]
    pub fn sum(earlier: Option<Self>, later: Option<Self>) -> Option<Self> {
        let (Some(earlier), Some(later)) = (earlier, later) else {
            return later.or(earlier);
        };
        let add = |a: Option<u64>, b: Option<u64>| a?.checked_add(b?);
        Some(Self {
            cpu_ns: add(earlier.cpu_ns, later.cpu_ns),
            rss_bytes: later.rss_bytes,
            page_faults: add(earlier.page_faults, later.page_faults),
            switches: add(earlier.switches, later.switches),
            calls: add(earlier.calls, later.calls),
            bytes: earlier.bytes.saturating_add(later.bytes),
            dropped: earlier.dropped.saturating_add(later.dropped),
        })
    }
}
