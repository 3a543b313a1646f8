//! Rows, put together to ticks: what both passes have in common.

pub mod clock;
pub mod follower;
mod pending;
pub mod place;
mod rates;
mod sink;
pub mod visitor;
