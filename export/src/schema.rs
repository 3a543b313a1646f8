//! The tables' columns: one list of columns each makes every header, every row and the schema.

pub mod cell;
pub mod column;
pub mod markdown;

/// The version of the tables' columns: a number in each row's first cell. It changes when a column
/// changes its meaning or its place, not when one is added behind the others.
pub const SCHEMA: u64 = 1;

/// The last column of every table: 1 in the last row that a tick has in its file, empty in the
/// others. A tick without it was not written to its end.
pub const TICK_END: &str = "tick_end";
