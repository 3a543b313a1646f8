//! Analysis: two snapshots in, one [`Frame`](frame::Frame) out. No I/O, no clock, no allocation in
//! a steady tick.
#![forbid(unsafe_code)]

pub mod backwards;
pub mod changes;
pub mod clock_step;
pub mod counter;
pub mod event;
pub mod filter;
pub mod frame;
pub mod notifications;
pub mod rates;
pub mod ready_time;
pub mod self_stats;
pub mod subsamples;
