//! Puts rows together to ticks, and passes them to a visitor.

use virtmon_export::printable::Printable;
use virtmon_export::schema::SCHEMA;

use crate::error::PlotError;
use crate::follow::clock::Clock;
use crate::follow::pending::Pending;
use crate::follow::place::{Place, Places};
use crate::follow::rates::Rates;
use crate::follow::visitor::{DomainTick, Visitor};
use crate::guests::Guests;
use crate::rows::Table;
use crate::rows::disk::DiskColumns;
use crate::rows::domain::DomainColumns;
use crate::rows::event::EventColumns;
use crate::rows::host::HostColumns;
use crate::rows::record::{Header, Record};
use crate::rows::subsample::SubsampleColumns;
use crate::rows::tick::{NameColumns, TickColumns};
use crate::rows::vcpu::VcpuColumns;

/// Puts rows together to ticks, and passes them to a visitor.
pub struct Follower<V> {
    /// The guests.
    pub guests: Guests,
    /// Places of times on the axis.
    pub clock: Clock,
    /// What the pass does.
    pub visitor: V,
    /// Number of ticks that were not written completely.
    pub torn: u64,
    /// Number of the run that is read.
    pub(super) run: usize,
    is_compared: bool,
    file: String,
    pub(super) tables: Vec<TableState>,
    rates: Rates,
    /// Rows of the tick that is read.
    domains: Vec<DomainTick>,
}

/// State of a table between its rows.
#[derive(Default)]
pub(super) struct TableState {
    pub(super) tick: TickColumns,
    names: NameColumns,
    columns: Columns,
    pub(super) places: Places,
    pending: Pending,
    pub(super) place: Option<Place>,
    pub(super) is_complete: bool,
}

#[derive(Default)]
struct Columns {
    domain: DomainColumns,
    vcpu: VcpuColumns,
    disk: DiskColumns,
    host: HostColumns,
    subsample: SubsampleColumns,
    event: EventColumns,
}

impl<V: Visitor> Follower<V> {
    /// A pass over the rows, with the guests and the clock of the pass before. `is_compared` is true if
    /// a guest of two runs is two guests.
    pub fn new(guests: Guests, clock: Clock, is_compared: bool, visitor: V) -> Self {
        Self {
            guests,
            clock,
            visitor,
            torn: 0,
            run: 0,
            is_compared,
            file: String::new(),
            tables: Table::ALL.iter().map(|_| TableState::default()).collect(),
            rates: Rates::default(),
            domains: Vec::new(),
        }
    }

    /// Begins a file.
    pub(super) fn set_file(&mut self, table: Table, run: usize, file: &str, header: &Header) {
        (self.run, self.file) = (run, file.to_owned());
        self.visitor.header(table, header);
        let state = &mut self.tables[table as usize];
        state.tick = TickColumns::of(header);
        state.names = NameColumns::of(header);
        state.columns = Columns {
            domain: DomainColumns::of(header),
            vcpu: VcpuColumns::of(header),
            disk: DiskColumns::of(header),
            host: HostColumns::of(header),
            subsample: SubsampleColumns::of(header),
            event: EventColumns::of(header),
        };
    }

    pub(super) fn not_a_table(&self, why: &str) -> PlotError {
        PlotError::NotATable {
            file: self.file.clone(),
            why: why.to_owned(),
        }
    }

    pub(super) fn check_schema(&self, schema: &[u8]) -> Result<(), PlotError> {
        let found = String::from_utf8_lossy(schema);
        if found.parse() == Ok(SCHEMA) {
            return Ok(());
        }
        Err(PlotError::Schema {
            file: self.file.clone(),
            found: Printable::name(&found).to_string(),
            known: SCHEMA,
        })
    }

    fn guest(&mut self, table: Table, record: Record<'_>) -> Result<usize, PlotError> {
        let state = &self.tables[table as usize];
        let host = state.tick.host(record);
        let run = if self.is_compared { self.run } else { 0 };
        self.guests.find(run, host, state.names.read(record))
    }

    /// Takes an event.
    pub(super) fn add_event(&mut self, record: Record<'_>, place_ns: i64) -> Result<(), PlotError> {
        if !self.clock.is_drawn(place_ns) {
            return Ok(());
        }
        let state = &self.tables[Table::Event as usize];
        let row = state.columns.event.read(record);
        let is_of_host = state.names.read(record).is_empty();
        let guest = match is_of_host {
            true => None,
            false => Some(self.guest(Table::Event, record)?),
        };
        self.visitor.event(place_ns, guest, row);
        Ok(())
    }

    /// Takes a row of the tick that is read.
    pub(super) fn add(&mut self, table: Table, record: Record<'_>) -> Result<(), PlotError> {
        let state = &mut self.tables[table as usize];
        let Some(place) = state.place else {
            return Ok(());
        };
        state.is_complete |= state.tick.is_end(record);
        if table == Table::Host {
            if let Some(row) = state.columns.host.read(record)
                && self.clock.is_drawn(place.end_ns)
            {
                self.visitor.host(&place, &row);
            }
            return Ok(());
        }
        let guest = self.guest(table, record)?;
        let TableState {
            columns, pending, ..
        } = &mut self.tables[table as usize];
        match table {
            Table::Domain => {
                let row = columns.domain.read(record);
                self.domains.push(self.rates.values(&place, guest, &row));
            }
            Table::Vcpu => pending.add_vcpu(
                guest,
                columns.vcpu.ready_pct(record),
                columns.vcpu.is_estimate(record),
            ),
            Table::Disk => pending.add_disk(guest, &columns.disk.read(record)),
            Table::Subsample if self.clock.is_drawn(place.end_ns) => {
                self.visitor
                    .subsample(&place, guest, columns.subsample.read(record));
            }
            Table::Subsample | Table::Host | Table::Event => {}
        }
        Ok(())
    }

    /// Passes the tick that was read to the visitor.
    pub(super) fn flush(&mut self, table: Table) {
        let state = &mut self.tables[table as usize];
        let Some(place) = state.place.take() else {
            return;
        };
        let pending = &state.pending;
        if !state.is_complete {
            self.torn += u64::from(table == Table::Domain);
        } else if self.clock.is_drawn(place.end_ns) {
            match table {
                Table::Domain => self.visitor.domains(&place, &self.domains, &self.guests),
                Table::Vcpu => {
                    self.visitor
                        .ready(&place, &pending.ready(), pending.is_estimate());
                }
                Table::Disk => self.visitor.latency(&place, &pending.latency()),
                Table::Host | Table::Subsample | Table::Event => {}
            }
        }
        if table == Table::Domain {
            self.domains.clear();
        }
        state.pending.clear();
    }
}
