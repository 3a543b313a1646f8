use std::io::Write;

use super::Sink;
use super::row::{UuidTexts, number, push_number, wanted};
use crate::Frame;
use crate::table::{Cell, Column, Table, Ticks};

/// A table as CSV: a header, then a line a row, quoted by RFC 4180, ended by a line feed.
pub struct CsvSink<T: Table> {
    tick_columns: Vec<&'static Column<Ticks>>,
    columns: Vec<&'static Column<T>>,
    header_written: bool,
    /// The cells that all rows of a tick begin with.
    tick_cells: Vec<u8>,
    uuids: UuidTexts,
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
            tick_cells: Vec::new(),
            uuids: UuidTexts::default(),
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
        self.uuids.rewind();
        for column in &self.tick_columns {
            push_cell(
                &mut self.tick_cells,
                (column.cell)(&frame.tick),
                &mut self.uuids,
            );
        }
        let (tick_cells, columns, uuids) = (&self.tick_cells, &self.columns, &mut self.uuids);
        let all = columns.len() == T::COLUMNS.len();
        T::rows(frame, |row| {
            out.extend_from_slice(tick_cells);
            if all {
                T::cells(row, |cell| push_cell(out, cell, uuids));
            } else {
                for column in columns {
                    push_cell(out, (column.cell)(row), uuids);
                }
            }
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

/// Adds a value and the comma behind it.
#[inline(always)]
fn push_cell(out: &mut Vec<u8>, cell: Cell<'_>, uuids: &mut UuidTexts) {
    match cell {
        Cell::Unknown => out.push(b','),
        // Most counts of a guest that does nothing.
        Cell::Number(0) => out.extend_from_slice(b"0,"),
        Cell::Number(number) => {
            push_number(out, number);
            out.push(b',');
        }
        other => push_other(out, other, uuids),
    }
}

#[inline(never)]
fn push_other(out: &mut Vec<u8>, cell: Cell<'_>, uuids: &mut UuidTexts) {
    match number(out, cell) {
        Some(Cell::Text(text)) => push_text(out, text),
        // Writing to a Vec can't fail.
        Some(Cell::Time(time)) => drop(write!(out, "{}", humantime::format_rfc3339_nanos(time))),
        Some(Cell::Uuid(uuid)) => out.extend_from_slice(uuids.text(uuid)),
        _ => {}
    }
    out.push(b',');
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    let special = |byte: u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if !text.bytes().any(special) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests;
