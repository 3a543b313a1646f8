//! The series of a table.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use virtmon_analysis::frame::Frame;

use crate::encode::openmetrics::FrameSeries;
use crate::encode::openmetrics::families::{Families, FamilyId, label, push_head};
use crate::encode::openmetrics::text::{push_label, push_number};
use crate::schema::cell::Cell;
use crate::schema::column::{Column, Table, uses};
use crate::schema::info::Kind;
use crate::schema::metric::{Metric, MetricKind, Used};

/// Appends further labels of a row.
pub type MoreLabels<T> = fn(&<T as Table>::Row<'_>, &mut dyn FnMut(&str, Cell<'_>));

/// The series of a table: each row has one sample of each metric that is known.
pub struct TableSeries<T: Table> {
    labels: Vec<(&'static str, &'static Column<T>)>,
    dimensions: Vec<(&'static str, &'static Column<T>)>,
    metrics: Vec<ColumnSeries<T>>,
    info: Option<InfoSeries<T>>,
    /// Labels of the current row.
    row: Vec<u8>,
    /// Labels of the current row with those of the info series.
    info_row: Vec<u8>,
    /// Hashes of the labels of the rows so far. Devices of one name would be two samples of one series.
    seen: HashSet<u64>,
    hasher: RandomState,
}

/// The samples of one column.
struct ColumnSeries<T: Table> {
    column: &'static Column<T>,
    family: FamilyId,
    /// Name of the samples.
    name: Vec<u8>,
    per: Option<&'static str>,
    values: Values,
}

/// The values of a column.
enum Values {
    /// A number, divided by 10 to the power of this, with this label.
    Number(u32, Vec<u8>),
    /// Words with their labels.
    Words(Vec<(&'static str, Vec<u8>)>),
}

/// The info series of a table.
struct InfoSeries<T: Table> {
    family: FamilyId,
    name: Vec<u8>,
    columns: Vec<(&'static str, &'static Column<T>)>,
    more: Option<MoreLabels<T>>,
}

impl<T: Table> TableSeries<T> {
    /// The series of a table, where the tables of these names are selected too.
    #[must_use]
    pub fn new(families: &mut Families, selected: &[&str]) -> Self {
        let mut series = Self {
            labels: Vec::new(),
            dimensions: Vec::new(),
            metrics: Vec::new(),
            info: None,
            row: Vec::new(),
            info_row: Vec::new(),
            seen: HashSet::new(),
            hasher: RandomState::new(),
        };
        for used in uses::<T>() {
            let mut columns = T::COLUMNS.iter();
            let Some(column) = columns.find(|column| column.info.name == used.column) else {
                continue;
            };
            match used.used {
                Used::Label(name) => series.labels.push((name, column)),
                Used::Dimension(name) => series.dimensions.push((name, column)),
                Used::Info { family, label } => {
                    series.info(families, family).columns.push((label, column));
                }
                Used::Metric(metric)
                    if metric.replaced_by.is_none_or(|by| !selected.contains(&by)) =>
                {
                    series
                        .metrics
                        .push(ColumnSeries::new(&metric, column, families));
                }
                Used::Metric(_) | Used::Unused(_) => {}
            }
        }
        series
    }

    /// Adds labels to the info series.
    #[must_use]
    pub fn with_info(mut self, more: MoreLabels<T>) -> Self {
        if let Some(info) = &mut self.info {
            info.more = Some(more);
        }
        self
    }

    fn info(&mut self, families: &mut Families, family: &'static str) -> &mut InfoSeries<T> {
        self.info.get_or_insert_with(|| {
            let metric = Metric::info(family);
            InfoSeries {
                family: families.id(&metric, "Identity and role; the value is 1"),
                name: [family, metric.suffix()].concat().into_bytes(),
                columns: Vec::new(),
                more: None,
            }
        })
    }

    /// Sets the labels of a row. The result is its dimension; `Err` if its series are there already.
    fn begin_row(&mut self, row: &T::Row<'_>, host: &[u8]) -> Result<Option<&'static str>, ()> {
        self.row.clear();
        self.row.extend_from_slice(host);
        for (name, column) in &self.labels {
            push_label(&mut self.row, name, (column.cell)(row));
        }
        let dimension = self.dimensions.iter().find_map(|(name, column)| {
            let cell = (column.cell)(row);
            (cell != Cell::Unknown).then_some((*name, cell))
        });
        if let Some((name, cell)) = dimension {
            push_label(&mut self.row, name, cell);
        }
        let is_new = self.seen.insert(self.hasher.hash_one(&self.row));
        let name = dimension.map(|(name, _)| name);
        if is_new { Ok(name) } else { Err(()) }
    }

    fn add_row(&mut self, row: &T::Row<'_>, families: &mut Families) {
        let Ok(dimension) = self.begin_row(row, families.host()) else {
            return;
        };
        for metric in &self.metrics {
            if metric.per == dimension {
                metric.add(row, &self.row, families.samples(metric.family));
            }
        }
        if let (Some(info), None) = (&self.info, dimension) {
            let labels = &mut self.info_row;
            labels.clear();
            labels.extend_from_slice(&self.row);
            for (name, column) in &info.columns {
                push_label(labels, name, (column.cell)(row));
            }
            if let Some(more) = info.more {
                more(row, &mut |name, cell| push_label(labels, name, cell));
            }
            let samples = families.samples(info.family);
            push_head(samples, &info.name, labels, &[]);
            samples.extend_from_slice(b"1\n");
        }
    }
}

impl<T: Table> FrameSeries for TableSeries<T> {
    fn add(&mut self, frame: &Frame<'_>, families: &mut Families) {
        self.seen.clear();
        T::rows(frame, |row| self.add_row(row, families));
    }
}

impl<T: Table> ColumnSeries<T> {
    fn new(metric: &Metric, column: &'static Column<T>, families: &mut Families) -> Self {
        let values = match column.info.kind {
            Kind::State(words) if metric.kind == MetricKind::States => {
                let words = words.iter().map(|word| (*word, label("state", word)));
                Values::Words(words.collect())
            }
            _ => {
                let with = metric.with.map(|(name, value)| label(name, value));
                Values::Number(metric.shift(), with.unwrap_or_default())
            }
        };
        Self {
            column,
            family: families.id(metric, metric.help.unwrap_or(column.info.help)),
            name: [metric.name, metric.suffix()].concat().into_bytes(),
            per: metric.per,
            values,
        }
    }

    fn add(&self, row: &T::Row<'_>, labels: &[u8], samples: &mut Vec<u8>) {
        let cell = (self.column.cell)(row);
        match &self.values {
            _ if cell == Cell::Unknown => {}
            Values::Number(shift, with) => {
                let start = samples.len();
                push_head(samples, &self.name, labels, with);
                if push_number(samples, cell, *shift) {
                    samples.push(b'\n');
                } else {
                    samples.truncate(start);
                }
            }
            Values::Words(words) => {
                for (word, label) in words {
                    push_head(samples, &self.name, labels, label);
                    let is_current = cell == Cell::Word(word);
                    samples.extend_from_slice(if is_current { b"1\n" } else { b"0\n" });
                }
            }
        }
    }
}
