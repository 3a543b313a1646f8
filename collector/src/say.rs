//! Lines on stderr, with their level where the journal reads them.

use std::env;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

/// Something is not as it should be, and the run goes on.
pub(crate) fn warning(line: &str) {
    say("<4>", line);
}

/// The run ends for this.
pub(crate) fn error(line: &str) {
    say("<3>", line);
}

/// The levels are those of sd-daemon(3).
fn say(level: &str, line: &str) {
    let level = if to_journal() { level } else { "" };
    // Where nobody takes it, there is nobody to be told.
    let _ = writeln!(io::stderr(), "{level}virtmon: {line}");
}

/// Whether stderr is the journal's: `JOURNAL_STREAM` names it by device and inode, for the
/// variable may have come down to a process whose stderr is another one (systemd.exec(5)).
fn to_journal() -> bool {
    let Ok(stream) = env::var("JOURNAL_STREAM") else {
        return false;
    };
    let stderr = io::stderr().as_fd().try_clone_to_owned();
    let metadata = stderr.and_then(|fd| File::from(fd).metadata());
    metadata.is_ok_and(|stderr| stream == format!("{}:{}", stderr.dev(), stderr.ino()))
}
