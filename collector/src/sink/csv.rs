mod kept;

use super::Sink;
use super::row::wanted;
use crate::Frame;
use crate::table::{Column, Put, Table, Ticks};
use kept::{KeptRow, push_cell};

/// A table as CSV: a header, then a line a row, quoted by RFC 4180, ended by a line feed.
pub struct CsvSink<T: Table> {
    tick_columns: Vec<&'static Column<Ticks>>,
    columns: Vec<&'static Column<T>>,
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
        for name in names.chain(self.columns.iter().map(|column| column.name)) {
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
            end_line(out);
        });
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
