use std::io::Write;

use super::Sink;
use crate::Frame;
use crate::columns::{Cell, DOMAIN, TICK};

/// The domains table as CSV: a header, then one line a domain and tick, quoted by RFC 4180, ended
/// by a line feed.
#[derive(Debug, Default)]
pub struct CsvSink {
    header_written: bool,
    /// The cells that all rows of a tick begin with.
    tick_cells: Vec<u8>,
}

impl Sink for CsvSink {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        if !self.header_written {
            let names = TICK.iter().map(|column| column.name);
            let names = names.chain(DOMAIN.iter().map(|column| column.name));
            for (n, name) in names.enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(name.as_bytes());
            }
            out.push(b'\n');
            self.header_written = true;
        }
        self.tick_cells.clear();
        for column in &TICK {
            push_cell(&mut self.tick_cells, (column.cell)(&frame.tick));
            self.tick_cells.push(b',');
        }
        for (domain, rates) in frame.snapshot.domains.iter().zip(frame.rates) {
            out.extend_from_slice(&self.tick_cells);
            for (n, column) in DOMAIN.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                push_cell(out, (column.cell)(domain, rates));
            }
            out.push(b'\n');
        }
    }
}

fn push_cell(out: &mut Vec<u8>, cell: Cell<'_>) {
    match cell {
        Cell::Unknown => {}
        Cell::Number(number) => push_number(out, number),
        Cell::Decimal(number) => push_decimal(out, number),
        Cell::Text(text) => push_text(out, text),
        // Writing to a Vec can't fail.
        Cell::Time(time) => drop(write!(out, "{}", humantime::format_rfc3339_nanos(time))),
        Cell::Uuid(uuid) => {
            let mut text = [0; 36];
            out.extend_from_slice(uuid.hyphenated().encode_lower(&mut text).as_bytes());
        }
    }
}

fn push_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Three decimals, rounded to the nearest.
fn push_decimal(out: &mut Vec<u8>, number: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is never negative, and a float's cast saturates"
    )]
    let thousandths = (number * 1000.0).round() as u64;
    push_number(out, thousandths / 1000);
    out.push(b'.');
    for place in [100, 10, 1] {
        out.push(b'0' + (thousandths / place % 10) as u8);
    }
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
