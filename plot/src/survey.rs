//! The first pass: the window, and the statistics that order the guests.

use crate::follow::place::Place;
use crate::follow::visitor::{DomainTick, Value, Visitor};
use crate::guests::Guests;
use crate::options::{By, Options, PanelKind};
use crate::rows::Table;
use crate::rows::record::Header;
use crate::series::stats::Stats;

/// Panels with a line for each guest, and the value of a guest that orders them. Ready time is in another
/// table.
pub const RANKED: [(PanelKind, Option<Value>); 5] = [
    (PanelKind::Cpu, Some(Value::Cpu)),
    (PanelKind::Ready, None),
    (PanelKind::Memory, Some(Value::Memory)),
    (PanelKind::Network, Some(Value::Network)),
    (PanelKind::Disk, Some(Value::Disk)),
];

/// Place of ready time in [`RANKED`].
pub const READY: usize = 1;

/// What the first pass learns.
#[derive(Debug)]
pub struct Survey {
    by: By,
    wants_ready: bool,
    /// Statistics of each guest, by [`RANKED`].
    pub guests: Vec<[Stats; RANKED.len()]>,
    /// The first and the last place of the ticks.
    pub window: Option<(i64, i64)>,
    /// Number of ticks.
    pub ticks: u64,
    /// Number of missed ticks.
    pub missed: u64,
    /// Largest delay of a sample, in ns.
    pub max_late_ns: Option<u64>,
    elapsed_ns: u64,
    intervals: u64,
    /// True if a ready time is an estimate.
    pub has_ready_estimate: bool,
    /// True if a file has a column of ready time.
    pub has_ready_column: bool,
    /// Columns that a domain table lacks.
    pub lacking: Vec<&'static str>,
}

/// Columns of the domain table that panels need.
const COLUMNS: [&str; 6] = [
    "cpu_pct",
    "mem_bytes",
    "net_rx_bytes",
    "net_tx_bytes",
    "disk_rd_bytes",
    "disk_wr_bytes",
];

impl Survey {
    /// A pass for these options.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self {
            by: options.by,
            wants_ready: options.has_panel(PanelKind::Ready),
            guests: Vec::new(),
            window: None,
            ticks: 0,
            missed: 0,
            max_late_ns: None,
            elapsed_ns: 0,
            intervals: 0,
            has_ready_estimate: false,
            has_ready_column: false,
            lacking: Vec::new(),
        }
    }

    /// Mean time between two ticks, in ns; `None` if there is one tick.
    #[must_use]
    pub fn interval_ns(&self) -> Option<u64> {
        self.elapsed_ns.checked_div(self.intervals)
    }

    fn stats(&mut self, guest: usize) -> &mut [Stats; RANKED.len()] {
        let by = self.by;
        if self.guests.len() <= guest {
            self.guests
                .resize_with(guest + 1, || [(); RANKED.len()].map(|()| Stats::of(by)));
        }
        &mut self.guests[guest]
    }
}

impl Visitor for Survey {
    fn wants(&self, table: Table) -> bool {
        table == Table::Domain || table == Table::Vcpu && self.wants_ready
    }

    fn window(&self) -> Option<(i64, i64)> {
        self.window
    }

    fn header(&mut self, table: Table, header: &Header) {
        if table == Table::Domain {
            for column in COLUMNS {
                if !header.has(column) && !self.lacking.contains(&column) {
                    self.lacking.push(column);
                }
            }
        }
        self.has_ready_column |= header.has("ready_pct") || header.has("delay_pct");
    }

    fn domains(&mut self, at: &Place, rows: &[DomainTick], guests: &Guests) {
        let (first, last) = self.window.unwrap_or((at.end_ns, at.end_ns));
        self.window = Some((first.min(at.end_ns), last.max(at.end_ns)));
        self.ticks += 1;
        self.missed = self.missed.saturating_add(at.missed);
        self.max_late_ns = self.max_late_ns.max(at.late_ns);
        if at.elapsed_ns > 0 {
            self.elapsed_ns = self.elapsed_ns.saturating_add(at.elapsed_ns);
            self.intervals = self.intervals.saturating_add(at.missed).saturating_add(1);
        }
        for row in rows.iter().filter(|row| guests.is_selected(row.guest)) {
            let stats = self.stats(row.guest);
            for (stats, (_, value)) in stats.iter_mut().zip(RANKED) {
                if let Some(known) = value.and_then(|value| row.value(value)) {
                    stats.add(known, at.elapsed_ns);
                }
            }
        }
    }

    fn ready(&mut self, at: &Place, rows: &[(usize, f64)], is_estimate: bool) {
        self.has_ready_estimate |= is_estimate;
        for &(guest, ready) in rows {
            self.stats(guest)[READY].add(ready, at.elapsed_ns);
        }
    }
}
