//! The schema: one list of columns for each table makes every header, every row and all documentation.

pub mod cell;
pub mod column;
pub mod info;
pub mod metric;

/// Version of the tables' columns: a number in each row's first cell. It changes when a column changes
/// its meaning or its position, not when one is added after the others.
pub const SCHEMA: u64 = 1;

/// The last column of every table: 1 in the last row that a tick has in its file, empty in the others.
/// A tick without it was not written completely.
pub const TICK_END: &str = "tick_end";
