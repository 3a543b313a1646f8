//! The metrics of the tables.

use crate::encode::openmetrics::build::BuildInfo;
use crate::encode::openmetrics::families::Families;
use crate::encode::openmetrics::format::Format;
use crate::encode::openmetrics::series::TableSeries;
use crate::encode::openmetrics::{FrameSeries, MetricsEncoder, openstack};
use crate::registry::table_info::TableInfo;
use crate::registry::{SUBSAMPLE, TABLES};
use crate::schema::column::Table;
use crate::tables::domain::DomainTable;
use crate::tables::openstack::NovaTable;
use crate::tables::tick::TickColumns;
use crate::tables::totals::{EventTotalsTable, TotalsTable};

/// An encoder of the metrics of virtmon itself, of the guests, and of these tables.
#[must_use]
pub fn encoder(format: Format, details: &[&TableInfo], has_subsamples: bool) -> MetricsEncoder {
    let mut families = Families::new(format);
    let selected: Vec<&str> = details.iter().map(|table| table.name).collect();
    let mut guests = TableSeries::<DomainTable>::new(&mut families, &selected);
    let has_owners = selected.contains(&NovaTable::NAME);
    if has_owners {
        guests = guests.with_info(openstack::labels);
    }
    let mut series: Vec<Box<dyn FrameSeries>> = vec![Box::new(guests)];
    // The owners are labels of the guests' info series.
    let details = details.iter().filter(|table| table.name != NovaTable::NAME);
    for table in details.copied().chain(has_subsamples.then_some(&SUBSAMPLE)) {
        series.push((table.series)(&mut families, &selected));
    }
    series.push(Box::new(BuildInfo::new(&mut families)));
    series.push(Box::new(TableSeries::<TotalsTable>::new(
        &mut families,
        &selected,
    )));
    series.push(Box::new(TableSeries::<TickColumns>::new(
        &mut families,
        &selected,
    )));
    series.push(Box::new(TableSeries::<EventTotalsTable>::new(
        &mut families,
        &selected,
    )));
    MetricsEncoder::new(families, series)
}

/// Every table that metrics are made of, with the uses of its columns: virtmon itself, the guests, the
/// other tables.
#[must_use]
pub fn all_tables() -> Vec<TableInfo> {
    let own = [
        TableInfo::of::<TotalsTable>(),
        TableInfo::of::<TickColumns>(),
        TableInfo::of::<EventTotalsTable>(),
    ];
    own.into_iter().chain(TABLES.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::info::{ColumnInfo, Kind, ValueType};
    use crate::schema::metric::{Metric, MetricKind, Used};

    #[test]
    fn every_column_is_a_metric_or_a_label_or_has_a_reason() {
        for table in all_tables() {
            let (columns, uses) = ((table.columns)(), (table.uses)());
            for used in &uses {
                let mut known = columns.iter();
                let is_known = known.any(|column| column.name == used.column);
                assert!(is_known, "{}: {}", table.name, used.column);
            }
            for column in columns {
                let mut uses = uses.iter().filter(|used| used.column == column.name);
                let first = uses.next();
                assert!(
                    first.is_some(),
                    "{}: {} is in no metric",
                    table.name,
                    column.name
                );
                for used in first.into_iter().chain(uses) {
                    match used.used {
                        Used::Metric(metric) => assert_metric(&metric, &column),
                        Used::Unused(reason) => assert!(!reason.is_empty()),
                        Used::Label(_) | Used::Dimension(_) | Used::Info { .. } => {
                            assert!(column.value != ValueType::Decimal);
                        }
                    }
                }
            }
        }
    }

    fn assert_metric(metric: &Metric, column: &ColumnInfo) {
        let name = metric.name;
        assert!(name.starts_with("virtmon_"), "{name}");
        let is_clean = |text: &str| !text.contains(['"', '\\', '\n']);
        assert!(
            metric.help.is_none_or(is_clean) && is_clean(column.help),
            "{name}"
        );
        assert!(metric.fits(column.unit), "{name}: {}", column.unit);
        let is_counter = metric.kind == MetricKind::Counter;
        assert_eq!(is_counter, column.kind == Kind::Counter, "{name}");
        let is_state = metric.kind == MetricKind::States;
        assert_eq!(is_state, matches!(column.kind, Kind::State(_)), "{name}");
        assert!(
            !name.ends_with("_total") && !name.ends_with("_info"),
            "{name}"
        );
    }

    #[test]
    fn metrics_of_one_name_agree() {
        let mut all: Vec<Metric> = Vec::new();
        for used in all_tables().iter().flat_map(|table| (table.uses)()) {
            let Used::Metric(metric) = used.used else {
                continue;
            };
            for other in all.iter().filter(|other| other.name == metric.name) {
                assert_eq!(other.kind, metric.kind);
                // Two tables have the metric only if one leaves it to the other.
                let differ = other.with != metric.with;
                assert!(differ || other.replaced_by.is_some(), "{}", metric.name);
            }
            all.push(metric);
        }
    }
}
