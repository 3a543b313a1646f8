//! Rows of the vCPU table.

use crate::rows::record::{Column, Header, Record};

/// Columns of the vCPU table.
#[derive(Debug, Clone, Default)]
pub struct VcpuColumns {
    ready: Column,
    reset: Column,
    estimate: Column,
}

impl VcpuColumns {
    /// The columns of a file.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        Self {
            ready: header
                .find("ready_pct")
                .or_else(|| header.find("delay_pct")),
            reset: header.find("reset"),
            estimate: header.find("ready_est_ns"),
        }
    }

    /// True if the file has ready time.
    #[must_use]
    pub fn has_ready(&self) -> bool {
        self.ready.is_some()
    }

    /// Ready time of the vCPU, in percent.
    #[must_use]
    pub fn ready_pct(&self, record: Record<'_>) -> Option<f64> {
        let is_reset = record.text(self.reset) == b"1";
        record.number(self.ready).filter(|_| !is_reset)
    }

    /// True if the ready time of the row is an estimate.
    #[must_use]
    pub fn is_estimate(&self, record: Record<'_>) -> bool {
        !record.text(self.estimate).is_empty()
    }
}
