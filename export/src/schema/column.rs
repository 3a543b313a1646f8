//! Columns, and the tables that they make.

use crate::schema::cell::Cell;
use virtmon_analysis::frame::Frame;

/// A kind of row, and its columns.
pub trait Table: Sized + 'static {
    /// What one row is made of.
    type Row<'a>: Copy;
    /// Its name: what `--detail` takes and JSON rows begin with.
    const NAME: &'static str;
    /// What a row is, in a sentence.
    const HELP: &'static str;
    /// Its columns, behind those of [`TickColumns`](crate::tables::tick::TickColumns).
    const COLUMNS: &'static [Column<Self>];

    /// Hands over a row's values, all of them in the columns' order. It is made of the same lines as
    /// the columns, so that each value is known to the encoder for what it is as it is compiled: a
    /// call through every column's pointer would be half the cost of a row.
    fn visit_cells(row: &Self::Row<'_>, put: &mut impl CellSink);

    /// Hands over this frame's rows, in their order.
    fn rows<'a>(frame: &Frame<'a>, each: impl FnMut(&Self::Row<'a>));
}

/// What a row's values are handed to. Not a closure: one that is called for each of many columns
/// is compiled once and called, with each value taken apart again.
pub trait CellSink {
    /// Takes the next value.
    fn put(&mut self, cell: Cell<'_>);
}

/// One column of a table.
pub struct Column<T: Table> {
    /// Its name in the header.
    pub name: &'static str,
    /// The unit of its numbers, empty where it has none.
    pub unit: &'static str,
    /// What it means.
    pub help: &'static str,
    /// Where the Xen backend has it from.
    pub xen: &'static str,
    /// Where the libvirt backend has it from.
    pub libvirt: &'static str,
    /// Its value in a row.
    pub cell: for<'r, 'a> fn(&'r T::Row<'a>) -> Cell<'r>,
}

/// Writes a table's columns as lines: name, unit, meaning, the sources of Xen and libvirt (or one
/// for both), and the value.
macro_rules! columns {
    (@xen $both:literal) => { $both };
    (@xen $xen:literal, $libvirt:literal) => { $xen };
    (@libvirt $both:literal) => { $both };
    (@libvirt $xen:literal, $libvirt:literal) => { $libvirt };
    ($($name:literal [$unit:literal] $help:literal ($($source:literal),+) $cell:expr;)*) => {
        const COLUMNS: &'static [$crate::schema::column::Column<Self>] = &[$($crate::schema::column::Column {
            name: $name,
            unit: $unit,
            help: $help,
            xen: $crate::schema::column::columns!(@xen $($source),+),
            libvirt: $crate::schema::column::columns!(@libvirt $($source),+),
            cell: $cell,
        }),*];

        #[inline]
        fn visit_cells(row: &Self::Row<'_>, put: &mut impl $crate::schema::column::CellSink) {
            $({
                let cell: for<'b, 'a> fn(&'b Self::Row<'a>) -> $crate::schema::cell::Cell<'b> = $cell;
                put.put(cell(row));
            })*
        }
    };
}
pub(crate) use columns;
