//! Cache of the rows as they were last written. Most cells of a domain that does little do not change,
//! and comparing a value costs a tenth of writing it.

use std::io::Write;

use crate::encode::cells::{decimal, number, push_uuid};
use crate::schema::cell::Cell;
use crate::schema::column::CellSink;

/// A row: its text, and the values of the text.
#[derive(Debug)]
pub(super) struct CachedRow {
    text: Vec<u8>,
    cells: Vec<CachedCell>,
    /// True if text is kept from being a formula.
    safe: bool,
}

#[derive(Debug)]
struct CachedCell {
    value: Value,
    /// End of its text, the comma included. The text begins at the end of the cell before.
    end: usize,
}

/// Value of a cell for comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Unknown,
    Number(u64),
    /// The bits of a decimal.
    Decimal(u64),
    Uuid([u8; 16]),
    Word(&'static str),
    /// Any other value: the text is compared, or written again.
    Text,
}

impl CachedRow {
    /// Creates a row without cells.
    pub(super) fn new(safe: bool) -> Self {
        Self {
            text: Vec::new(),
            cells: Vec::new(),
            safe,
        }
    }

    /// Text of the row, each cell with its comma.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Number of cells.
    pub(super) fn cell_count(&self) -> usize {
        self.cells.len()
    }

    /// Appends a cell.
    pub(super) fn push(&mut self, cell: Cell<'_>) {
        push_cell(&mut self.text, cell, self.safe);
        self.cells.push(CachedCell {
            value: Value::of(cell),
            end: self.text.len(),
        });
    }

    /// Updater of the row: takes one value per column, in order.
    #[inline(always)]
    pub(super) fn updater(&mut self, columns: usize) -> RowUpdater<'_> {
        RowUpdater {
            text: &mut self.text,
            cells: &mut self.cells[..columns],
            safe: self.safe,
            index: 0,
        }
    }
}

/// Takes the new values of a cached row, one after the other, and writes those that changed.
pub(super) struct RowUpdater<'a> {
    text: &'a mut Vec<u8>,
    cells: &'a mut [CachedCell],
    safe: bool,
    index: usize,
}

impl CellSink for RowUpdater<'_> {
    #[inline(always)]
    fn put(&mut self, cell: Cell<'_>) {
        // Each arm builds the cell again, so that an unchanged one never reaches memory.
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
            // Text that was quoted or guarded is written again.
            Cell::Text(text) if !self.is_text(text) => self.replace(Cell::Text(text)),
            Cell::Time(time) => self.replace(Cell::Time(time)),
            _ => {}
        }
        self.index += 1;
    }
}

impl RowUpdater<'_> {
    #[inline(always)]
    fn is(&self, value: Value) -> bool {
        self.cells[self.index].value == value
    }

    /// Words are compared by address: a word has one address.
    #[inline(always)]
    fn is_word(&self, word: &'static str) -> bool {
        matches!(self.cells[self.index].value, Value::Word(old) if std::ptr::eq(old, word))
    }

    #[inline(always)]
    fn is_text(&self, text: &str) -> bool {
        let old = self.text.get(self.begin()..self.cells[self.index].end - 1);
        self.is(Value::Text) && old == Some(text.as_bytes())
    }

    #[inline(always)]
    fn begin(&self) -> usize {
        match self.index.checked_sub(1) {
            Some(before) => self.cells[before].end,
            None => 0,
        }
    }

    #[inline(always)]
    fn replace(&mut self, cell: Cell<'_>) {
        let begin = self.begin();
        let cells = &mut self.cells[self.index..];
        replace(self.text, cells, begin, cell, self.safe);
    }
}

/// Replaces the first of these cells, whose text begins at `begin`.
#[inline(never)]
fn replace(text: &mut Vec<u8>, cells: &mut [CachedCell], begin: usize, cell: Cell<'_>, safe: bool) {
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

/// Writes a text into the place of the first cell. Most often its length does not change.
#[inline]
fn put(text: &mut Vec<u8>, cells: &mut [CachedCell], begin: usize, bytes: &[u8]) {
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

/// Moves the text after the last cell, which begins at `old_len`, into the first of these cells.
fn move_in(text: &mut Vec<u8>, cells: &mut [CachedCell], begin: usize, old_len: usize) {
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

/// Appends a value and a comma. If `safe` is true, text is kept from being a formula.
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

/// True if a spreadsheet reads this text as a formula. The characters are those that OWASP lists
/// under "CSV Injection", and their full-width forms.
fn is_formula(text: &str) -> bool {
    text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ])
}
