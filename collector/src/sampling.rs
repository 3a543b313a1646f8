//! Sampling: tick times, and the sources of samples.
//!
//! | module | content |
//! | --- | --- |
//! | [`schedule`] | tick times as arithmetic, without a clock |
//! | [`waiter`] | waiting for the timer, for signals and for a backend's descriptor |
//! | [`ticker`] | a schedule on this machine's clock |
//! | [`source`] | the trait of sources; [`live`] and [`replay`] implement it |
//! | [`recorder`] | samples on their way to a recording |

pub mod clock;
mod decoder;
pub mod feasibility;
pub mod live;
pub mod recorder;
pub mod replay;
pub mod schedule;
pub mod signals;
pub mod source;
pub mod ticker;
pub mod waiter;
pub mod wake;
