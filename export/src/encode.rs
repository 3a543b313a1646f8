//! Encoders: they turn frames into bytes. They use no clock, no source and no file.

pub mod cells;
pub mod csv;
pub mod json;
pub mod openmetrics;
pub mod recording;
pub mod text_table;

use virtmon_analysis::frame::Frame;

/// Turns frames into the bytes of one stream.
pub trait Encoder {
    /// Appends the bytes of a frame to `out`. The first call also appends the header of the stream.
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>);
}

impl<S: Encoder + ?Sized> Encoder for Box<S> {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        (**self).encode(frame, out);
    }
}

/// Several encoders of one stream: each tick has the bytes of all of them, in their order.
impl Encoder for Vec<Box<dyn Encoder>> {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        for encoder in self {
            encoder.encode(frame, out);
        }
    }
}
