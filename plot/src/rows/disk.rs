//! Rows of the disk table.

use crate::rows::record::{Column, Header, Record};

/// Columns of the disk table.
#[derive(Debug, Clone, Default)]
pub struct DiskColumns {
    latency: [Column; 2],
    requests: [Column; 2],
    reset: Column,
}

/// Requests of a disk in an interval.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DiskRow {
    /// Mean time of reads and of writes, in ns.
    pub latency_ns: [Option<f64>; 2],
    /// Reads and writes per second.
    pub requests_s: [Option<f64>; 2],
}

impl DiskColumns {
    /// The columns of a file.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        Self {
            latency: ["rd_latency_ns", "wr_latency_ns"].map(|name| header.find(name)),
            requests: ["rd_requests_s", "wr_requests_s"].map(|name| header.find(name)),
            reset: header.find("reset"),
        }
    }

    /// The values of a row.
    #[must_use]
    pub fn read(&self, record: Record<'_>) -> DiskRow {
        if record.text(self.reset) == b"1" {
            return DiskRow::default();
        }
        DiskRow {
            latency_ns: self.latency.map(|column| record.number(column)),
            requests_s: self.requests.map(|column| record.number(column)),
        }
    }
}
