//! `--rotate SIZE|TIME`, `--keep COUNT|TIME|SIZE`.

use std::time::Duration;

use crate::files::keep::Keep;
use crate::files::rotate::Rotate;

use crate::program::cli::duration::parse_time;

/// The smallest size of a file. Below it each file would hold one tick, and the disk would mostly
/// write the directory.
const MIN_BYTES: u64 = 4096;
/// The shortest time of a file.
const MIN_TIME: Duration = Duration::from_secs(1);

/// Units of sizes: logrotate's (`100k`, `100M`, `1G`), and the full names.
const UNITS: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("k", 1 << 10),
    ("M", 1 << 20),
    ("G", 1 << 30),
];

/// Parses a size or a time. A bare number could be either, and is refused.
pub(super) fn parse(text: &str) -> Result<Rotate, String> {
    let rotate = match parse_size(text) {
        Some(size) => size.map(Rotate::Size),
        None if is_bare(text) => None,
        None => parse_time(text).ok().map(Rotate::Time),
    };
    match rotate.ok_or("a size is like 100MiB, a time like 1h or 24h")? {
        Rotate::Size(size) if size < MIN_BYTES => Err("a file is at least 4KiB".into()),
        Rotate::Time(time) if time < MIN_TIME => Err("a file covers at least 1s".into()),
        rotate => Ok(rotate),
    }
}

/// Parses a number of files, a time or a size. A bare number is a number of files.
pub(super) fn parse_keep(text: &str) -> Result<Keep, String> {
    let keep = match parse_size(text) {
        Some(size) => size.map(Keep::Size),
        None if is_bare(text) => text.parse().ok().map(Keep::Count),
        None => parse_time(text).ok().map(Keep::Time),
    };
    match keep.ok_or("a number of files is like 14, a time like 14d, a size like 2GiB")? {
        Keep::Count(0) => Err("at least 1 file must be kept".into()),
        Keep::Size(size) if size < MIN_BYTES => Err("at least 4KiB must be kept".into()),
        Keep::Time(time) if time < MIN_TIME => Err("at least 1s must be kept".into()),
        keep => Ok(keep),
    }
}

/// Parses a size. `None` if the text has no unit of size.
fn parse_size(text: &str) -> Option<Option<u64>> {
    let (name, unit) = UNITS.iter().find(|(name, _)| text.ends_with(name))?;
    let number = text.strip_suffix(name)?.trim_end().parse::<u64>().ok();
    Some(number.and_then(|number| number.checked_mul(*unit)))
}

/// True if the text ends without a unit.
fn is_bare(text: &str) -> bool {
    text.ends_with(|last: char| last.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_as_people_write_them() {
        let hours = |hours: u64| Rotate::Time(Duration::from_secs(hours * 3600));
        for (text, rotate) in [
            ("100MiB", Rotate::Size(100 << 20)),
            ("100M", Rotate::Size(100 << 20)),
            ("100 MB", Rotate::Size(100_000_000)),
            ("4k", Rotate::Size(4096)),
            ("2GiB", Rotate::Size(2 << 30)),
            ("1h", hours(1)),
            ("24h", hours(24)),
            ("1d", hours(24)),
            ("60m", hours(1)),
        ] {
            assert_eq!(parse(text), Ok(rotate), "{text}");
        }
        for text in [
            "",
            "100",
            "0.5",
            "M",
            "-1M",
            "1.5M",
            "4095",
            "3k",
            "10ms",
            "99999999999G",
            "1x",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_kept_as_people_write_it() {
        let days = |days: u64| Keep::Time(Duration::from_secs(days * 86_400));
        for (text, keep) in [
            ("14", Keep::Count(14)),
            ("1", Keep::Count(1)),
            ("14d", days(14)),
            ("2w", days(14)),
            ("24h", days(1)),
            ("2GiB", Keep::Size(2 << 30)),
            ("2 GB", Keep::Size(2_000_000_000)),
        ] {
            assert_eq!(parse_keep(text), Ok(keep), "{text}");
        }
        for text in ["", "0", "0d", "3k", "-1", "1.5", "x", "14x", "99999999999G"] {
            assert!(parse_keep(text).is_err(), "{text:?}");
        }
    }
}
