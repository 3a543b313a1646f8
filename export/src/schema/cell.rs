//! The value of a column in a row.

use std::time::SystemTime;

use virtmon_model::Uuid;

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Not known: an empty cell.
    Unknown,
    /// A whole number.
    Number(u64),
    /// A number with three decimals.
    Decimal(f64),
    /// One of a few words, none of which needs quoting.
    Word(&'static str),
    /// A name.
    Text(&'a str),
    /// A moment: RFC 3339, UTC, with nanoseconds.
    Time(SystemTime),
    /// A uuid, in lower case with hyphens.
    Uuid(Uuid),
}

impl From<Option<u64>> for Cell<'_> {
    fn from(value: Option<u64>) -> Self {
        value.map_or(Self::Unknown, Self::Number)
    }
}

impl From<Option<u32>> for Cell<'_> {
    fn from(value: Option<u32>) -> Self {
        value.map(u64::from).into()
    }
}

impl From<Option<f64>> for Cell<'_> {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Unknown, Self::Decimal)
    }
}

impl<'a> From<Option<&'a str>> for Cell<'a> {
    fn from(value: Option<&'a str>) -> Self {
        value.map_or(Self::Unknown, Self::Text)
    }
}
