//! Descriptions of columns, and needs of tables, as data.

/// Description of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Name in headers.
    pub name: &'static str,
    /// Type of the values.
    pub value: ValueType,
    /// Kind of the column.
    pub kind: Kind,
    /// Unit of the numbers; empty if they have none.
    pub unit: &'static str,
    /// Meaning of the values.
    pub help: &'static str,
    /// Sources of the values as (backend, source); the backend `any` stands for all of them. A backend
    /// without a source does not report the value.
    pub sources: &'static [(&'static str, &'static str)],
}

/// Type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// A whole number of up to 64 bits.
    Integer,
    /// A number with three decimals.
    Decimal,
    /// Text.
    Text,
    /// A uuid.
    Uuid,
    /// A time: RFC 3339, UTC, with nanoseconds.
    Time,
}

/// Kind of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Identifies the row.
    Label,
    /// Grows from sample to sample, until it is reset.
    Counter,
    /// A value that rises and falls.
    Gauge,
    /// One of these words.
    State(&'static [&'static str]),
    /// Free text.
    Text,
}

impl ValueType {
    /// Word of the type.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Text => "text",
            Self::Uuid => "uuid",
            Self::Time => "time",
        }
    }
}

impl Kind {
    /// Word of the kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::State(_) => "state",
            Self::Text => "text",
        }
    }
}

impl ColumnInfo {
    /// Source of the values in a backend; `None` if the backend does not report them.
    #[must_use]
    pub fn source(&self, backend: &str) -> Option<&'static str> {
        let mut sources = self.sources.iter();
        let source = sources.find(|(name, _)| *name == backend || *name == "any");
        source.map(|(_, source)| *source)
    }
}

/// Parts that must be sampled and computed for a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableNeeds {
    /// vCPUs.
    pub vcpus: bool,
    /// The host, its pCPUs and NUMA nodes.
    pub host: bool,
    /// Rates of NICs and disks.
    pub device_rates: bool,
    /// Notifications of the toolstack.
    pub notifications: bool,
    /// libvirt statistics that have no column.
    pub stats: bool,
    /// OpenStack's metadata.
    pub instances: bool,
    /// Self statistics.
    pub self_stats: bool,
}

impl TableNeeds {
    /// The domains alone.
    pub const NONE: Self = Self {
        vcpus: false,
        host: false,
        device_rates: false,
        notifications: false,
        stats: false,
        instances: false,
        self_stats: false,
    };

    /// Needs of two tables together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            vcpus: self.vcpus || other.vcpus,
            host: self.host || other.host,
            device_rates: self.device_rates || other.device_rates,
            notifications: self.notifications || other.notifications,
            stats: self.stats || other.stats,
            instances: self.instances || other.instances,
            self_stats: self.self_stats || other.self_stats,
        }
    }
}
