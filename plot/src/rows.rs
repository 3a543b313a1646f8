//! The columns that pictures need, decoded from rows of the tables.

pub mod disk;
pub mod domain;
pub mod event;
pub mod host;
pub mod record;
pub mod subsample;
pub mod tick;
pub mod vcpu;

use crate::rows::record::Header;

/// A table that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Domains.
    Domain,
    /// vCPUs.
    Vcpu,
    /// Disks.
    Disk,
    /// The host, its pCPUs and nodes.
    Host,
    /// Distributions within an interval.
    Subsample,
    /// Events.
    Event,
}

impl Table {
    /// All tables that are read. The domain table is first: it has the window.
    pub const ALL: [Self; 6] = [
        Self::Domain,
        Self::Vcpu,
        Self::Disk,
        Self::Host,
        Self::Subsample,
        Self::Event,
    ];

    /// Name of the table in the registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Vcpu => "vcpu",
            Self::Disk => "disk",
            Self::Host => "host",
            Self::Subsample => "subsample",
            Self::Event => "event",
        }
    }

    /// The table that has these columns; `None` if it is one that pictures do not need.
    ///
    /// # Errors
    /// The columns are of no table of virtmon. The error is the cause.
    pub fn of(header: &Header) -> Result<Option<Self>, String> {
        if !header.has("time") {
            return Err("it has no column time".to_owned());
        }
        let marks = [
            ("vcpu", Some(Self::Vcpu)),
            ("disk", Some(Self::Disk)),
            ("nic", None),
            ("event", Some(Self::Event)),
            ("cpu_pct_mean", Some(Self::Subsample)),
            ("stat", None),
            ("instance", None),
            ("rss_bytes", None),
        ];
        for (column, table) in marks {
            if header.has(column) {
                return Ok(table);
            }
        }
        if header.has("busy_pct") || header.has("pcpu") {
            return Ok(Some(Self::Host));
        }
        if !header.has("name") && !header.has("uuid") {
            return Err("it has neither a column name nor a column uuid".to_owned());
        }
        Ok(Some(Self::Domain))
    }
}
