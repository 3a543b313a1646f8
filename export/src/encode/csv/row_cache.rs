//! Rows as they were last written: of a domain that does little, most cells are what they were,
//! and comparing a value costs a tenth of writing it.

use std::io::Write;

use crate::encode::cells::{decimal, number, push_uuid};
use crate::schema::cell::Cell;
use crate::schema::column::Put;

/// A row: its text, and the values that it is the text of.
#[derive(Debug)]
pub(super) struct KeptRow {
    text: Vec<u8>,
    cells: Vec<KeptCell>,
    /// Whether its text is kept from being a formula.
    safe: bool,
}

#[derive(Debug)]
struct KeptCell {
    value: Value,
    /// Where its text ends, the comma included; it begins where the one before it ends.
    end: usize,
}

/// What is compared of a cell that is not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Unknown,
    Number(u64),
    /// The bits of a decimal.
    Decimal(u64),
    Uuid([u8; 16]),
    Word(&'static str),
    /// Any other: its text is what is compared, or it is made anew.
    Text,
}

impl KeptRow {
    /// A row without cells.
    pub(super) fn new(safe: bool) -> Self {
        Self {
            text: Vec::new(),
            cells: Vec::new(),
            safe,
        }
    }

    /// The row's text, each cell with its comma.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// How many cells it has.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Adds a cell behind the last.
    pub(super) fn push(&mut self, cell: Cell<'_>) {
        push_cell(&mut self.text, cell, self.safe);
        self.cells.push(KeptCell {
            value: Value::of(cell),
            end: self.text.len(),
        });
    }

    /// What takes the row's values anew: as many as there are columns, which it has.
    #[inline(always)]
    pub(super) fn again(&mut self, columns: usize) -> Again<'_> {
        Again {
            text: &mut self.text,
            cells: &mut self.cells[..columns],
            safe: self.safe,
            place: 0,
        }
    }
}

/// A row whose values come again, one after the other.
pub(super) struct Again<'a> {
    text: &'a mut Vec<u8>,
    cells: &'a mut [KeptCell],
    safe: bool,
    place: usize,
}

impl Put for Again<'_> {
    #[inline(always)]
    fn put(&mut self, cell: Cell<'_>) {
        // The cell is made again in each arm, so that a steady one never reaches memory.
        match cell {
            Cell::Unknown if !self.is(Value::Unknown) => self.replace(Cell::Unknown),
            Cell::Number(n) if !self.is(Value::Number(n)) => self.replace(Cell::Number(n)),
            Cell::Decimal(x) if !self.is(Value::Decimal(x.to_bits())) => {
                self.replace(Cell::Decimal(x));
            }
            Cell::Uuid(uuid) if !self.is(Value::Uuid(uuid.into_bytes())) => {
                self.replace(Cell::Uuid(uuid));
            }
            Cell::Word(word) if !self.is_word(word) => self.replace(Cell::Word(word)),
            // One that was quoted or guarded is written again.
            Cell::Text(text) if !self.is_text(text) => self.replace(Cell::Text(text)),
            Cell::Time(time) => self.replace(Cell::Time(time)),
            _ => {}
        }
        self.place += 1;
    }
}

impl Again<'_> {
    #[inline(always)]
    fn is(&self, value: Value) -> bool {
        self.cells[self.place].value == value
    }

    /// Words are compared by where they are: the same one lies in one place.
    #[inline(always)]
    fn is_word(&self, word: &'static str) -> bool {
        matches!(self.cells[self.place].value, Value::Word(kept) if std::ptr::eq(kept, word))
    }

    #[inline(always)]
    fn is_text(&self, text: &str) -> bool {
        let kept = self.text.get(self.begin()..self.cells[self.place].end - 1);
        self.is(Value::Text) && kept == Some(text.as_bytes())
    }

    #[inline(always)]
    fn begin(&self) -> usize {
        match self.place.checked_sub(1) {
            Some(before) => self.cells[before].end,
            None => 0,
        }
    }

    #[inline(always)]
    fn replace(&mut self, cell: Cell<'_>) {
        let begin = self.begin();
        let cells = &mut self.cells[self.place..];
        replace(self.text, cells, begin, cell, self.safe);
    }
}

/// Makes the first of these cells, whose text begins there, another one.
#[inline(never)]
fn replace(text: &mut Vec<u8>, cells: &mut [KeptCell], begin: usize, cell: Cell<'_>, safe: bool) {
    match cell {
        Cell::Number(number) => {
            put(
                text,
                cells,
                begin,
                itoa::Buffer::new().format(number).as_bytes(),
            );
        }
        Cell::Decimal(number) => put(text, cells, begin, decimal(number, &mut [0; 32])),
        other => {
            let old_len = text.len();
            push_cell(text, other, safe);
            move_in(text, cells, begin, old_len);
        }
    }
    cells[0].value = Value::of(cell);
}

/// Puts a text in the first cell's place. Most often it is as long as the one that is there.
#[inline]
fn put(text: &mut Vec<u8>, cells: &mut [KeptCell], begin: usize, bytes: &[u8]) {
    let place = &mut text[begin..cells[0].end - 1];
    if place.len() == bytes.len() {
        place.copy_from_slice(bytes);
        return;
    }
    let old_len = text.len();
    text.extend_from_slice(bytes);
    text.push(b',');
    move_in(text, cells, begin, old_len);
}

/// Moves the text behind the last cell, which begins at `old_len`, to the first of these cells.
fn move_in(text: &mut Vec<u8>, cells: &mut [KeptCell], begin: usize, old_len: usize) {
    let (end, new_end) = (cells[0].end, begin + text.len() - old_len);
    text[begin..].rotate_right(new_end - begin);
    text.drain(new_end..new_end + end - begin);
    for cell in cells {
        cell.end = cell.end + new_end - end;
    }
}

impl Value {
    fn of(cell: Cell<'_>) -> Self {
        match cell {
            Cell::Unknown => Self::Unknown,
            Cell::Number(number) => Self::Number(number),
            Cell::Decimal(number) => Self::Decimal(number.to_bits()),
            Cell::Uuid(uuid) => Self::Uuid(uuid.into_bytes()),
            Cell::Word(word) => Self::Word(word),
            Cell::Text(_) | Cell::Time(_) => Self::Text,
        }
    }
}

/// Adds a value and the comma behind it. `safe` is whether text is kept from being a formula.
pub(super) fn push_cell(out: &mut Vec<u8>, cell: Cell<'_>, safe: bool) {
    match number(out, cell) {
        Some(Cell::Word(word)) => out.extend_from_slice(word.as_bytes()),
        Some(Cell::Text(text)) => push_text(out, text, safe),
        // Writing to a Vec can't fail.
        Some(Cell::Time(time)) => drop(write!(out, "{}", humantime::format_rfc3339_nanos(time))),
        Some(Cell::Uuid(uuid)) => push_uuid(out, uuid),
        _ => {}
    }
    out.push(b',');
}

fn push_text(out: &mut Vec<u8>, text: &str, safe: bool) {
    let special = |byte: u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    let quoted = text.bytes().any(special);
    if quoted {
        out.push(b'"');
    }
    if safe && is_formula(text) {
        out.push(b'\'');
    }
    if !quoted {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Whether a spreadsheet takes this text for a formula: by the characters that OWASP lists under
/// "CSV Injection", and their full-width forms.
fn is_formula(text: &str) -> bool {
    text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ])
}
