//! Sinks: they turn frames into bytes, and know no clock, no source and no file.

pub mod cells;
pub mod csv;
pub mod json;
pub mod recording;
pub mod text_table;

use virtmon_analysis::frame::Frame;

/// Turns frames into the bytes of one stream.
pub trait Sink {
    /// Appends what this frame adds to the stream; the first one adds the stream's header too.
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>);
}

impl<S: Sink + ?Sized> Sink for Box<S> {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        (**self).encode(frame, out);
    }
}

/// Several sinks that write one stream, one after the other in each tick.
impl Sink for Vec<Box<dyn Sink>> {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        for sink in self {
            sink.encode(frame, out);
        }
    }
}
