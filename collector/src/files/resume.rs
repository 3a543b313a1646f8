//! Where a file that an earlier run left may be gone on with: behind its last whole tick, which is
//! looked for from the end.
//!
//! A run writes a tick by one call, so that only the last tick of a file can be incomplete. Each
//! tick's last row has `tick_end`. Whatever is damaged elsewhere stays as it is.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

mod record;

use record::{Record, Shape};

/// How much of a file's end is read, until a tick's end is among it. A tick that is longer than the
/// last is not looked for.
const WINDOWS: [u64; 5] = [4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20];

/// So much of a file's beginning is read, to see what it is.
const HEAD_BYTES: u64 = 64 << 10;

/// What an earlier run left.
#[derive(Debug, PartialEq, Eq)]
pub enum Tail {
    /// Nothing: the header is still to be written.
    Empty,
    /// Whole ticks.
    Ticks {
        /// Bytes from the start to the end of the last whole tick.
        whole: u64,
        /// Bytes behind it: an incomplete tick, or what is no row.
        torn: u64,
    },
    /// A table of virtmon with other columns, or one whose beginning or end is damaged.
    OtherColumns,
    /// Something else.
    Foreign,
}

/// Looks at a file. `header` is the line that it must begin with, empty for JSON Lines.
///
/// It takes memory for the part of the file that is looked at, 64 MiB at most, and time that grows
/// with that part.
///
/// # Errors
/// The file can't be read.
pub fn find_tail(file: &mut (impl Read + Seek), header: &[u8]) -> io::Result<Tail> {
    let length = file.seek(SeekFrom::End(0))?;
    let head = read(file, 0, length.min(HEAD_BYTES))?;
    let shape = Shape::of(header);
    let begin = shape.begin();
    if !head.starts_with(begin) {
        // Less than a header is one that was torn.
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

/// What the end of a file holds, by places in the bytes that were read.
#[derive(Debug, Default)]
struct TailScan {
    /// Where the last row ends that ends a tick.
    tick_end: Option<usize>,
    /// Where the last whole row ends.
    row_end: Option<usize>,
    /// Where the first whole row behind `tick_end` begins.
    first: Option<usize>,
    /// Of the last whole rows that have one tick: where the first begins, and where the last one
    /// has its tick.
    run: Option<(usize, Range<usize>)>,
}

impl TailScan {
    /// Reads the bytes row by row. What is no row is passed over, up to the next line that is.
    /// `aligned` is whether the first byte begins a row.
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

    /// Where the last whole tick ends; `None` where that is not among these bytes. `all` is whether
    /// they are all rows of the file, `is_last` whether no more of it is to be read.
    fn whole(&self, shape: &Shape, all: bool, is_last: bool) -> Option<usize> {
        let none = all.then_some(0);
        if !shape.has_tick_end() {
            // Nothing tells whether the last tick has more rows to come.
            return self.row_end.or(none);
        }
        let run = self.run.as_ref().map(|(begin, _)| *begin);
        match (self.tick_end, run) {
            // Behind the last whole tick are rows of one other, or none.
            (Some(end), run) if run == self.first => Some(end),
            // They are of several ticks where an end is damaged, and only the last one goes.
            (Some(_), run) => run,
            // An earlier version of the program has not marked the ends.
            (None, _) if shape.is_json() && is_last => self.row_end.or(none),
            (None, run) if all => run.or(none),
            (None, _) => None,
        }
    }
}

/// Where the line behind this place begins.
fn next_line(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let feed = rest.iter().position(|&byte| byte == b'\n');
    feed.map_or(bytes.len(), |feed| at + feed + 1)
}

#[cfg(test)]
mod tests;
