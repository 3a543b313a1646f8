//! The end of the last whole tick in a file of an earlier run. The search starts at the end of the
//! file.
//!
//! A run writes a tick with one call, so only the last tick of a file can be incomplete. The last row
//! of each tick has `tick_end`. Damage elsewhere in the file stays as it is.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

mod record;

use record::{Record, Shape};

/// Numbers of bytes that are read from the end of a file, until they contain the end of a tick. A tick
/// longer than the last number is not found.
const WINDOWS: [u64; 5] = [4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20];

/// Number of bytes that are read from the beginning of a file, to recognize its content.
const HEAD_BYTES: u64 = 64 << 10;

/// Content of a file of an earlier run.
#[derive(Debug, PartialEq, Eq)]
pub enum Tail {
    /// No row: the header is still to be written.
    Empty,
    /// Whole ticks.
    Ticks {
        /// Number of bytes from the start to the end of the last whole tick.
        whole: u64,
        /// Number of bytes after it: an incomplete tick, or bytes that are no row.
        torn: u64,
    },
    /// A table of virtmon with other columns, or one whose beginning or end is damaged.
    OtherColumns,
    /// Something else.
    Foreign,
}

/// Finds the end of the last whole tick of a file. `header` is the first line of the file, empty for
/// JSON Lines.
///
/// Memory and time grow with the part of the file that is read, which is 64 MiB at most.
///
/// # Errors
/// The file can't be read.
pub fn find_tail(file: &mut (impl Read + Seek), header: &[u8]) -> io::Result<Tail> {
    let length = file.seek(SeekFrom::End(0))?;
    let head = read(file, 0, length.min(HEAD_BYTES))?;
    let shape = Shape::of(header);
    let begin = shape.begin();
    if !head.starts_with(begin) {
        // A part of a header is an incomplete one.
        return Ok(if begin.starts_with(&head) {
            Tail::Empty
        } else if shape.is_older(&head) {
            Tail::OtherColumns
        } else {
            Tail::Foreign
        });
    }
    let first = header.len() as u64;
    for window in WINDOWS {
        let from = length.saturating_sub(window).max(first);
        let all = from == first;
        let bytes = read(file, from, length - from)?;
        let is_last = all || window == WINDOWS[WINDOWS.len() - 1];
        let tail = TailScan::of(&bytes, &shape, all);
        if let Some(whole) = tail.whole(&shape, all, is_last) {
            let whole = from + whole as u64;
            let torn = length - whole;
            return Ok(Tail::Ticks { whole, torn });
        }
    }
    Ok(Tail::OtherColumns)
}

fn read(file: &mut (impl Read + Seek), from: u64, bytes: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut into = Vec::new();
    file.take(bytes).read_to_end(&mut into)?;
    Ok(into)
}

/// Rows at the end of a file, as indices in the bytes that were read.
#[derive(Debug, Default)]
struct TailScan {
    /// End of the last row that ends a tick.
    tick_end: Option<usize>,
    /// End of the last whole row.
    row_end: Option<usize>,
    /// Start of the first whole row after `tick_end`.
    first: Option<usize>,
    /// The last whole rows that have the same tick: start of the first one, and the bytes of the tick in
    /// the last one.
    run: Option<(usize, Range<usize>)>,
}

impl TailScan {
    /// Scans the bytes row by row. Bytes that are no row are skipped up to the next line that is one.
    /// `aligned` is true if the first byte begins a row.
    fn of(bytes: &[u8], shape: &Shape, aligned: bool) -> Self {
        let mut tail = Self::default();
        let mut at = if aligned { 0 } else { next_line(bytes, 0) };
        while at < bytes.len() {
            match shape.record(&bytes[at..]) {
                Some(record) => {
                    tail.take(bytes, at, &record);
                    at += record.bytes;
                }
                None => at = next_line(bytes, at),
            }
        }
        tail
    }

    fn take(&mut self, bytes: &[u8], at: usize, record: &Record) {
        let end = at + record.bytes;
        self.row_end = Some(end);
        if record.ends_tick {
            self.tick_end = Some(end);
            (self.first, self.run) = (None, None);
            return;
        }
        self.first.get_or_insert(at);
        let key = at + record.key.start..at + record.key.end;
        let begin = match &self.run {
            Some((begin, last)) if bytes[last.clone()] == bytes[key.clone()] => *begin,
            _ => at,
        };
        self.run = Some((begin, key));
    }

    /// End of the last whole tick; `None` if it is not in these bytes. `all` is true if they are all rows
    /// of the file, `is_last` if no more of the file will be read.
    fn whole(&self, shape: &Shape, all: bool, is_last: bool) -> Option<usize> {
        let none = all.then_some(0);
        if !shape.has_tick_end() {
            // The file does not show whether the last tick is complete.
            return self.row_end.or(none);
        }
        let run = self.run.as_ref().map(|(begin, _)| *begin);
        match (self.tick_end, run) {
            // After the last whole tick are rows of one other tick, or none.
            (Some(end), run) if run == self.first => Some(end),
            // If the end of a tick is damaged, the rows are of several ticks; only the last one is cut.
            (Some(_), run) => run,
            // An earlier version of the program did not mark the ends.
            (None, _) if shape.is_json() && is_last => self.row_end.or(none),
            (None, run) if all => run.or(none),
            (None, _) => None,
        }
    }
}

/// Start of the next line.
fn next_line(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let feed = rest.iter().position(|&byte| byte == b'\n');
    feed.map_or(bytes.len(), |feed| at + feed + 1)
}

#[cfg(test)]
mod tests;
