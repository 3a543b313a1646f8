//! Ticks, and what a pass does with them.

use crate::follow::place::Place;
use crate::guests::Guests;
use crate::rows::Table;
use crate::rows::event::EventRow;
use crate::rows::host::HostRow;
use crate::rows::record::Header;
use crate::rows::subsample::SubsampleRow;

/// A value of a guest at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Value {
    /// CPU time in percent of a pCPU.
    Cpu,
    /// Memory held, in bytes.
    Memory,
    /// Bytes received and sent per second.
    Network,
    /// Bytes read and written per second.
    Disk,
    /// Bytes received per second.
    Received,
    /// Bytes sent per second.
    Sent,
    /// Bytes read per second.
    Read,
    /// Bytes written per second.
    Written,
    /// Maximum memory, in bytes.
    MemoryMax,
    /// Target of the balloon, in bytes.
    MemoryTarget,
    /// Memory in use by the guest's report, in bytes.
    MemoryUsed,
}

/// Number of values.
pub const VALUES: usize = 11;

/// A guest at a tick.
#[derive(Debug, Clone, Copy)]
pub struct DomainTick {
    /// Number of the guest.
    pub guest: usize,
    /// Values by [`Value`].
    pub values: [Option<f64>; VALUES],
    /// True if the guest has no row at the tick before.
    pub is_new: bool,
}

impl DomainTick {
    /// One value.
    #[must_use]
    pub fn value(&self, value: Value) -> Option<f64> {
        self.values[value as usize]
    }
}

/// What a pass does with ticks.
pub trait Visitor {
    /// True if the rows of this table are needed.
    fn wants(&self, table: Table) -> bool;

    /// The first and the last place of the ticks so far, on the axis.
    fn window(&self) -> Option<(i64, i64)>;

    /// The columns of a file.
    fn header(&mut self, _table: Table, _header: &Header) {}

    /// Domains at a tick.
    fn domains(&mut self, _at: &Place, _rows: &[DomainTick], _guests: &Guests) {}

    /// Mean ready time of guests at a tick, in percent of a vCPU.
    fn ready(&mut self, _at: &Place, _rows: &[(usize, f64)], _is_estimate: bool) {}

    /// The host at a tick.
    fn host(&mut self, _at: &Place, _row: &HostRow<'_>) {}

    /// Mean time of reads and writes of guests at a tick, in ns.
    fn latency(&mut self, _at: &Place, _rows: &[(usize, [Option<f64>; 2])]) {}

    /// Distribution of a guest's CPU time within an interval.
    fn subsample(&mut self, _at: &Place, _guest: usize, _row: SubsampleRow) {}

    /// An event, of a guest or of the host.
    fn event(&mut self, _at: i64, _guest: Option<usize>, _row: EventRow) {}
}
