//! Sampling: when samples are due, and where they come from.

pub mod clock;
pub mod feasibility;
pub mod live;
pub mod replay;
pub mod signals;
pub mod source;
pub mod ticker;
