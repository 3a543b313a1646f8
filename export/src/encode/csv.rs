//! CSV, as RFC 4180 describes it.

mod row_cache;

use crate::encode::Sink;
use crate::encode::cells::{is_wanted, wanted};
use crate::schema::TICK_END;
use crate::schema::column::{Column, Put, Table};
use crate::tables::tick::Ticks;
use row_cache::{KeptRow, push_cell};
use virtmon_analysis::frame::Frame;

/// A table as CSV: a header, then a line a row, quoted by RFC 4180, ended by a line feed. The last
/// row of each tick says that it is that.
pub struct CsvSink<T: Table> {
    tick_columns: Vec<&'static Column<Ticks>>,
    columns: Vec<&'static Column<T>>,
    /// Whether rows end with `tick_end`.
    tick_end: bool,
    header_written: bool,
    safe: bool,
    /// The cells that all rows of a tick begin with.
    tick_cells: Vec<u8>,
    /// The rows of the last ticks, by their place.
    rows: Vec<KeptRow>,
}

impl<T: Table> Default for CsvSink<T> {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl<T: Table> CsvSink<T> {
    /// A table of the columns with these names, in the table's own order; of all where there are
    /// no names.
    #[must_use]
    pub fn of(names: &[String]) -> Self {
        Self {
            tick_columns: wanted::<Ticks>(names),
            columns: wanted::<T>(names),
            tick_end: is_wanted(TICK_END, names),
            header_written: false,
            safe: false,
            tick_cells: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// The line that a file of it begins with.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        let mut line = Vec::new();
        let names = self.tick_columns.iter().map(|column| column.name);
        let last = self.tick_end.then_some(TICK_END);
        let columns = self.columns.iter().map(|column| column.name);
        for name in names.chain(columns).chain(last) {
            line.extend_from_slice(name.as_bytes());
            line.push(b',');
        }
        end_line(&mut line);
        line
    }

    /// Puts an apostrophe before text that a spreadsheet would take for a formula: text that begins
    /// with `=`, `+`, `-`, `@`, a tab or a line's end. Numbers stay as they are.
    #[must_use]
    pub fn safe(mut self, safe: bool) -> Self {
        self.safe = safe;
        self
    }

    /// Leaves the header out, where the file has it already.
    #[must_use]
    pub fn without_header(mut self, without: bool) -> Self {
        self.header_written = without;
        self
    }
}

impl<T: Table> Sink for CsvSink<T> {
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
        let before = out.len();
        let mut next = 0;
        T::rows(frame, |row| {
            if next == rows.len() {
                rows.push(KeptRow::new(self.safe));
            }
            let kept = &mut rows[next];
            next += 1;
            if kept.len() < columns.len() {
                for column in columns {
                    kept.push((column.cell)(row));
                }
            } else if all {
                T::cells(row, &mut kept.again(T::COLUMNS.len()));
            } else {
                let mut again = kept.again(columns.len());
                for column in columns {
                    again.put((column.cell)(row));
                }
            }
            out.extend_from_slice(tick_cells);
            out.extend_from_slice(kept.text());
            if tick_end {
                // Its cell is empty, behind the comma of the cell before.
                out.push(b'\n');
            } else {
                end_line(out);
            }
        });
        if tick_end && out.len() > before {
            out.pop();
            out.extend_from_slice(b"1\n");
        }
    }
}

/// Makes the last comma the line's end.
fn end_line(out: &mut [u8]) {
    if let Some(last) = out.last_mut() {
        *last = b'\n';
    }
}

#[cfg(test)]
mod tests;
