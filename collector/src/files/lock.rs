//! One writer for each file: a lock that the kernel releases when the process ends.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{FlockOperation, major, minor};
use rustix::io::Errno;

/// Result of an attempt to lock a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// This process has the lock while the file is open.
    Mine,
    /// Another process has the lock; its id, if known.
    Others(Option<u32>),
}

/// Locks a file for this process, without waiting.
///
/// # Errors
/// The system failed. A file system without locks is not an error.
pub(super) fn lock(file: &File) -> io::Result<Lock> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) | Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::NOLCK) => Ok(Lock::Mine),
        Err(Errno::WOULDBLOCK) => Ok(Lock::Others(holder(file))),
        Err(error) => Err(error.into()),
    }
}

/// The process that has the lock, from /proc/locks (proc_locks(5)).
fn holder(file: &File) -> Option<u32> {
    let meta = file.metadata().ok()?;
    let (dev, ino) = (meta.dev(), meta.ino());
    let key = format!("{:02x}:{:02x}:{ino}", major(dev), minor(dev));
    let locks = fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| of(line, &key))
}

/// The process of a line like `1: FLOCK  ADVISORY  WRITE 812 fe:00:1234 0 EOF`. A line with an arrow is
/// a process that waits for a lock; virtmon never waits.
fn of(line: &str, key: &str) -> Option<u32> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    match words[..] {
        [_, _, _, _, pid, file, ..] if file == key => pid.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_learns_the_process_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.csv");
        let first = File::create(&path).unwrap();
        let second = File::open(&path).unwrap();
        assert_eq!(lock(&first).unwrap(), Lock::Mine);
        let me = std::process::id();
        assert_eq!(lock(&second).unwrap(), Lock::Others(Some(me)));
        drop(first);
        assert_eq!(lock(&second).unwrap(), Lock::Mine);
    }
}
