//! One line of a report.

use std::fmt::{self, Display};

use virtmon_export::printable::Printable;

/// One line of the report.
pub(super) struct Line {
    pub(super) word: &'static str,
    pub(super) what: &'static str,
    pub(super) detail: String,
}

impl Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { word, what, detail } = self;
        let detail = Printable::message(detail);
        writeln!(f, "{word:5} {what:16} {detail}")
    }
}
