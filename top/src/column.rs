//! Columns of the table of guests.

use virtmon_export::registry;
use virtmon_export::schema::info::ColumnInfo;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "COLUMNS has a title and a meaning for each")]
pub enum Column {
    Id,
    Name,
    S,
    State,
    Vcpu,
    Cpu,
    Hist,
    Ready,
    Time,
    User,
    System,
    Mem,
    Max,
    Used,
    Rss,
    Swap,
    Rx,
    Tx,
    Drop,
    Packets,
    Rd,
    Wr,
    Rio,
    Wio,
    Latency,
    Full,
    Pool,
    Uuid,
    Project,
    Note,
    Error,
}

/// Facts of a column.
#[derive(Debug)]
pub struct Facts {
    /// The column.
    pub column: Column,
    /// Word in the configuration and in filters.
    pub key: &'static str,
    /// Heading.
    pub title: &'static str,
    /// Width in columns of the terminal.
    pub width: usize,
    /// Width of the terminal from which on the column is shown; 0 if it is off at first.
    pub from: usize,
    /// Meaning, in a few words.
    pub meaning: &'static str,
    /// Table and column of the registry that the value comes from.
    pub source: Option<(&'static str, &'static str)>,
    /// True if the column has text, aligned to the left.
    pub is_text: bool,
}

const fn number(
    column: Column,
    key: &'static str,
    title: &'static str,
    width: usize,
    from: usize,
    meaning: &'static str,
    source: (&'static str, &'static str),
) -> Facts {
    Facts {
        column,
        key,
        title,
        width,
        from,
        meaning,
        source: Some(source),
        is_text: false,
    }
}

const fn text(
    column: Column,
    key: &'static str,
    title: &'static str,
    width: usize,
    from: usize,
    meaning: &'static str,
    source: Option<(&'static str, &'static str)>,
) -> Facts {
    Facts {
        column,
        key,
        title,
        width,
        from,
        meaning,
        source,
        is_text: true,
    }
}

/// All columns, in their usual order.
#[rustfmt::skip]
pub static COLUMNS: &[Facts] = &[
    number(Column::Id, "id", "ID", 5, 46, "id of the domain", ("domain", "id")),
    text(Column::Name, "name", "NAME", 18, 1, "name; the column that takes free space", Some(("domain", "name"))),
    text(Column::S, "s", "S", 1, 1, "state, its first letter", Some(("domain", "state"))),
    text(Column::State, "state", "STATE", 8, 130, "state", Some(("domain", "state"))),
    number(Column::Vcpu, "vcpu", "VCPU", 4, 52, "vCPUs online", ("domain", "vcpus_online")),
    number(Column::Cpu, "cpu", "CPU%", 6, 1, "CPU time used", ("domain", "cpu_pct")),
    text(Column::Hist, "hist", "CPU, last 60 s", 20, 118, "CPU, last 60 s", Some(("domain", "cpu_pct"))),
    number(Column::Ready, "rdy", "RDY%", 5, 30, "ready, no pCPU", ("vcpu", "ready_pct")),
    number(Column::Time, "time", "TIME", 8, 0, "CPU time since start", ("domain", "cpu_time_ns")),
    number(Column::User, "user", "USER%", 6, 0, "CPU outside the host's kernel", ("domain", "cpu_user_ns")),
    number(Column::System, "sys", "SYS%", 6, 0, "CPU in the host's kernel", ("domain", "cpu_system_ns")),
    number(Column::Mem, "mem", "MEM", 6, 50, "memory that it holds", ("domain", "mem_bytes")),
    number(Column::Max, "max", "MAX", 6, 136, "memory that it may hold", ("domain", "mem_max_bytes")),
    number(Column::Used, "used", "USED%", 5, 142, "used, says the guest", ("domain", "guest_total_bytes")),
    number(Column::Rss, "rss", "RSS", 6, 0, "host memory of its process", ("domain", "mem_rss_bytes")),
    number(Column::Swap, "swap", "SWAP", 5, 0, "bytes swapped in a second", ("domain", "swap_in_bytes")),
    number(Column::Rx, "rx", "RX/s", 6, 59, "received", ("nic", "rx_bytes_s")),
    number(Column::Tx, "tx", "TX/s", 6, 66, "sent", ("nic", "tx_bytes_s")),
    number(Column::Drop, "drop", "DROP", 5, 112, "packets dropped a second", ("nic", "rx_drops_s")),
    number(Column::Packets, "pkt", "PKT/s", 6, 0, "packets both ways", ("nic", "rx_packets_s")),
    number(Column::Rd, "rd", "RD/s", 6, 73, "read", ("disk", "rd_bytes_s")),
    number(Column::Wr, "wr", "WR/s", 6, 80, "written", ("disk", "wr_bytes_s")),
    number(Column::Rio, "rio", "RIO", 5, 92, "reads a second", ("disk", "rd_requests_s")),
    number(Column::Wio, "wio", "WIO", 5, 98, "writes a second", ("disk", "wr_requests_s")),
    number(Column::Latency, "lat", "LAT", 5, 86, "mean ms of a request", ("disk", "rd_latency_ns")),
    number(Column::Full, "full", "FULL", 5, 0, "queue full a second", ("disk", "queue_full")),
    number(Column::Pool, "pool", "POOL", 4, 0, "cpupool", ("domain", "cpupool")),
    text(Column::Uuid, "uuid", "UUID", 36, 0, "uuid", Some(("domain", "uuid"))),
    text(Column::Project, "project", "PROJECT", 12, 0, "OpenStack project", Some(("nova", "project"))),
    text(Column::Note, "note", "NOTE", 12, 155, "last event of 60 s", None),
    text(Column::Error, "error", "ERROR", 20, 0, "what could not be read", Some(("domain", "error"))),
];

impl Column {
    /// Facts of the column.
    #[must_use]
    pub fn facts(self) -> &'static Facts {
        let found = COLUMNS.iter().find(|facts| facts.column == self);
        found.unwrap_or(&COLUMNS[0])
    }

    /// The column with this word.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let key = key.to_ascii_lowercase();
        let found = COLUMNS.iter().find(|facts| facts.key == key);
        found.map(|facts| facts.column)
    }

    /// True if the sort order begins with the smallest value.
    #[must_use]
    pub fn ascends(self) -> bool {
        matches!(self, Self::Id) || self.facts().is_text && self != Self::Hist
    }

    /// True if a backend can report the column. `backend` is a name of the registry; empty if it is
    /// unknown.
    #[must_use]
    pub fn is_reported(self, backend: &str) -> bool {
        let Some(info) = self.info() else { return true };
        backend.is_empty() || info.source(backend).is_some()
    }

    /// Description of the column in the registry.
    #[must_use]
    pub fn info(self) -> Option<ColumnInfo> {
        let (table, name) = self.facts().source?;
        let columns = (registry::table(table)?.columns)();
        columns.into_iter().find(|info| info.name == name)
    }

    /// True if vCPUs must be sampled for the column.
    #[must_use]
    pub fn needs_vcpus(self) -> bool {
        self == Self::Ready
    }
}

/// A column of a table, with its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The column.
    pub column: Column,
    /// Width that the user has set.
    pub width: Option<usize>,
}

/// The usual columns of a terminal of this width, on a host of this backend.
#[must_use]
pub fn usual(width: usize, backend: &str) -> Vec<Shown> {
    let has_state = width >= Column::State.facts().from;
    let columns = COLUMNS.iter().filter(|facts| {
        let is_wide_enough = facts.from > 0 && width >= facts.from;
        let is_replaced = facts.column == Column::S && has_state;
        is_wide_enough && !is_replaced && facts.column.is_reported(backend)
    });
    columns
        .map(|facts| Shown {
            column: facts.column,
            width: None,
        })
        .collect()
}

/// Position and width of each column that fits into `width` columns of the terminal. The name takes what is
/// free, up to `longest`. Columns that do not fit are dropped from the right, the name and CPU% last.
#[must_use]
pub fn layout(shown: &[Shown], width: usize, longest: usize) -> Vec<(Column, usize, usize)> {
    let of = |shown: &Shown| {
        let usual = match shown.column {
            // 18 columns on a terminal of 80, 20 on a wide one.
            Column::Name if width >= 155 => 20,
            Column::Name => 10,
            column => column.facts().width,
        };
        shown.width.unwrap_or(usual)
    };
    let mut fitting: Vec<&Shown> = shown.iter().collect();
    let total = |fitting: &[&Shown]| fitting.iter().map(|shown| of(shown) + 1).sum::<usize>();
    while total(&fitting) > width && fitting.len() > 1 {
        let is_droppable =
            |shown: &&Shown| !matches!(shown.column, Column::Name | Column::Cpu | Column::Id);
        let at = fitting.iter().rposition(is_droppable);
        let last = fitting.len() - 1;
        fitting.remove(at.unwrap_or_else(|| match fitting[last].column {
            Column::Name => 0,
            _ => last,
        }));
    }
    let free = width.saturating_sub(total(&fitting));
    let mut x = 1;
    let mut columns = Vec::new();
    for shown in fitting {
        let mut width = of(shown);
        if shown.column == Column::Name && shown.width.is_none() {
            let longest = longest.clamp(18, 40).max(width);
            width = (width + free).min(longest);
        }
        columns.push((shown.column, x, width));
        x += width + 1;
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_is_in_the_registry() {
        for facts in COLUMNS {
            assert!(
                facts.source.is_none() || facts.column.info().is_some(),
                "{facts:?}"
            );
            assert_eq!(Column::parse(facts.key), Some(facts.column));
            assert!(facts.title.len() <= facts.width.max(4), "{facts:?}");
        }
    }

    #[test]
    fn columns_are_dropped_as_the_terminal_gets_narrower() {
        let titles = |width: usize| {
            let columns = layout(&usual(width, ""), width, 18);
            let end = columns.last().map(|(_, x, width)| x + width);
            assert!(end.is_some_and(|end| end <= width), "{width}");
            let titles: Vec<&str> = columns.iter().map(|(c, ..)| c.facts().key).collect();
            titles.join(" ")
        };
        assert_eq!(titles(80), "id name s vcpu cpu rdy mem rx tx rd wr");
        assert_eq!(titles(79), "id name s vcpu cpu rdy mem rx tx rd");
        assert_eq!(titles(65), "id name s vcpu cpu rdy mem rx");
        assert_eq!(titles(40), "name s cpu rdy");
        assert_eq!(titles(20), "name s cpu");
        for width in 20..=300 {
            titles(width);
        }
        let wide = layout(&usual(160, ""), 160, 18);
        assert_eq!(wide.last().map(|(_, x, width)| x + width), Some(160));
        assert_eq!(wide.len(), 19);
    }

    #[test]
    fn a_column_that_the_backend_never_reports_is_not_shown() {
        let has = |backend, column| {
            let all = usual(160, backend);
            all.iter().any(|shown| shown.column == column)
        };
        assert!(has("libvirt", Column::Latency));
        assert!(!has("xen", Column::Latency));
        assert!(has("xen", Column::Ready));
    }
}
