//! Removal of old finished files.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::files::directory::Directory;
use crate::files::rotate;
use crate::files::rotate::Finished;

/// The finished files of an output that are kept, beside the file that is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// This number of finished files.
    Count(u64),
    /// The ticks of this time up to now, and all that is in their files.
    Time(Duration),
    /// This number of bytes of finished files.
    Size(u64),
}

/// Removes the finished files of an output that are not kept, the oldest ones.
///
/// # Errors
/// The directory cannot be read, or a file cannot be removed. The other files are removed.
pub(super) fn prune(dir: &Directory, name: &OsStr, keep: Keep, now: SystemTime) -> io::Result<()> {
    let mut done = Ok(());
    for finished in old(rotate::all_finished(dir, name)?, keep, now) {
        match dir.remove(&finished.name) {
            Err(error) if error.kind() != ErrorKind::NotFound => done = Err(error),
            _ => {}
        }
    }
    done
}

/// The files that are not kept. The files are in ascending order. A file and its compressed copy count
/// as one.
fn old(mut all: Vec<Finished>, keep: Keep, now: SystemTime) -> Vec<Finished> {
    let stamps: Vec<(u64, u64)> = {
        let mut stamps: Vec<_> = all.iter().map(|finished| finished.stamp).collect();
        stamps.dedup();
        stamps
    };
    let gone = match keep {
        Keep::Count(count) => stamps
            .len()
            .saturating_sub(usize::try_from(count).unwrap_or(usize::MAX)),
        Keep::Time(time) => {
            let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
            let since = now.saturating_sub(time).as_secs();
            // The last tick of a file is before the first tick of the next one.
            let ends = stamps.iter().skip(1).map(|(second, _)| *second);
            ends.take_while(|&end| end < since).count()
        }
        Keep::Size(most) => {
            let bytes = |stamp: &(u64, u64)| {
                let twins = all.iter().filter(|finished| finished.stamp == *stamp);
                twins.map(|finished| finished.bytes).sum::<u64>()
            };
            let mut sum = 0;
            let newest = stamps.iter().rev().map(bytes);
            let kept = newest.take_while(|bytes| {
                sum += bytes;
                sum <= most
            });
            stamps.len() - kept.count()
        }
    };
    let end = match stamps.get(gone) {
        Some(first_kept) => all.partition_point(|finished| finished.stamp < *first_kept),
        None => all.len(),
    };
    all.truncate(end);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(second: u64, bytes: u64) -> Finished {
        Finished {
            stamp: (second, 0),
            name: format!("out-{second}.csv").into(),
            is_compressed: false,
            bytes,
        }
    }

    /// Number of removed files out of five. They began at the seconds 100, 200, and so on; the second
    /// one has a compressed copy.
    fn gone(keep: Keep, now: u64) -> usize {
        let mut all: Vec<Finished> = (1..=5).map(|n| finished(n * 100, n)).collect();
        let mut twin = finished(200, 20);
        twin.is_compressed = true;
        all.insert(2, twin);
        all.sort();
        old(all, keep, UNIX_EPOCH + Duration::from_secs(now)).len()
    }

    #[test]
    fn the_oldest_files_are_removed_first() {
        for (count, expected) in [(9, 0), (5, 0), (4, 1), (3, 3), (1, 5), (0, 6)] {
            assert_eq!(gone(Keep::Count(count), 0), expected, "{count}");
        }
        // 1, 2 + 20, 3, 4 and 5 bytes.
        for (size, expected) in [(35, 0), (34, 1), (33, 3), (12, 3), (11, 4), (4, 6)] {
            assert_eq!(gone(Keep::Size(size), 0), expected, "{size}");
        }
    }

    #[test]
    fn a_file_stays_for_as_long_as_its_last_tick() {
        let keep = Keep::Time(Duration::from_secs(250));
        // The first file ends before 200; the end of the fifth is unknown.
        for (now, expected) in [(0, 0), (450, 0), (451, 1), (551, 3), (10_000, 5)] {
            assert_eq!(gone(keep, now), expected, "{now}");
        }
    }
}
