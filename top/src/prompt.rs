//! The line that is being typed.

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A filter, which works while it is typed.
    Filter,
    /// A time, a tick or an event.
    GoTo,
    /// Name of a file for the table.
    Save,
}

/// A line that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What it is for.
    pub purpose: Purpose,
    /// The text.
    pub text: String,
    /// The text before, for Esc.
    pub before: String,
    /// Steps back in the earlier lines.
    pub steps_back: usize,
}

/// Longest line, in bytes.
const MAX_BYTES: usize = 200;

impl Prompt {
    /// An empty line.
    #[must_use]
    pub fn new(purpose: Purpose, before: &str) -> Self {
        Self {
            purpose,
            text: before.to_owned(),
            before: before.to_owned(),
            steps_back: 0,
        }
    }

    /// Adds a character.
    pub fn push(&mut self, c: char) {
        if !c.is_control() && self.text.len() + c.len_utf8() <= MAX_BYTES {
            self.text.push(c);
        }
    }

    /// The words before the text.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self.purpose {
            Purpose::Filter => "Filter: ",
            Purpose::GoTo => "Go to: ",
            Purpose::Save => "Save as CSV: ",
        }
    }
}
