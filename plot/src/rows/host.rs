//! Rows of the host table.

use crate::rows::record::{Column, Header, Record};

/// Columns of the host table.
#[derive(Debug, Clone, Default)]
pub struct HostColumns {
    pcpu: Column,
    node: Column,
    hypervisor: Column,
    pcpus: Column,
    busy: Column,
}

/// Values of the host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostRow<'a> {
    /// Hypervisor and its version.
    pub hypervisor: &'a [u8],
    /// Number of online pCPUs.
    pub pcpus: Option<f64>,
    /// Time that the pCPUs were busy, in percent of one pCPU.
    pub busy_pct: Option<f64>,
}

impl HostColumns {
    /// The columns of a file.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        Self {
            pcpu: header.find("pcpu"),
            node: header.find("node"),
            hypervisor: header.find("hypervisor"),
            pcpus: header.find("pcpus"),
            busy: header.find("busy_pct"),
        }
    }

    /// The values of a row; `None` if it is the row of a pCPU or node.
    #[must_use]
    pub fn read<'a>(&self, record: Record<'a>) -> Option<HostRow<'a>> {
        let is_host = record.text(self.pcpu).is_empty() && record.text(self.node).is_empty();
        is_host.then(|| HostRow {
            hypervisor: record.text(self.hypervisor),
            pcpus: record.number(self.pcpus).filter(|count| *count > 0.0),
            busy_pct: record.number(self.busy),
        })
    }
}
