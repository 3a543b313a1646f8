//! Rotation: the end of a file, and the names of finished files.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::files::directory::Directory;

/// The condition for the next file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotate {
    /// Before the file would be longer than this number of bytes.
    Size(u64),
    /// At the next multiple of this time on the wall clock, in UTC: 24 h is midnight.
    Time(Duration),
}

impl Rotate {
    /// True if a tick at `now` belongs to the next file. The current file began at `first`, and would
    /// have this length with the tick. `has_ticks` is true if the file has a tick: a file has at least
    /// one.
    pub(super) fn is_due(
        self,
        has_ticks: bool,
        length: u64,
        first: SystemTime,
        now: SystemTime,
    ) -> bool {
        match self {
            Self::Size(most) => has_ticks && length > most,
            Self::Time(time) => {
                let period = |wall: SystemTime| {
                    let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
                    since.as_nanos() / time.as_nanos().max(1)
                };
                period(first) != period(now)
            }
        }
    }
}

/// Largest number of files that begin in one second.
const MAX_PER_SECOND: u32 = 10_000;

/// Renames a file to its finished name: `out.csv` becomes `out-20261123T060000Z.csv`, by the time of its
/// first tick. If two files began in the same second, the name of the later one ends with `_1`. Returns
/// the new name.
///
/// # Errors
/// The directory can't be changed.
pub(super) fn finish(dir: &Directory, name: &OsStr, first: SystemTime) -> io::Result<OsString> {
    let mut stamp = String::new();
    // A clock past the year 9999 has no such text, and the names then differ by the number.
    let _ = write!(stamp, "{}", humantime::format_rfc3339_seconds(first));
    stamp.retain(|char| char != '-' && char != ':');
    for number in 0..MAX_PER_SECOND {
        let finished = match number {
            0 => named(name, &stamp),
            number => named(name, &format!("{stamp}_{number}")),
        };
        if dir.entry(&compressed(&finished))?.is_some() {
            continue;
        }
        match dir.rename_new(name, &finished) {
            Ok(()) => return Ok(finished),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// The name of a finished file after compression.
pub(super) fn compressed(name: &OsStr) -> OsString {
    with_suffix(name, COMPRESSED)
}

/// The name with a suffix.
pub(super) fn with_suffix(name: &OsStr, suffix: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(suffix);
    name
}

const COMPRESSED: &str = ".zst";

fn named(name: &OsStr, stamp: &str) -> OsString {
    let path = Path::new(name);
    let mut name = OsString::from(path.file_stem().unwrap_or_default());
    name.push("-");
    name.push(stamp);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    name
}

/// A finished file, with the facts in its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finished {
    /// Seconds since 1970 of its first tick, and the number among those of one second.
    pub(super) stamp: (u64, u64),
    pub(super) name: OsString,
    pub(super) is_compressed: bool,
    pub(super) bytes: u64,
}

/// The finished files of an output in its directory, oldest first. Only regular files count.
pub(super) fn all_finished(dir: &Directory, name: &OsStr) -> io::Result<Vec<Finished>> {
    let mut all = Vec::new();
    for found in dir.list()? {
        let text = found.to_str();
        let plain = text.and_then(|text| text.strip_suffix(COMPRESSED));
        let Some(stamp) = stamp_of(Path::new(plain.unwrap_or(text.unwrap_or(""))), name) else {
            continue;
        };
        // A file that was removed meanwhile does not count.
        let Some(entry) = dir.entry(&found)?.filter(super::directory::Entry::is_file) else {
            continue;
        };
        all.push(Finished {
            stamp,
            is_compressed: plain.is_some(),
            bytes: entry.bytes,
            name: found,
        });
    }
    all.sort();
    Ok(all)
}

/// Time of the first tick, if this is the name of a finished file of that output.
fn stamp_of(finished: &Path, name: &OsStr) -> Option<(u64, u64)> {
    let name = Path::new(name);
    if finished.extension() != name.extension() {
        return None;
    }
    let begin = name.file_stem()?.to_str()?;
    let stem = finished.file_stem()?.to_str()?;
    parse_stamp(stem.strip_prefix(begin)?.strip_prefix('-')?)
}

/// Reads `20261123T060000Z`, with `_` and a number behind it or without.
fn parse_stamp(text: &str) -> Option<(u64, u64)> {
    let (time, number) = text.split_once('_').unwrap_or((text, "0"));
    let like = |(byte, like): (u8, u8)| match like {
        b'0' => byte.is_ascii_digit(),
        like => byte == like,
    };
    if time.len() != 16 || !time.bytes().zip(*b"00000000T000000Z").all(like) {
        return None;
    }
    let [year, month, day, hour, minute, second] =
        [0..4, 4..6, 6..8, 9..11, 11..13, 13..15].map(|part| &time[part]);
    let time = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    let time = humantime::parse_rfc3339(&time).ok()?;
    let since_1970 = time.duration_since(UNIX_EPOCH).ok()?;
    Some((since_1970.as_secs(), number.parse().ok()?))
}

/// Time of the first row of a file, if it has one.
pub(super) fn first_time(file: impl Read) -> Option<SystemTime> {
    const FAR: u64 = 64 << 10;
    let mut lines = BufReader::new(file.take(FAR)).lines();
    let first = lines.next()?.ok()?;
    let time = if first.starts_with('{') {
        first
            .split_once("\"time\":\"")?
            .1
            .split('"')
            .next()?
            .to_owned()
    } else {
        // What stands before the time is never quoted.
        let column = first.split(',').position(|name| name == "time")?;
        let row = lines.next()?.ok()?;
        row.split(',').nth(column)?.to_owned()
    };
    humantime::parse_rfc3339(&time).ok()
}

#[cfg(test)]
mod tests;
