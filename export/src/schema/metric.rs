//! Metrics: the use of columns in `/metrics` and everything else that carries series.
//!
//! A metric's unit follows from its name: `_seconds` of a column in ns, `_bytes` of one in bytes,
//! `_bytes_per_second` of one in bytes/s, `_ratio` of one in percent.

/// The use of a column in metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnUse {
    /// Name of the column.
    pub column: &'static str,
    /// The use.
    pub used: Used,
}

/// The use of a column in metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// Label of all series of the table.
    Label(&'static str),
    /// Label of the series that are [`per`](Metric::per) it. A row has at most one such label.
    Dimension(&'static str),
    /// Label of an info series, which also has the table's labels.
    Info {
        /// Name of the family, without `_info`.
        family: &'static str,
        /// Name of the label.
        label: &'static str,
    },
    /// Values of a metric.
    Metric(Metric),
    /// The column is in no metric, for this reason.
    Unused(&'static str),
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Name of the family, without `_total` or `_info`.
    pub name: &'static str,
    /// Type of the family.
    pub kind: MetricKind,
    /// Description; the column's if `None`.
    pub help: Option<&'static str>,
    /// A further label and its value.
    pub with: Option<(&'static str, &'static str)>,
    /// The dimension that rows must have for this metric; `None` for rows without one.
    pub per: Option<&'static str>,
    /// The table whose metric of the same name replaces this one, if that table is selected.
    pub replaced_by: Option<&'static str>,
}

/// Type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// A counter: its samples have the suffix `_total`.
    Counter,
    /// A gauge.
    Gauge,
    /// One gauge for each word of a state, with the label `state`: 1 for the current state, else 0.
    States,
    /// Identity: its sample has the suffix `_info`, and the value 1.
    Info,
    /// A value of a type that virtmon does not know.
    Unknown,
}

/// The columns that identify a domain, in every table that has them.
pub const KEYS: &[ColumnUse] = &[
    label("uuid", "uuid"),
    label("name", "guest"),
    label("id", "id"),
];

/// A column that is a label of all series of its table.
#[must_use]
pub const fn label(column: &'static str, name: &'static str) -> ColumnUse {
    let used = Used::Label(name);
    ColumnUse { column, used }
}

/// A column that is the label of some series of its table.
#[must_use]
pub const fn dimension(column: &'static str, name: &'static str) -> ColumnUse {
    let used = Used::Dimension(name);
    ColumnUse { column, used }
}

/// A column that is a label of an info series.
#[must_use]
pub const fn info(column: &'static str, family: &'static str, label: &'static str) -> ColumnUse {
    let used = Used::Info { family, label };
    ColumnUse { column, used }
}

/// A column that is in no metric.
#[must_use]
pub const fn unused(column: &'static str, reason: &'static str) -> ColumnUse {
    let used = Used::Unused(reason);
    ColumnUse { column, used }
}

/// A column that is a counter.
#[must_use]
pub const fn counter(column: &'static str, name: &'static str) -> ColumnUse {
    metric(column, name, MetricKind::Counter)
}

/// A column that is a gauge.
#[must_use]
pub const fn gauge(column: &'static str, name: &'static str) -> ColumnUse {
    metric(column, name, MetricKind::Gauge)
}

/// A column that is a state.
#[must_use]
pub const fn states(column: &'static str, name: &'static str) -> ColumnUse {
    metric(column, name, MetricKind::States)
}

/// A column that is a metric.
#[must_use]
pub const fn metric(column: &'static str, name: &'static str, kind: MetricKind) -> ColumnUse {
    let used = Used::Metric(Metric::new(name, kind));
    ColumnUse { column, used }
}

impl ColumnUse {
    /// Sets the description of the metric.
    #[must_use]
    pub const fn help(mut self, help: &'static str) -> Self {
        if let Used::Metric(metric) = &mut self.used {
            metric.help = Some(help);
        }
        self
    }

    /// Adds a label with a value to the metric.
    #[must_use]
    pub const fn with(mut self, label: &'static str, value: &'static str) -> Self {
        if let Used::Metric(metric) = &mut self.used {
            metric.with = Some((label, value));
        }
        self
    }

    /// Restricts the metric to rows with this dimension.
    #[must_use]
    pub const fn per(mut self, dimension: &'static str) -> Self {
        if let Used::Metric(metric) = &mut self.used {
            metric.per = Some(dimension);
        }
        self
    }

    /// Leaves the metric to another table, if that is selected.
    #[must_use]
    pub const fn replaced_by(mut self, table: &'static str) -> Self {
        if let Used::Metric(metric) = &mut self.used {
            metric.replaced_by = Some(table);
        }
        self
    }
}

/// Units by the end of a metric's name: the end, the unit of its columns, and the number of decimal places
/// by which their numbers are divided.
const UNITS: &[(&str, &[&str], u32)] = &[
    ("seconds", &["ns"], 9),
    ("bytes", &["bytes"], 0),
    ("bytes_per_second", &["bytes/s"], 0),
    ("ratio", &["%", "% of a pCPU", "% of a vCPU"], 2),
];

impl Metric {
    /// A metric of this name, without `_total` or `_info`.
    #[must_use]
    pub const fn new(name: &'static str, kind: MetricKind) -> Self {
        Self {
            name,
            kind,
            help: None,
            with: None,
            per: None,
            replaced_by: None,
        }
    }

    /// Identity under the name of a family, without `_info`.
    #[must_use]
    pub const fn info(name: &'static str) -> Self {
        Self::new(name, MetricKind::Info)
    }

    /// Unit of the metric: the end of its name, if that is a unit.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        self.entry().map(|(unit, ..)| *unit)
    }

    /// Number of decimal places by which the column's numbers are divided.
    #[must_use]
    pub fn shift(&self) -> u32 {
        self.entry().map_or(0, |(.., shift)| *shift)
    }

    /// True if a column of this unit can be this metric.
    #[must_use]
    pub fn fits(&self, unit: &str) -> bool {
        let of_column = UNITS.iter().find(|(_, units, _)| units.contains(&unit));
        of_column.map(|(name, ..)| *name) == self.unit()
    }

    /// Suffix of the name in samples.
    #[must_use]
    pub const fn suffix(&self) -> &'static str {
        match self.kind {
            MetricKind::Counter => "_total",
            MetricKind::Info => "_info",
            _ => "",
        }
    }

    fn entry(&self) -> Option<&'static (&'static str, &'static [&'static str], u32)> {
        UNITS.iter().find(|(unit, ..)| {
            let name = self.name.strip_suffix(unit);
            name.is_some_and(|name| name.ends_with('_'))
        })
    }
}
