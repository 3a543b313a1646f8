//! Rows of the event table.

use crate::rows::record::{Column, Header, Record};

/// Columns of the event table.
#[derive(Debug, Clone, Default)]
pub struct EventColumns {
    kind: Column,
    device: Column,
    old: Column,
    new: Column,
    cause: Column,
    follows: Column,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Kind of the event.
    pub kind: String,
    /// Change and cause, in one line.
    pub detail: String,
    /// True if the event is part of another one.
    pub is_part: bool,
}

impl EventColumns {
    /// The columns of a file.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        Self {
            kind: header.find("event"),
            device: header.find("device"),
            old: header.find("old"),
            new: header.find("new"),
            cause: header.find("cause"),
            follows: header.find("follows"),
        }
    }

    /// The event of a row.
    #[must_use]
    pub fn read(&self, record: Record<'_>) -> EventRow {
        let text = |column| String::from_utf8_lossy(record.text(column)).into_owned();
        let (device, old, new, cause) = (
            text(self.device),
            text(self.old),
            text(self.new),
            text(self.cause),
        );
        let mut detail = device;
        let mut add = |part: String| {
            if !detail.is_empty() && !part.is_empty() {
                detail.push(' ');
            }
            detail.push_str(&part);
        };
        match (old.is_empty(), new.is_empty()) {
            (true, true) => {}
            (false, true) => add(format!("was {old}")),
            (true, false) => add(new),
            (false, false) => add(format!("{old} to {new}")),
        }
        if !cause.is_empty() {
            add(format!("({cause})"));
        }
        EventRow {
            kind: text(self.kind),
            detail,
            is_part: !record.text(self.follows).is_empty(),
        }
    }
}
