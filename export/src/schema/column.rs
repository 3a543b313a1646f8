//! Columns, and the tables that they make.

use crate::schema::cell::Cell;
use crate::schema::info::{ColumnInfo, TableNeeds};
use crate::schema::metric::{ColumnUse, KEYS};
use virtmon_analysis::frame::Frame;

/// A kind of row, and its columns.
pub trait Table: Sized + 'static {
    /// Data of one row.
    type Row<'a>: Copy;
    /// Name of the table: its word in `--detail`, its part of a file's name, its `table` in JSON.
    const NAME: &'static str;
    /// Description of a row, in a sentence.
    const HELP: &'static str;
    /// Help text of the table's word in `--detail`; `None` if another option selects the table.
    const DETAIL: Option<&'static str> = None;
    /// Parts that must be sampled and computed for the table.
    const NEEDS: TableNeeds = TableNeeds::NONE;
    /// Columns, after those of [`TickColumns`](crate::tables::tick::TickColumns).
    const COLUMNS: &'static [Column<Self>];
    /// Use of each column in metrics, without the columns of [`KEYS`].
    const METRICS: &'static [ColumnUse] = &[];

    /// Passes a row's values to `sink`, all of them, in the columns' order. The function is made of the
    /// same lines as the columns, so that each value's type is known when the encoder is compiled: a
    /// call through every column's pointer would be half the cost of a row.
    fn visit_cells(row: &Self::Row<'_>, sink: &mut impl CellSink);

    /// Passes this frame's rows to `each`, in their order.
    fn rows<'a>(frame: &Frame<'a>, each: impl FnMut(&Self::Row<'a>));
}

/// Uses of a table's columns in metrics, the columns that identify a domain first.
pub(crate) fn uses<T: Table>() -> Vec<ColumnUse> {
    let has = |key: &&ColumnUse| {
        let mut columns = T::COLUMNS.iter();
        !T::METRICS.iter().any(|used| used.column == key.column)
            && columns.any(|column| column.info.name == key.column)
    };
    let keys = KEYS.iter().filter(has);
    keys.chain(T::METRICS).copied().collect()
}

/// Destination of a row's values. It is not a closure: a closure that is called for each of many
/// columns is compiled once and called, and each value is taken apart again.
pub trait CellSink {
    /// Takes the next value.
    fn put(&mut self, cell: Cell<'_>);
}

/// One column of a table.
pub struct Column<T: Table> {
    /// Description of the column.
    pub info: ColumnInfo,
    /// Value of the column in a row.
    pub cell: for<'r, 'a> fn(&'r T::Row<'a>) -> Cell<'r>,
}

/// Declares a table's columns, one line each: name, type, kind, unit, meaning, sources, value. The type
/// is `u64`, `f64`, `text`, `uuid` or `time`. The kind is `label`, `counter`, `gauge`, `text`, or
/// `state(WORDS)` with the words of the state. A source is of one backend, or of `any`. A table of
/// domains begins with `keys` and the domain of a row: it gets the columns `id`, `uuid` and `name`.
macro_rules! columns {
    (keys $domain:expr; $($rest:tt)*) => {
        $crate::schema::column::columns! {
            "id" u64 label "" "Id of the domain" {any: "the domain table"} |row| {
                let domain: for<'b, 'a> fn(&'b Self::Row<'a>) -> &'b virtmon_model::Domain = $domain;
                $crate::schema::cell::Cell::Number(domain(row).identity.id.into())
            };
            "uuid" uuid label "" "Uuid of the domain" {any: "the domain table"} |row| {
                let domain: for<'b, 'a> fn(&'b Self::Row<'a>) -> &'b virtmon_model::Domain = $domain;
                $crate::schema::cell::Cell::Uuid(domain(row).identity.uuid)
            };
            "name" text label "" "Name of the domain" {any: "the domain table"} |row| {
                let domain: for<'b, 'a> fn(&'b Self::Row<'a>) -> &'b virtmon_model::Domain = $domain;
                domain(row).name.as_deref().into()
            };
            $($rest)*
        }
    };
    ($(
        $name:literal $type:ident $kind:ident $(($words:expr))? $unit:literal $help:literal
        {$($backend:ident: $source:literal),+} $cell:expr;
    )*) => {
        const COLUMNS: &'static [$crate::schema::column::Column<Self>] = &[$($crate::schema::column::Column {
            info: $crate::schema::info::ColumnInfo {
                name: $name,
                value: $crate::schema::column::value_type!($type),
                kind: $crate::schema::column::kind!($kind $(($words))?),
                unit: $unit,
                help: $help,
                sources: &[$((stringify!($backend), $source)),+],
            },
            cell: $cell,
        }),*];

        #[inline]
        fn visit_cells(row: &Self::Row<'_>, sink: &mut impl $crate::schema::column::CellSink) {
            $({
                let cell: for<'b, 'a> fn(&'b Self::Row<'a>) -> $crate::schema::cell::Cell<'b> = $cell;
                sink.put(cell(row));
            })*
        }
    };
}
pub(crate) use columns;

/// The [`ValueType`](crate::schema::info::ValueType) of a word in `columns!`.
macro_rules! value_type {
    (u64) => {
        $crate::schema::info::ValueType::Integer
    };
    (f64) => {
        $crate::schema::info::ValueType::Decimal
    };
    (text) => {
        $crate::schema::info::ValueType::Text
    };
    (uuid) => {
        $crate::schema::info::ValueType::Uuid
    };
    (time) => {
        $crate::schema::info::ValueType::Time
    };
}
pub(crate) use value_type;

/// The [`Kind`](crate::schema::info::Kind) of a word in `columns!`.
macro_rules! kind {
    (label) => {
        $crate::schema::info::Kind::Label
    };
    (counter) => {
        $crate::schema::info::Kind::Counter
    };
    (gauge) => {
        $crate::schema::info::Kind::Gauge
    };
    (text) => {
        $crate::schema::info::Kind::Text
    };
    (state($words:expr)) => {
        $crate::schema::info::Kind::State($words)
    };
}
pub(crate) use kind;

/// The words of an enum, from its `ALL` and `as_str`.
macro_rules! words {
    ($enum:ty) => {{
        const WORDS: [&str; <$enum>::ALL.len()] = {
            let mut words = [""; <$enum>::ALL.len()];
            let mut n = 0;
            while n < words.len() {
                words[n] = <$enum>::ALL[n].as_str();
                n += 1;
            }
            words
        };
        &WORDS
    }};
}
pub(crate) use words;
