//! Entries of the registry of tables.

use crate::encode::Encoder;
use crate::encode::csv::CsvEncoder;
use crate::encode::json::JsonEncoder;
use crate::encode::openmetrics::FrameSeries;
use crate::encode::openmetrics::families::Families;
use crate::encode::openmetrics::series::TableSeries;
use crate::schema::column::{Table, uses};
use crate::schema::info::{ColumnInfo, TableNeeds};
use crate::schema::metric::ColumnUse;

/// A table of the registry.
#[derive(Debug, Clone, Copy)]
pub struct TableInfo {
    /// Name of the table.
    pub name: &'static str,
    /// Description of a row.
    pub help: &'static str,
    /// Help text of the table's word in `--detail`; `None` if another option selects the table.
    pub detail: Option<&'static str>,
    /// Parts that must be sampled and computed for the table.
    pub needs: TableNeeds,
    /// Descriptions of its columns, without those of the tick and `tick_end`.
    pub columns: fn() -> Vec<ColumnInfo>,
    /// Creates the CSV encoder of the columns with these names, of all if there are none, and the header
    /// of its files. The flag keeps text from being a formula.
    pub csv: fn(&[String], bool) -> CsvTable,
    /// Creates the JSON encoder of the columns with these names, of all if there are none.
    pub json: fn(&[String]) -> Box<dyn Encoder>,
    /// Uses of its columns in metrics.
    pub uses: fn() -> Vec<ColumnUse>,
    /// Creates the series of the table, where the tables of these names are selected too.
    pub series: fn(&mut Families, &[&str]) -> Box<dyn FrameSeries>,
}

/// A CSV encoder without its header, and the header.
pub struct CsvTable {
    /// Header line of each file.
    pub header: Vec<u8>,
    /// Encoder of the rows.
    pub encoder: Box<dyn Encoder>,
}

impl PartialEq for TableInfo {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TableInfo {}

impl TableInfo {
    /// Entry of a table in the registry.
    pub(crate) const fn of<T: Table>() -> Self {
        Self {
            name: T::NAME,
            help: T::HELP,
            detail: T::DETAIL,
            needs: T::NEEDS,
            columns: columns::<T>,
            csv: csv::<T>,
            json: json::<T>,
            uses: uses::<T>,
            series: series::<T>,
        }
    }
}

/// Descriptions of a table's columns.
pub(crate) fn columns<T: Table>() -> Vec<ColumnInfo> {
    T::COLUMNS.iter().map(|column| column.info).collect()
}

fn csv<T: Table>(names: &[String], safe: bool) -> CsvTable {
    let encoder = CsvEncoder::<T>::of(names).safe(safe);
    CsvTable {
        header: encoder.header(),
        encoder: Box::new(encoder.without_header(true)),
    }
}

fn json<T: Table>(names: &[String]) -> Box<dyn Encoder> {
    Box::new(JsonEncoder::<T>::of(names))
}

fn series<T: Table>(families: &mut Families, selected: &[&str]) -> Box<dyn FrameSeries> {
    Box::new(TableSeries::<T>::new(families, selected))
}

impl TableNeeds {
    /// Needs of these tables together.
    #[must_use]
    pub fn of(tables: &[&TableInfo]) -> Self {
        let needs = tables.iter().map(|table| table.needs);
        needs.fold(Self::NONE, Self::and)
    }
}
