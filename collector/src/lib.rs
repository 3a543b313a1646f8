//! The collector: reads a [`Backend`](virtmon_model::Backend) at a fixed interval and writes what
//! it says.
//!
//! Data flows one way: a [`Ticker`] says when, the backend fills a snapshot, [`Deltas`] makes
//! rates of it and the one before, a [`Sink`](sink::Sink) turns the [`Frame`] into bytes, and an
//! [`Output`] writes them. [`Runner`] owns that loop.
#![forbid(unsafe_code)]

mod clock;
pub mod columns;
mod deltas;
mod frame;
mod output;
mod runner;
pub mod schema;
pub mod sink;
mod ticker;

pub use clock::Reading;
pub use deltas::{Deltas, Rates};
pub use frame::{Frame, Tick};
pub use output::{Output, OutputError};
pub use runner::{Limit, RunError, Runner};
pub use ticker::{Ticker, Wake};
