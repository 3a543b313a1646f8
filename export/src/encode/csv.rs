//! CSV (RFC 4180).

mod row_cache;

use crate::encode::Encoder;
use crate::encode::cells::{is_selected, selected_columns};
use crate::schema::TICK_END;
use crate::schema::column::{CellSink, Column, Table};
use crate::tables::tick::TickColumns;
use row_cache::{CachedRow, push_cell};
use virtmon_analysis::frame::Frame;

/// Encodes a table as CSV: a header, then one line per row, quoted by RFC 4180, ended by a line feed.
/// The last row of each tick has 1 in `tick_end`.
pub struct CsvEncoder<T: Table> {
    tick_columns: Vec<&'static Column<TickColumns>>,
    columns: Vec<&'static Column<T>>,
    /// True if rows end with `tick_end`.
    tick_end: bool,
    header_written: bool,
    safe: bool,
    /// Text of the cells that all rows of a tick begin with.
    tick_cells: Vec<u8>,
    /// Rows of the last ticks, by their index.
    rows: Vec<CachedRow>,
}

impl<T: Table> Default for CsvEncoder<T> {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl<T: Table> CsvEncoder<T> {
    /// Creates an encoder of the columns with these names, in the table's order; of all columns if
    /// there are no names.
    #[must_use]
    pub fn of(names: &[String]) -> Self {
        Self {
            tick_columns: selected_columns::<TickColumns>(names),
            columns: selected_columns::<T>(names),
            tick_end: is_selected(TICK_END, names),
            header_written: false,
            safe: false,
            tick_cells: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Header line of a file.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        let mut line = Vec::new();
        let names = self.tick_columns.iter().map(|column| column.info.name);
        let last = self.tick_end.then_some(TICK_END);
        let columns = self.columns.iter().map(|column| column.info.name);
        for name in names.chain(columns).chain(last) {
            line.extend_from_slice(name.as_bytes());
            line.push(b',');
        }
        end_line(&mut line);
        line
    }

    /// Puts an apostrophe before text that a spreadsheet would read as a formula: text that begins
    /// with `=`, `+`, `-`, `@`, a tab or a line break. Numbers are not changed.
    #[must_use]
    pub fn safe(mut self, safe: bool) -> Self {
        self.safe = safe;
        self
    }

    /// Omits the header, if the file already has it.
    #[must_use]
    pub fn without_header(mut self, without: bool) -> Self {
        self.header_written = without;
        self
    }
}

impl<T: Table> Encoder for CsvEncoder<T> {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        if !self.header_written {
            out.extend_from_slice(&self.header());
            self.header_written = true;
        }
        self.tick_cells.clear();
        for column in &self.tick_columns {
            push_cell(&mut self.tick_cells, (column.cell)(&frame.tick), self.safe);
        }
        let (tick_cells, columns, rows) = (&self.tick_cells, &self.columns, &mut self.rows);
        let all = columns.len() == T::COLUMNS.len();
        let tick_end = self.tick_end;
        let start = out.len();
        let mut next = 0;
        T::rows(frame, |row| {
            if next == rows.len() {
                rows.push(CachedRow::new(self.safe));
            }
            let row_cache = &mut rows[next];
            next += 1;
            if row_cache.cell_count() < columns.len() {
                for column in columns {
                    row_cache.push((column.cell)(row));
                }
            } else if all {
                T::visit_cells(row, &mut row_cache.updater(T::COLUMNS.len()));
            } else {
                let mut updater = row_cache.updater(columns.len());
                for column in columns {
                    updater.put((column.cell)(row));
                }
            }
            out.extend_from_slice(tick_cells);
            out.extend_from_slice(row_cache.text());
            if tick_end {
                // The cell is empty, after the comma of the cell before.
                out.push(b'\n');
            } else {
                end_line(out);
            }
        });
        if tick_end && out.len() > start {
            out.pop();
            out.extend_from_slice(b"1\n");
        }
    }
}

/// Replaces the last comma by a line feed.
fn end_line(out: &mut [u8]) {
    if let Some(last) = out.last_mut() {
        *last = b'\n';
    }
}

#[cfg(test)]
mod tests;
