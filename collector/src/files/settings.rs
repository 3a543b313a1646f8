//! How an output is written.

use crate::files::keep::Keep;
use crate::files::rotate::Rotate;

/// How an output is written.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Go on in a file that an earlier run left.
    pub append: bool,
    /// Put every tick on the disk before it counts as written; of a regular file only.
    pub fsync: bool,
    /// When the file is finished and the next one begun; of a regular file only.
    pub rotate: Option<Rotate>,
    /// How many finished files stay; all where this is `None`.
    pub keep: Option<Keep>,
    /// What the bytes are.
    pub content: Content,
    /// Gets a line for whatever is wrong with the output and does not end the run.
    pub warn: fn(&str),
}

/// What the bytes of an output are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Lines. Each line makes sense in any file.
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
