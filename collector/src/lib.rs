//! The collector: reads a [`Backend`](virtmon_model::Backend) at a fixed interval and writes what
//! it says.
//!
//! Data flows one way: a [`Source`] says when and fills a snapshot ([`Live`]: a [`Ticker`] and a
//! backend; [`Replay`]: a recording), [`Deltas`] makes rates of it and the one before, a
//! [`Sink`](sink::Sink) turns the [`Frame`] into bytes, and a thread of its own writes them to the
//! [`Output`]. [`Runner`] owns that loop.
#![forbid(unsafe_code)]

mod burst;
mod changes;
mod choice;
mod clock;
mod cost;
mod deltas;
mod event;
mod frame;
mod live;
mod notify;
mod output;
mod printable;
mod probe;
mod rate;
mod ready;
mod replay;
pub mod resume;
mod runner;
pub mod sandbox;
pub mod schema;
mod signals;
pub mod sink;
mod source;
pub mod table;
mod ticker;
mod told;
mod writer;

pub use burst::{Burst, Spread, Spreads};
pub use changes::compare;
pub use choice::Choice;
pub use clock::Reading;
pub use cost::{Cost, Meter};
pub use deltas::{Before, Deltas, Rates};
pub use event::{Event, EventKind, Value};
pub use frame::{Frame, Past, Tick};
pub use live::Live;
pub use notify::Notify;
pub use output::{Claims, Content, Keep, Output, OutputError, Rotate, Settings};
pub use printable::Printable;
pub use probe::{Fit, fit, probe};
pub use ready::ReadyView;
pub use replay::{Replay, ReplayError};
pub use runner::{Limit, RunError, Runner};
pub use source::{Source, Taken};
pub use ticker::{Ticker, Wake};
