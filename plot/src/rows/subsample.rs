//! Rows of the table of distributions within an interval.

use crate::rows::record::{Column, Header, Record};

/// Columns of the table.
#[derive(Debug, Clone, Default)]
pub struct SubsampleColumns {
    min: Column,
    max: Column,
    p99: Column,
}

/// Distribution of a domain's CPU time within an interval, in percent of a pCPU.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SubsampleRow {
    /// Minimum.
    pub min: Option<f64>,
    /// Maximum.
    pub max: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
}

impl SubsampleColumns {
    /// The columns of a file.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        Self {
            min: header.find("cpu_pct_min"),
            max: header.find("cpu_pct_max"),
            p99: header.find("cpu_pct_p99"),
        }
    }

    /// The values of a row.
    #[must_use]
    pub fn read(&self, record: Record<'_>) -> SubsampleRow {
        SubsampleRow {
            min: record.number(self.min),
            max: record.number(self.max),
            p99: record.number(self.p99),
        }
    }
}
