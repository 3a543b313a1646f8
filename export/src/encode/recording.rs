//! Recordings: the raw bytes of the samples.

use crate::encode::Sink;
use virtmon_analysis::frame::Frame;

/// Writes the readings themselves, for a replay.
#[derive(Debug, Default)]
pub struct RecordSink;

impl Sink for RecordSink {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(frame.taped);
    }
}
