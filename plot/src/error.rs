//! Errors of plots.

use std::io;

use crate::options::PanelKind;

/// A picture cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// A file cannot be opened or read.
    #[error("{file}: {source}")]
    Read {
        /// The path, as given.
        file: String,
        /// The cause.
        source: io::Error,
    },
    /// A file has no header.
    #[error("{file}: the file is empty")]
    Empty {
        /// The path, as given.
        file: String,
    },
    /// A file is not a table of virtmon.
    #[error("{file}: not a table of virtmon: {why}")]
    NotATable {
        /// The path, as given.
        file: String,
        /// The cause.
        why: String,
    },
    /// A table has another schema.
    #[error("{file}: its rows have schema {found}, and this virtmon draws schema {known}")]
    Schema {
        /// The path, as given.
        file: String,
        /// The schema of the rows.
        found: String,
        /// The schema that is drawn.
        known: u64,
    },
    /// None of the files has the table of domains.
    #[error("{file}: there is no domain table beside it; name the file of virtmon --csv")]
    NoDomains {
        /// The first path, as given.
        file: String,
    },
    /// There is nothing to draw.
    #[error("{file}: no tick {when}")]
    NoTicks {
        /// The first path, as given.
        file: String,
        /// The range of time, as given.
        when: String,
    },
    /// No guest matches.
    #[error("no guest matches --guest")]
    NoGuest,
    /// A panel that was named has no values.
    #[error("panel {}: {why}", panel.as_str())]
    Panel {
        /// The panel.
        panel: PanelKind,
        /// The cause.
        why: String,
    },
    /// No panel has values.
    #[error("no panel has values: {why}")]
    NoPanels {
        /// The cause, for each panel.
        why: String,
    },
    /// There are too many guests.
    #[error("more than {most} guests; choose some with --guest, --from or --to")]
    Guests {
        /// Largest number of guests.
        most: usize,
    },
    /// The picture is too large.
    #[error("the {what} would be larger than {most}; use --top, --from, --to or a smaller --width")]
    TooLarge {
        /// The picture.
        what: &'static str,
        /// The limit.
        most: &'static str,
    },
    /// The picture cannot be drawn.
    #[error("cannot draw the picture: {0}")]
    Draw(String),
}
