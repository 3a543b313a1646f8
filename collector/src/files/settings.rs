//! Settings of a file.

use crate::files::keep::Keep;
use crate::files::rotate::Rotate;

/// Settings of a file.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// True if a file of an earlier run is continued.
    pub append: bool,
    /// True if every tick is synced to the disk before it counts as written. For regular files only.
    pub fsync: bool,
    /// Condition for the next file. For regular files only.
    pub rotate: Option<Rotate>,
    /// Finished files that are kept; all if `None`.
    pub keep: Option<Keep>,
    /// Kind of content.
    pub content: Content,
    /// Gets a line for each problem that does not end the run.
    pub warn: fn(&str),
}

/// Kind of content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Lines. A file may begin with any line.
    Lines,
    /// A recording: a file of it begins with the recording's header and a key frame.
    Recording,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            append: false,
            fsync: false,
            rotate: None,
            keep: None,
            content: Content::Lines,
            warn: |_| {},
        }
    }
}
