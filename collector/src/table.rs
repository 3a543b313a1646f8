//! The tables: one list of columns each makes every header, every row and the schema.

mod burst;
mod cell;
mod column;
mod device;
mod domain;
mod event;
mod host;
mod nova;
mod own;
mod stat;
mod tick;
mod vcpu;

pub use burst::{BurstRow, Bursts};
pub use cell::Cell;
pub use column::{Column, Put, Table};
pub use device::{Disks, Nics};
pub use domain::{DomainRow, Domains};
pub use event::Events;
pub use host::Hosts;
pub use nova::Nova;
pub use own::Own;
pub use stat::Stats;
pub use tick::Ticks;
pub use vcpu::Vcpus;

pub(crate) use device::{disk_runs_backwards, nic_runs_backwards};
pub(crate) use vcpu::runs_backwards as vcpu_runs_backwards;

/// The version of the tables' columns: a number in each row's first cell. It changes when a column
/// changes its meaning or its place, not when one is added behind the others.
pub const SCHEMA: u64 = 1;

/// The last column of every table: 1 in the last row that a tick has in its file, empty in the
/// others. A tick without it was not written to its end.
pub const TICK_END: &str = "tick_end";
