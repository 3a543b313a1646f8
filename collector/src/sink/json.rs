use std::io::Write;

use super::Sink;
use super::row::{number, push_uuid, wanted};
use crate::Frame;
use crate::table::{Cell, Column, Table, Ticks};

/// A table as JSON Lines: an object a row, that names its table first. What is not known is null.
pub struct JsonSink<T: Table> {
    tick_columns: Vec<&'static Column<Ticks>>,
    columns: Vec<&'static Column<T>>,
    /// What all rows of a tick begin with.
    tick_cells: Vec<u8>,
}

impl<T: Table> JsonSink<T> {
    /// A table of the columns with these names; of all where there are no names.
    #[must_use]
    pub fn of(names: &[String]) -> Self {
        Self {
            tick_columns: wanted::<Ticks>(names),
            columns: wanted::<T>(names),
            tick_cells: Vec::new(),
        }
    }
}

impl<T: Table> Sink for JsonSink<T> {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        let begin = &mut self.tick_cells;
        begin.clear();
        begin.extend_from_slice(b"{\"table\":\"");
        begin.extend_from_slice(T::NAME.as_bytes());
        begin.push(b'"');
        for column in &self.tick_columns {
            push_pair(begin, column.name, (column.cell)(&frame.tick));
        }
        T::rows(frame, |row| {
            out.extend_from_slice(begin);
            for column in &self.columns {
                push_pair(out, column.name, (column.cell)(row));
            }
            out.extend_from_slice(b"}\n");
        });
    }
}

fn push_pair(out: &mut Vec<u8>, name: &str, cell: Cell<'_>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    match number(out, cell) {
        Some(Cell::Unknown) => out.extend_from_slice(b"null"),
        Some(Cell::Word(text) | Cell::Text(text)) => push_text(out, text),
        // Writing to a Vec can't fail.
        Some(Cell::Time(time)) => {
            drop(write!(out, "\"{}\"", humantime::format_rfc3339_nanos(time)))
        }
        Some(Cell::Uuid(uuid)) => {
            out.push(b'"');
            push_uuid(out, uuid);
            out.push(b'"');
        }
        _ => {}
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => drop(write!(out, "\\u{byte:04x}")),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use virtmon_model::Snapshot;

    use super::*;
    use crate::table::Domains;
    use crate::{Rates, Tick};

    #[test]
    fn an_object_a_row() {
        let mut snapshot = Snapshot::default();
        snapshot.domains.next_row().name = Some("a \"b\"\\\n\u{fc}".into());
        let tick = Tick {
            number: 3,
            mono_ns: 9,
            wall: SystemTime::UNIX_EPOCH,
            late_ns: 1,
            sample_ns: 2,
            missed: 0,
        };
        let rates = [Rates {
            cpu_pct: Some(1.5),
            ..Rates::default()
        }];
        let names = ["tick", "time", "name", "cpu_pct", "mem_bytes"].map(str::to_owned);
        let mut out = Vec::new();
        JsonSink::<Domains>::of(&names).encode(&Frame::new(tick, &snapshot, &rates), &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"table\":\"domain\",\"tick\":3,\"time\":\"1970-01-01T00:00:00.000000000Z\",\
             \"name\":\"a \\\"b\\\"\\\\\\u000a\u{fc}\",\"cpu_pct\":1.500,\"mem_bytes\":null}\n"
        );
    }
}
