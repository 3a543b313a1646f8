//! Rows of the domain table.

use crate::rows::record::{Column, Header, Record};

/// Columns of the domain table.
#[derive(Debug, Clone, Default)]
pub struct DomainColumns {
    cpu: Column,
    mem: Column,
    mem_max: Column,
    target: Column,
    total: Column,
    unused: Column,
    usable: Column,
    counters: [Column; COUNTERS],
    reset: Column,
    stale: Column,
}

/// Number of counters: bytes received, sent, read and written.
pub const COUNTERS: usize = 4;

/// Values of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DomainRow {
    /// CPU time in percent of a pCPU.
    pub cpu_pct: Option<f64>,
    /// Memory held, in bytes.
    pub mem: Option<f64>,
    /// Maximum memory, in bytes.
    pub mem_max: Option<f64>,
    /// Target of the balloon, in bytes.
    pub mem_target: Option<f64>,
    /// Memory in use, as the guest reports it, in bytes.
    pub mem_used: Option<f64>,
    /// Bytes received, sent, read and written.
    pub counters: [Option<u64>; COUNTERS],
    /// True if the counters are not those of the row before.
    pub is_reset: bool,
    /// True if the values are of an earlier sample.
    pub is_stale: bool,
}

impl DomainColumns {
    /// The columns of a file.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        Self {
            cpu: header.find("cpu_pct"),
            mem: header.find("mem_bytes"),
            mem_max: header.find("mem_max_bytes"),
            target: header.find("mem_target_bytes"),
            total: header.find("guest_total_bytes"),
            unused: header.find("guest_unused_bytes"),
            usable: header.find("guest_usable_bytes"),
            counters: [
                "net_rx_bytes",
                "net_tx_bytes",
                "disk_rd_bytes",
                "disk_wr_bytes",
            ]
            .map(|name| header.find(name)),
            reset: header.find("reset"),
            stale: header.find("stale"),
        }
    }

    /// The values of a row.
    #[must_use]
    pub fn read(&self, record: Record<'_>) -> DomainRow {
        let is_stale = record.whole(self.stale).is_some_and(|age| age > 0);
        let is_reset = record.text(self.reset) == b"1";
        if is_stale {
            return DomainRow {
                is_reset,
                is_stale,
                ..DomainRow::default()
            };
        }
        let free = record
            .number(self.usable)
            .or_else(|| record.number(self.unused));
        DomainRow {
            cpu_pct: record.number(self.cpu).filter(|_| !is_reset),
            mem: record.number(self.mem),
            mem_max: record.number(self.mem_max),
            mem_target: record.number(self.target),
            mem_used: record
                .number(self.total)
                .zip(free)
                .map(|(total, free)| total - free)
                .filter(|used| *used >= 0.0),
            counters: self.counters.map(|column| record.whole(column)),
            is_reset,
            is_stale,
        }
    }
}
