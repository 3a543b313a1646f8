//! The registry: all tables, in the order of SCHEMA.md.

pub mod format;
pub mod json;
pub mod markdown;
pub mod metrics;
pub mod metrics_markdown;
pub mod sql;
pub mod table_info;

use crate::registry::table_info::{TableInfo, columns};
use crate::schema::TICK_END;
use crate::schema::info::{ColumnInfo, Kind, ValueType};
use crate::tables::device::{DiskTable, NicTable};
use crate::tables::domain::DomainTable;
use crate::tables::event::EventTable;
use crate::tables::host::HostTable;
use crate::tables::openstack::NovaTable;
use crate::tables::self_stats::SelfTable;
use crate::tables::stat::StatTable;
use crate::tables::subsamples::SubsampleTable;
use crate::tables::tick::TickColumns;
use crate::tables::vcpu::VcpuTable;

/// The table that every run writes.
pub static DOMAIN: TableInfo = TableInfo::of::<DomainTable>();

/// The table of intervals with several samples.
pub static SUBSAMPLE: TableInfo = TableInfo::of::<SubsampleTable>();

/// All tables. A new table is one file in `tables/` and one line here.
pub static TABLES: &[TableInfo] = &[
    TableInfo::of::<DomainTable>(),
    TableInfo::of::<VcpuTable>(),
    TableInfo::of::<NicTable>(),
    TableInfo::of::<DiskTable>(),
    TableInfo::of::<HostTable>(),
    TableInfo::of::<EventTable>(),
    TableInfo::of::<SelfTable>(),
    TableInfo::of::<StatTable>(),
    TableInfo::of::<NovaTable>(),
    TableInfo::of::<SubsampleTable>(),
];

/// Backends that columns name as sources, with their titles.
pub const BACKENDS: &[(&str, &str)] = &[("xen", "Xen"), ("libvirt", "libvirt")];

/// The table with this name.
#[must_use]
pub fn table(name: &str) -> Option<&'static TableInfo> {
    TABLES.iter().find(|table| table.name == name)
}

/// The tables that `--detail` selects.
pub fn detail_tables() -> impl Iterator<Item = &'static TableInfo> {
    TABLES.iter().filter(|table| table.detail.is_some())
}

/// The columns that every table begins with.
#[must_use]
pub fn tick_columns() -> Vec<ColumnInfo> {
    columns::<TickColumns>()
}

/// The column that every table ends with.
#[must_use]
pub const fn tick_end() -> ColumnInfo {
    ColumnInfo {
        name: TICK_END,
        value: ValueType::Integer,
        kind: Kind::Gauge,
        unit: "",
        help: "1 in the last row that the tick has in its file; empty in the others",
        sources: &[("any", "the collector")],
    }
}

/// All columns of a table, in the order of its files.
#[must_use]
pub fn all_columns(table: &TableInfo) -> Vec<ColumnInfo> {
    let mut all = tick_columns();
    all.extend((table.columns)());
    all.push(tick_end());
    all
}

/// Names of all columns of all tables. A name that several tables have is listed several times.
#[must_use]
pub fn column_names() -> Vec<&'static str> {
    let columns = TABLES.iter().flat_map(all_columns);
    columns.map(|column| column.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tables_and_of_their_columns_are_unique() {
        for (n, table) in TABLES.iter().enumerate() {
            assert!(TABLES[..n].iter().all(|other| other.name != table.name));
            let names: Vec<&str> = all_columns(table).iter().map(|c| c.name).collect();
            for (n, name) in names.iter().enumerate() {
                assert!(!names[..n].contains(name), "{}: {name}", table.name);
            }
        }
    }

    #[test]
    fn sources_name_known_backends_and_decimals_have_a_unit() {
        for column in TABLES.iter().flat_map(all_columns) {
            for (backend, source) in column.sources {
                let known = *backend == "any" || BACKENDS.iter().any(|(name, _)| name == backend);
                assert!(known && !source.is_empty(), "{column:?}");
            }
            assert!(column.value != ValueType::Decimal || !column.unit.is_empty());
        }
    }
}
