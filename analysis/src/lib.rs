//! Analysis: two snapshots in, one [`Frame`](frame::Frame) out. No I/O, no clock, no allocation in
//! a steady tick.
//!
//! - [`analysis`]: the one walk over the domains of two samples, which makes the frame.
//! - [`matching`], [`rates`], [`vcpu_rates`], [`device_rates`], [`host_rates`], [`counter`]: which row is which,
//!   and its rates.
//! - [`event`], [`notifications`], [`clock_step`]: events, of changes and of what libvirt reports by itself.
//! - [`subsamples`], [`distribution`]: rates within an interval.
//! - [`filter`]: the choice of domains; [`frame`], [`run_info`], [`self_stats`]: the result.
//! - [`totals`], [`tally`]: sums since the start of a run.
#![forbid(unsafe_code)]

pub mod analysis;
mod changes;
pub mod clock_step;
pub mod counter;
mod creation;
pub mod device_rates;
pub mod distribution;
pub mod event;
pub mod filter;
pub mod frame;
pub mod host_rates;
pub mod matching;
pub mod notifications;
pub mod rates;
mod ready_time;
pub mod run_info;
pub mod self_stats;
pub mod subsamples;
pub mod tally;
pub mod totals;
pub mod vcpu_rates;
