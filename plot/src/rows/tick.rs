//! The columns of the tick, and those that name a domain.

use crate::rows::record::{Column, Header, Record};
use crate::time::parse_utc;

/// Columns of the tick.
#[derive(Debug, Clone, Default)]
pub struct TickColumns {
    schema: Column,
    time: Column,
    host: Column,
    mono: Column,
    number: Column,
    late: Column,
    missed: Column,
    tick_end: Column,
    /// The last time that was read, and its text: all rows of a tick have the same.
    last: (Vec<u8>, Option<i64>),
}

/// Facts of a row's tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TickFacts {
    /// Start of the sample by the wall clock, in ns since 1970.
    pub time_ns: i64,
    /// Start of the sample by the monotonic clock, in ns.
    pub mono_ns: Option<u64>,
    /// Number of the tick.
    pub number: Option<u64>,
    /// Delay of the sample, in ns.
    pub late_ns: Option<u64>,
    /// Number of ticks without rows before this one.
    pub missed: Option<u64>,
}

impl TickColumns {
    /// The columns of a file.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        Self {
            schema: header.find("schema"),
            time: header.find("time"),
            host: header.find("host"),
            mono: header.find("mono_ns"),
            number: header.find("tick"),
            late: header.find("late_ns"),
            missed: header.find("missed"),
            tick_end: header.find("tick_end"),
            last: (Vec::new(), None),
        }
    }

    /// True if the file marks the last row of each tick.
    #[must_use]
    pub fn has_tick_end(&self) -> bool {
        self.tick_end.is_some()
    }

    /// The tick of a row; `None` if its time is not valid.
    pub fn read(&mut self, record: Record<'_>) -> Option<TickFacts> {
        let text = record.text(self.time);
        let (known, ns) = &mut self.last;
        if known != text {
            known.clear();
            known.extend_from_slice(text);
            *ns = parse_utc(text);
        }
        Some(TickFacts {
            time_ns: (*ns)?,
            mono_ns: record.whole(self.mono),
            number: record.whole(self.number),
            late_ns: record.whole(self.late),
            missed: record.whole(self.missed),
        })
    }

    /// Schema of the row, as text; `None` if the file has no such column.
    #[must_use]
    pub fn schema<'a>(&self, record: Record<'a>) -> Option<&'a [u8]> {
        self.schema.map(|_| record.text(self.schema))
    }

    /// Name of the host, in files of many hosts.
    #[must_use]
    pub fn host<'a>(&self, record: Record<'a>) -> &'a [u8] {
        record.text(self.host)
    }

    /// True if the row is the last one of its tick.
    #[must_use]
    pub fn is_end(&self, record: Record<'_>) -> bool {
        record.text(self.tick_end) == b"1"
    }
}

/// Columns that name a domain.
#[derive(Debug, Clone, Default)]
pub struct NameColumns {
    id: Column,
    uuid: Column,
    name: Column,
}

/// The domain of a row.
#[derive(Debug, Clone, Copy)]
pub struct DomainName<'a> {
    /// Id of the domain.
    pub id: &'a [u8],
    /// Uuid of the domain.
    pub uuid: &'a [u8],
    /// Name of the domain.
    pub name: &'a [u8],
}

impl DomainName<'_> {
    /// True if the row is of no domain.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.id.is_empty() && self.uuid.is_empty() && self.name.is_empty()
    }
}

impl NameColumns {
    /// The columns of a file.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        Self {
            id: header.find("id"),
            uuid: header.find("uuid"),
            name: header.find("name"),
        }
    }

    /// The domain of a row.
    #[must_use]
    pub fn read<'a>(&self, record: Record<'a>) -> DomainName<'a> {
        DomainName {
            id: record.text(self.id),
            uuid: record.text(self.uuid),
            name: record.text(self.name),
        }
    }
}
