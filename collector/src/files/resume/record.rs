//! Rows of a file, as they are found again.

use std::ops::Range;

use virtmon_export::schema::TICK_END;
use virtmon_export::schema::registry;

/// No row is longer: of its texts, the longest that a source gives has 4 KiB.
const MAX_ROW_BYTES: usize = 64 << 10;
/// What a file of all columns begins with, and the cells that tell one tick from the next.
const KEY: &[u8] = b"schema,tick,time,mono_ns,";
const KEY_CELLS: usize = 4;

/// What the rows of a file look like.
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
    /// How long it is, the line feed included.
    pub(super) bytes: usize,
    /// The bytes that name its tick; empty where nothing does.
    pub(super) key: Range<usize>,
    /// Whether it is the last row of its tick.
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

    /// What the file begins with.
    pub(super) fn begin(&self) -> &'a [u8] {
        match self {
            Self::Csv { header, .. } => header,
            Self::Json => b"{\"table\":\"",
        }
    }

    pub(super) fn is_json(&self) -> bool {
        matches!(self, Self::Json)
    }

    /// Whether rows say that they are the last of their tick.
    pub(super) fn has_tick_end(&self) -> bool {
        match self {
            Self::Csv { has_tick_end, .. } => *has_tick_end,
            Self::Json => true,
        }
    }

    /// Whether a file that does not begin as it should is a table of virtmon's all the same: of
    /// other columns, of another version, or with a damaged beginning.
    pub(super) fn is_older(&self, head: &[u8]) -> bool {
        // What a file holds that was truncated beside a writer without O_APPEND, or never reached
        // the disk.
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
                // A line feed may be what is damaged.
                let second = lines.next().unwrap_or_default();
                is_header(first) || is_header(&[first, b",", second].concat())
            }
        }
    }

    /// The whole row that these bytes begin with.
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

/// Whether this is a header of a table, whatever columns it has: at least a third of the names are
/// known, and the only one or three.
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

/// Where the cell ends that begins there: at a comma or a line feed. `None` where it does not end,
/// or is quoted as no cell is.
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

/// Whether this is what the tick's cells hold: schema, tick, time, `mono_ns`.
fn is_key(cell: usize, text: &[u8]) -> bool {
    if cell == 3 {
        return text.len() >= 20 && text.ends_with(b"Z") && text[0].is_ascii_digit();
    }
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}
