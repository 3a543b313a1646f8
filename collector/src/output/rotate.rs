//! When a file is finished, and what it is called then.

use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// When a file is closed and the next one begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotate {
    /// Before it would be longer than so many bytes.
    Size(u64),
    /// With the wall clock's next multiple of this time, in UTC: at 24 h with midnight.
    Time(Duration),
}

impl Rotate {
    /// Whether a tick of now is not to go into a file that began then and would be so long with it.
    /// `has_ticks` is whether there is one in it: a single one is not parted.
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

/// A name for a finished file that nothing has: `out.csv` becomes `out-20261123T060000Z.csv`, by
/// its first tick. Where two began in the same second, the later one's ends with `_1`.
pub(super) fn finished(path: &Path, first: SystemTime) -> PathBuf {
    let mut stamp = String::new();
    // A clock past the year 9999 has no such text, and the names are told apart by the number.
    let _ = write!(stamp, "{}", humantime::format_rfc3339_seconds(first));
    stamp.retain(|char| char != '-' && char != ':');
    let is_free = |path: &PathBuf| !path.exists() && !compressed(path).exists();
    let plain = named(path, &stamp);
    if is_free(&plain) {
        return plain;
    }
    let mut others = (1u32..).map(|n| named(path, &format!("{stamp}_{n}")));
    others.find(is_free).unwrap_or(plain)
}

/// What a finished file is called once it is compressed.
pub(super) fn compressed(path: &Path) -> PathBuf {
    with_suffix(path, ".zst")
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn named(path: &Path, stamp: &str) -> PathBuf {
    let mut name = OsString::from(path.file_stem().unwrap_or_default());
    name.push("-");
    name.push(stamp);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// The finished files of this path that an earlier run left uncompressed.
pub(super) fn left_plain(path: &Path) -> Vec<PathBuf> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(directory.unwrap_or(Path::new("."))) else {
        return Vec::new();
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    let ours = |name: &OsString| {
        let name = Path::new(name);
        let stem = |path: &Path| Some(path.file_stem()?.to_str()?.to_owned());
        let stamp = stem(path).and_then(|begin| {
            let stem = stem(name)?;
            Some(stem.strip_prefix(&begin)?.strip_prefix('-')?.to_owned())
        });
        name.extension() == path.extension() && stamp.is_some_and(|stamp| is_stamp(&stamp))
    };
    let mut left: Vec<PathBuf> = names
        .filter(ours)
        .map(|name| path.with_file_name(name))
        .collect();
    left.sort();
    left
}

/// Whether this is `20261123T060000Z`, with a number behind it or without.
fn is_stamp(text: &str) -> bool {
    let (time, number) = text.split_once('_').unwrap_or((text, "1"));
    let like = |(byte, like): (u8, u8)| match like {
        b'0' => byte.is_ascii_digit(),
        like => byte == like,
    };
    time.len() == 16
        && time.bytes().zip(*b"00000000T000000Z").all(like)
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The time of a file's first row, where it has one.
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
mod tests {
    use super::*;

    const NOON: Duration = Duration::from_secs(1_795_435_200);

    #[test]
    fn a_file_ends_with_its_size_or_its_time() {
        let at = |ns| UNIX_EPOCH + NOON + Duration::from_nanos(ns);
        let size = Rotate::Size(100);
        assert!(!size.is_due(true, 100, at(0), at(0)));
        assert!(size.is_due(true, 101, at(0), at(0)));
        assert!(!size.is_due(false, 500, at(0), at(0)));
        let hour = Rotate::Time(Duration::from_secs(3600));
        let ns = 3_600_000_000_000;
        assert!(!hour.is_due(true, 1, at(0), at(ns - 1)));
        assert!(hour.is_due(true, 1, at(ns - 1), at(ns)));
        assert!(
            hour.is_due(true, 1, at(ns), at(ns - 1)),
            "the clock stepped back"
        );
    }

    #[test]
    fn names_tell_the_first_tick() {
        let dir = tempfile::tempdir().unwrap();
        let first = UNIX_EPOCH + NOON;
        let mut names = Vec::new();
        for path in ["out.csv", "out.csv", "out.csv", "out.vcpu.csv", "out"] {
            let path = finished(&dir.path().join(path), first);
            fs::write(&path, "").unwrap();
            names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            if names.len() == 1 {
                fs::rename(&path, compressed(&path)).unwrap();
            }
        }
        let expected = [
            "out-20261123T120000Z.csv",
            "out-20261123T120000Z_1.csv",
            "out-20261123T120000Z_2.csv",
            "out.vcpu-20261123T120000Z.csv",
            "out-20261123T120000Z",
        ];
        assert_eq!(names, expected);
        fs::write(dir.path().join("out-of-order.csv"), "").unwrap();
        fs::write(dir.path().join("out-20261123T120000.csv"), "").unwrap();
        let left = left_plain(&dir.path().join("out.csv"));
        let left: Vec<_> = left.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(left, &expected[1..3]);
    }

    #[test]
    fn a_file_tells_when_it_began() {
        let time = |text: &str| first_time(text.as_bytes());
        let noon = Some(UNIX_EPOCH + NOON);
        let row = "2026-11-23T12:00:00.000000000Z";
        assert_eq!(time(&format!("schema,tick,time\n1,0,{row}\n")), noon);
        assert_eq!(time(&format!("time,name\n{row},\"a\"\n")), noon);
        assert_eq!(
            time(&format!("{{\"table\":\"domain\",\"time\":\"{row}\"}}\n")),
            noon
        );
        for text in [
            "",
            "time,name\n",
            "id,name\n1,x\n",
            "time\n,\n",
            "{\"time\":\"",
        ] {
            assert_eq!(time(text), None, "{text:?}");
        }
    }
}
