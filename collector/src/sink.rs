//! Sinks: they turn frames into bytes, and know no clock, no source and no file.

mod csv;
mod table;

pub use csv::CsvSink;
pub use table::TableSink;

use crate::Frame;

/// Turns frames into the bytes of one stream.
pub trait Sink {
    /// Appends what this frame adds to the stream; the first one adds the stream's header too.
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>);
}
