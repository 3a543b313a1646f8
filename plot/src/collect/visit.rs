//! The ticks of the second pass.

use crate::collect::{Collect, GuestLine, MAX_EVENTS};
use crate::follow::place::Place;
use crate::follow::visitor::{DomainTick, Visitor};
use crate::guests::Guests;
use crate::panel::Event;
use crate::rows::Table;
use crate::rows::event::EventRow;
use crate::rows::host::HostRow;
use crate::rows::subsample::SubsampleRow;
use crate::series::Series;
use crate::survey::{RANKED, READY};

impl Visitor for Collect {
    fn wants(&self, table: Table) -> bool {
        self.wants[table as usize] && (table != Table::Disk || self.has_latency)
    }

    fn window(&self) -> Option<(i64, i64)> {
        Some((self.grid.first_ns, self.grid.last_ns))
    }

    fn domains(&mut self, at: &Place, rows: &[DomainTick], guests: &Guests) {
        if !self.is_compared {
            self.gaps.add(at);
        }
        for (panel, (_, value)) in RANKED.iter().enumerate() {
            if let Some(value) = value {
                let values = rows
                    .iter()
                    .map(|row| (row.guest, row.value(*value), row.is_new));
                self.add_panel(at, panel, values);
            }
        }
        for row in rows {
            self.add_details(at, row);
        }
        self.add_all_domains(at, rows, guests);
        if let Some(late) = at.late_ns {
            self.late.add(at, ns(late));
        }
        if at.missed > 0 {
            self.missed.add(at, ns(at.missed));
        }
    }

    fn ready(&mut self, at: &Place, rows: &[(usize, f64)], _is_estimate: bool) {
        let values = rows
            .iter()
            .map(|(guest, ready)| (*guest, Some(*ready), false));
        self.add_panel(at, READY, values);
    }

    fn host(&mut self, at: &Place, row: &HostRow<'_>) {
        let text = || String::from_utf8_lossy(row.hypervisor).into_owned();
        self.hypervisor.get_or_insert_with(text);
        let Some(pcpus) = row.pcpus else {
            return;
        };
        let run = self.run(at);
        self.pcpus
            .insert(if self.is_compared { 0 } else { at.host }, pcpus);
        if let Some(busy) = row.busy_pct {
            self.host[run].add(at, busy / pcpus);
        }
    }

    fn latency(&mut self, at: &Place, rows: &[(usize, [Option<f64>; 2])]) {
        for (guest, values) in rows {
            if self.place(*guest, 0) == GuestLine::None && !self.choice.is_top(*guest) {
                continue;
            }
            let grid = self.grid;
            let series = self.latency.entry(*guest);
            let series = series.or_insert_with(|| [Series::new(grid), Series::new(grid)]);
            for (series, value) in series.iter_mut().zip(values) {
                if let Some(value) = value {
                    series.add(at, *value);
                }
            }
        }
    }

    fn subsample(&mut self, at: &Place, guest: usize, row: SubsampleRow) {
        if !matches!(self.place(guest, 0), GuestLine::Top(_)) {
            return;
        }
        let grid = self.grid;
        let series = self.spreads.entry(guest);
        let series = series.or_insert_with(|| [(); 3].map(|()| Series::new(grid)));
        for (series, value) in series.iter_mut().zip([row.min, row.max, row.p99]) {
            if let Some(value) = value {
                series.add(at, value);
            }
        }
    }

    fn event(&mut self, at_ns: i64, guest: Option<usize>, row: EventRow) {
        if row.is_part || !self.is_event_drawn(&row.kind, guest) {
            return;
        }
        if self.events.len() >= MAX_EVENTS {
            self.events_left_out += 1;
            return;
        }
        self.events.push(Event {
            at_ns,
            kind: row.kind,
            guest,
            detail: row.detail,
        });
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a time or count has no more digits than a double"
)]
fn ns(value: u64) -> f64 {
    value as f64
}
