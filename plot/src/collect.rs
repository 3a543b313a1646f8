//! The second pass: the lines of the guests that are drawn.

mod gaps;
mod totals;
mod visit;

use std::collections::{BTreeMap, HashMap};

use crate::choice::Choice;
use crate::collect::gaps::Gaps;
use crate::collect::totals::{Combine, Totals};
use crate::follow::place::Place;
use crate::follow::visitor::{DomainTick, Value};
use crate::guests::Guests;
use crate::options::{EventChoice, Options, PanelKind};
use crate::panel::Event;
use crate::rows::Table;
use crate::series::{Grid, Series};
use crate::survey::{RANKED, READY};

/// Largest number of events that are kept.
pub const MAX_EVENTS: usize = 2_000;
/// Largest number of guests with lines of their disks' latency.
const MAX_LATENCY_GUESTS: usize = 3;

/// What the second pass collects.
pub struct Collect {
    /// The guests that are drawn.
    pub choice: Choice,
    /// Lines of the guests of each ranked panel, in their order.
    pub tops: [Vec<Series>; RANKED.len()],
    /// Line of the other guests of each ranked panel, for each run that is compared.
    pub others: [Vec<Series>; RANKED.len()],
    /// Values of the only guest of a panel.
    pub details: BTreeMap<(usize, usize), Series>,
    /// Busy time of the host, in percent of all pCPUs, for each run.
    pub host: Vec<Series>,
    /// CPU time of all domains, in percent of all pCPUs, for each run.
    pub all_domains: Vec<Series>,
    /// Mean time of reads and writes of each guest.
    pub latency: BTreeMap<usize, [Series; 2]>,
    /// Minimum, maximum and 99th percentile of CPU time within each interval.
    pub spreads: HashMap<usize, [Series; 3]>,
    /// Delay of each tick.
    pub late: Series,
    /// Missed ticks at each tick that has some.
    pub missed: Series,
    /// Events of guests that are drawn, and of the host.
    pub events: Vec<Event>,
    /// Number of events that are not kept.
    pub events_left_out: usize,
    /// Hypervisor of the host.
    pub hypervisor: Option<String>,
    /// Ranges without any row.
    pub gaps: Gaps,
    grid: Grid,
    event_choice: EventChoice,
    wants: [bool; Table::ALL.len()],
    /// Place of each guest in each ranked panel.
    places: Vec<[GuestLine; RANKED.len()]>,
    has_latency: bool,
    totals: Vec<[Totals; RANKED.len() + 1]>,
    pcpus: HashMap<usize, f64>,
    is_compared: bool,
}

/// The line that a guest's value belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GuestLine {
    None,
    Top(usize),
    Others,
}

impl Collect {
    /// A pass for these options and guests; `runs` is the number of runs if they are compared, else 1.
    #[must_use]
    pub fn new(
        options: &Options,
        choice: Choice,
        guests: &Guests,
        grid: Grid,
        runs: usize,
    ) -> Self {
        let mut places = vec![[GuestLine::None; RANKED.len()]; guests.all().len()];
        for (panel, ranked) in choice.panels.iter().enumerate() {
            for (at, guest) in ranked.top.iter().enumerate() {
                places[*guest][panel] = GuestLine::Top(at);
            }
            for guest in &ranked.others {
                places[*guest][panel] = GuestLine::Others;
            }
        }
        let empty = |count: usize| vec![Series::new(grid); count];
        let wants = Table::ALL.map(|table| match table {
            Table::Domain | Table::Host => true,
            Table::Vcpu => options.has_panel(PanelKind::Ready),
            Table::Disk => options.has_panel(PanelKind::Latency),
            Table::Subsample => options.has_panel(PanelKind::Cpu),
            Table::Event => {
                options.has_panel(PanelKind::Events) && options.events != EventChoice::None
            }
        });
        let selected = guests
            .all()
            .iter()
            .filter(|guest| guest.is_selected)
            .count();
        Self {
            tops: choice.panels.each_ref().map(|panel| empty(panel.top.len())),
            others: RANKED.map(|_| empty(runs)),
            details: BTreeMap::new(),
            host: empty(runs),
            all_domains: empty(runs),
            latency: BTreeMap::new(),
            spreads: HashMap::new(),
            late: Series::new(grid),
            missed: Series::new(grid),
            events: Vec::new(),
            events_left_out: 0,
            hypervisor: None,
            gaps: Gaps::new(grid),
            grid,
            event_choice: options.events.clone(),
            wants,
            places,
            has_latency: selected <= MAX_LATENCY_GUESTS,
            totals: (0..runs).map(|_| Default::default()).collect(),
            pcpus: HashMap::new(),
            is_compared: runs > 1,
            choice,
        }
    }

    /// Places for the values of a line.
    #[must_use]
    pub fn grid(&self) -> Grid {
        self.grid
    }

    fn run(&self, at: &Place) -> usize {
        if self.is_compared { at.run } else { 0 }
    }

    fn place(&self, guest: usize, panel: usize) -> GuestLine {
        let places = self.places.get(guest);
        places.map_or(GuestLine::None, |places| places[panel])
    }

    /// Adds the values of guests to the lines of a panel.
    fn add_panel(
        &mut self,
        at: &Place,
        panel: usize,
        values: impl Iterator<Item = (usize, Option<f64>, bool)>,
    ) {
        let combine = if panel == READY {
            Combine::Max
        } else {
            Combine::Sum
        };
        let (mut total, mut is_known, mut has_others) = (None, true, false);
        for (guest, value, is_new) in values {
            let place = self.place(guest, panel);
            has_others |= place == GuestLine::Others;
            match (place, value) {
                (GuestLine::Top(line), Some(value)) => self.tops[panel][line].add(at, value),
                (GuestLine::Others, Some(value)) => total = combine.add(total, value),
                // A guest that has just appeared has no rate yet. Any other unknown value makes the
                // sum unknown.
                (GuestLine::Others, None) => is_known &= is_new || combine == Combine::Max,
                (GuestLine::None | GuestLine::Top(_), _) => {}
            }
        }
        if !has_others {
            return;
        }
        let run = self.run(at);
        let total = total.filter(|_| is_known);
        if let Some((at, total)) = self.totals[run][panel].add(at, total, combine) {
            self.others[panel][run].add(&at, total);
        }
    }

    fn add_details(&mut self, at: &Place, row: &DomainTick) {
        const DETAILS: [(PanelKind, &[Value]); 3] = [
            (
                PanelKind::Memory,
                &[Value::MemoryMax, Value::MemoryTarget, Value::MemoryUsed],
            ),
            (PanelKind::Network, &[Value::Received, Value::Sent]),
            (PanelKind::Disk, &[Value::Read, Value::Written]),
        ];
        for (kind, values) in DETAILS {
            let panel = RANKED.iter().position(|(ranked, _)| *ranked == kind);
            let single = panel.and_then(|panel| self.choice.panels[panel].single());
            if single != Some(row.guest) {
                continue;
            }
            for &value in values {
                if let Some(known) = row.value(value) {
                    let grid = self.grid;
                    let key = (row.guest, value as usize);
                    let series = self.details.entry(key);
                    series.or_insert_with(|| Series::new(grid)).add(at, known);
                }
            }
        }
    }

    fn add_all_domains(&mut self, at: &Place, rows: &[DomainTick], guests: &Guests) {
        if guests.is_filtered() {
            return;
        }
        let (mut total, mut is_known) = (None, true);
        for row in rows {
            match row.value(Value::Cpu) {
                Some(value) => total = Combine::Sum.add(total, value),
                None => is_known &= row.is_new,
            }
        }
        let run = self.run(at);
        let total = total.filter(|_| is_known);
        if let Some((at, total)) = self.totals[run][RANKED.len()].add(at, total, Combine::Sum) {
            self.all_domains[run].add(&at, total);
        }
    }

    /// Number of pCPUs of all hosts of a run; `None` if unknown.
    #[must_use]
    pub fn pcpus(&self) -> Option<f64> {
        (!self.pcpus.is_empty()).then(|| self.pcpus.values().sum())
    }

    fn is_event_drawn(&self, kind: &str, guest: Option<usize>) -> bool {
        match &self.event_choice {
            EventChoice::None => false,
            EventChoice::All => true,
            EventChoice::Kinds(kinds) => kinds.iter().any(|other| other == kind),
            EventChoice::Top => guest.is_none_or(|guest| self.choice.is_top(guest)),
        }
    }
}
