//! Rows of a file, recognized from its bytes.

use std::ops::Range;

use virtmon_export::registry;
use virtmon_export::schema::TICK_END;

/// Largest length of a row. The longest text of a source has 4 KiB.
const MAX_ROW_BYTES: usize = 64 << 10;
/// Beginning of the header of a file with all columns, and the number of cells that identify a tick.
const KEY: &[u8] = b"schema,tick,time,mono_ns,";
const KEY_CELLS: usize = 4;

/// Format of the rows of a file.
#[derive(Debug)]
pub(super) enum Shape<'a> {
    /// CSV with this header.
    Csv {
        header: &'a [u8],
        columns: usize,
        has_tick_end: bool,
        has_key: bool,
    },
    /// JSON Lines.
    Json,
}

/// A whole row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Length of the row, including the line feed.
    pub(super) bytes: usize,
    /// The bytes that identify its tick; empty if there are none.
    pub(super) key: Range<usize>,
    /// True if it is the last row of its tick.
    pub(super) ends_tick: bool,
}

impl<'a> Shape<'a> {
    /// The shape of a file with this header, which is empty for JSON Lines.
    pub(super) fn of(header: &'a [u8]) -> Self {
        let Some(names) = header.strip_suffix(b"\n") else {
            return Self::Json;
        };
        let mut columns = 0;
        let mut last: &[u8] = b"";
        for name in names.split(|&byte| byte == b',') {
            columns += 1;
            last = name;
        }
        Self::Csv {
            header,
            columns,
            has_tick_end: last == TICK_END.as_bytes(),
            has_key: header.starts_with(KEY),
        }
    }

    /// The first bytes of the file.
    pub(super) fn begin(&self) -> &'a [u8] {
        match self {
            Self::Csv { header, .. } => header,
            Self::Json => b"{\"table\":\"",
        }
    }

    pub(super) fn is_json(&self) -> bool {
        matches!(self, Self::Json)
    }

    /// True if the last row of each tick is marked.
    pub(super) fn has_tick_end(&self) -> bool {
        match self {
            Self::Csv { has_tick_end, .. } => *has_tick_end,
            Self::Json => true,
        }
    }

    /// True if a file with another beginning is a table of virtmon: of other columns, of another
    /// version, or with a damaged beginning.
    pub(super) fn is_older(&self, head: &[u8]) -> bool {
        // A file that was truncated while a writer without O_APPEND went on, or data that never
        // reached the disk.
        if head.starts_with(b"\0") {
            return true;
        }
        match self {
            Self::Json => {
                let lines = head.split(|&byte| byte == b'\n');
                lines.skip(1).any(|line| line.starts_with(self.begin()))
            }
            Self::Csv { .. } => {
                let mut lines = head.split(|&byte| byte == b'\n');
                let first = lines.next().unwrap_or_default();
                // The damaged byte may be a line feed.
                let second = lines.next().unwrap_or_default();
                is_header(first) || is_header(&[first, b",", second].concat())
            }
        }
    }

    /// The whole row at the beginning of these bytes.
    pub(super) fn record(&self, bytes: &[u8]) -> Option<Record> {
        let bytes = &bytes[..bytes.len().min(MAX_ROW_BYTES)];
        match *self {
            Self::Json => json(bytes, self.begin()),
            Self::Csv {
                columns,
                has_tick_end,
                has_key,
                ..
            } => csv(bytes, columns, has_tick_end, has_key),
        }
    }
}

/// True if this is the header of a table with any columns: all names are known, or at least three and
/// at least a third of them.
fn is_header(line: &[u8]) -> bool {
    let known = registry::column_names();
    let is_known = |name: &&[u8]| known.iter().any(|known| known.as_bytes() == *name);
    let names = line.split(|&byte| byte == b',');
    let (all, known) = (names.clone().count(), names.filter(is_known).count());
    known == all || known >= 3 && known * 3 >= all
}

fn json(bytes: &[u8], begin: &[u8]) -> Option<Record> {
    let feed = bytes.iter().position(|&byte| byte == b'\n')?;
    let line = bytes[..feed].strip_suffix(b"}")?;
    if !line.starts_with(begin) {
        return None;
    }
    // Within a text, a quote has a backslash before it.
    let end = format!(",\"{TICK_END}\":1");
    let place = |text: &[u8]| line.windows(text.len()).position(|part| part == text);
    let key = match (place(b"\"tick\":"), place(b",\"late_ns\":")) {
        (Some(from), Some(to)) if from < to => from..to,
        _ => 0..0,
    };
    Some(Record {
        bytes: feed + 1,
        key,
        ends_tick: line.ends_with(end.as_bytes()),
    })
}

fn csv(bytes: &[u8], columns: usize, has_tick_end: bool, has_key: bool) -> Option<Record> {
    let mut key = 0..0;
    let (mut at, mut cells) = (0, 0);
    loop {
        let from = at;
        at = cell_end(bytes, from)?;
        let cell = &bytes[from..at];
        let is_last = bytes[at] == b'\n';
        cells += 1;
        if has_key && cells <= KEY_CELLS && !is_key(cells, cell) {
            return None;
        }
        if has_key && cells == KEY_CELLS {
            key = 0..at;
        }
        at += 1;
        if !is_last && cells < columns {
            continue;
        }
        let fits = is_last && cells == columns;
        let ends_tick = has_tick_end && cell == b"1";
        let is_known = !has_tick_end || ends_tick || cell.is_empty();
        return (fits && is_known).then_some(Record {
            bytes: at,
            key,
            ends_tick,
        });
    }
}

/// End of the cell that begins at `from`: the index of a comma or a line feed. `None` if the cell does
/// not end, or its quotes are not valid.
fn cell_end(bytes: &[u8], from: usize) -> Option<usize> {
    if bytes.get(from) != Some(&b'"') {
        let rest = &bytes[from..];
        let end = rest.iter().position(|byte| b",\n\"".contains(byte))?;
        return (rest[end] != b'"').then_some(from + end);
    }
    let mut at = from + 1;
    loop {
        at += bytes[at..].iter().position(|&byte| byte == b'"')? + 1;
        match bytes.get(at)? {
            b'"' => at += 1,
            b',' | b'\n' => return Some(at),
            _ => return None,
        }
    }
}

/// True if the text is valid for this cell of a tick: schema, tick, time, `mono_ns`.
fn is_key(cell: usize, text: &[u8]) -> bool {
    if cell == 3 {
        return text.len() >= 20 && text.ends_with(b"Z") && text[0].is_ascii_digit();
    }
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}
