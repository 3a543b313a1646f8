//! JSON Lines.

use std::io::Write;

use crate::encode::Encoder;
use crate::encode::cells::{is_selected, number, push_uuid, selected_columns};
use crate::schema::TICK_END;
use crate::schema::cell::Cell;
use crate::schema::column::{Column, Table};
use crate::tables::tick::TickColumns;
use virtmon_analysis::frame::Frame;

/// Several tables in one stream of JSON Lines. The last row of each tick has `tick_end`.
pub struct JsonLinesEncoder {
    tables: Vec<Box<dyn Encoder>>,
    /// Text that ends the last row of a tick.
    end: Vec<u8>,
}

impl JsonLinesEncoder {
    /// Creates a stream of these tables. Each is a [`JsonEncoder`] of these columns.
    #[must_use]
    pub fn new(tables: Vec<Box<dyn Encoder>>, names: &[String]) -> Self {
        let end = if is_selected(TICK_END, names) {
            format!(",\"{TICK_END}\":1}}\n").into_bytes()
        } else {
            Vec::new()
        };
        Self { tables, end }
    }
}

impl Encoder for JsonLinesEncoder {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        self.tables.encode(frame, out);
        if out.len() > start && !self.end.is_empty() {
            out.truncate(out.len() - b"}\n".len());
            out.extend_from_slice(&self.end);
        }
    }
}

/// Encodes a table as JSON Lines: one object per row, whose first key names the table. An unknown value
/// is null.
pub struct JsonEncoder<T: Table> {
    tick_columns: Vec<&'static Column<TickColumns>>,
    columns: Vec<&'static Column<T>>,
    /// Text that all rows of a tick begin with.
    tick_cells: Vec<u8>,
}

impl<T: Table> JsonEncoder<T> {
    /// Creates an encoder of the columns with these names; of all columns if there are no names.
    #[must_use]
    pub fn of(names: &[String]) -> Self {
        Self {
            tick_columns: selected_columns::<TickColumns>(names),
            columns: selected_columns::<T>(names),
            tick_cells: Vec::new(),
        }
    }
}

impl<T: Table> Encoder for JsonEncoder<T> {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        let begin = &mut self.tick_cells;
        begin.clear();
        begin.extend_from_slice(b"{\"table\":\"");
        begin.extend_from_slice(T::NAME.as_bytes());
        begin.push(b'"');
        for column in &self.tick_columns {
            push_pair(begin, column.info.name, (column.cell)(&frame.tick));
        }
        T::rows(frame, |row| {
            out.extend_from_slice(begin);
            for column in &self.columns {
                push_pair(out, column.info.name, (column.cell)(row));
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
    use crate::tables::domain::DomainTable;
    use virtmon_analysis::frame::Tick;
    use virtmon_analysis::rates::DomainRates;

    #[test]
    fn one_object_per_row() {
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
        let rates = [DomainRates {
            cpu_pct: Some(1.5),
            ..DomainRates::default()
        }];
        let names = ["tick", "time", "name", "cpu_pct", "mem_bytes"].map(str::to_owned);
        let mut out = Vec::new();
        JsonEncoder::<DomainTable>::of(&names)
            .encode(&Frame::new(tick, &snapshot, &rates), &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"table\":\"domain\",\"tick\":3,\"time\":\"1970-01-01T00:00:00.000000000Z\",\
             \"name\":\"a \\\"b\\\"\\\\\\u000a\u{fc}\",\"cpu_pct\":1.500,\"mem_bytes\":null}\n"
        );
    }

    #[test]
    fn the_last_row_of_each_tick_has_tick_end() {
        let tick = Tick {
            number: 3,
            mono_ns: 9,
            wall: SystemTime::UNIX_EPOCH,
            late_ns: 1,
            sample_ns: 2,
            missed: 0,
        };
        let text = |names: &[&str], guests: usize| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            let mut snapshot = Snapshot::default();
            (0..guests).for_each(|_| snapshot.domains.next_row().clear());
            let rates = vec![DomainRates::default(); guests];
            let table: Box<dyn Encoder> = Box::new(JsonEncoder::<DomainTable>::of(&names));
            let mut out = Vec::new();
            JsonLinesEncoder::new(vec![table], &names)
                .encode(&Frame::new(tick, &snapshot, &rates), &mut out);
            String::from_utf8(out).unwrap()
        };
        let row = "{\"table\":\"domain\",\"tick\":3";
        assert_eq!(
            text(&["tick", "tick_end"], 2),
            format!("{row}}}\n{row},\"tick_end\":1}}\n")
        );
        assert_eq!(text(&["tick"], 1), format!("{row}}}\n"));
        assert_eq!(text(&["tick", "tick_end"], 0), "");
    }
}
