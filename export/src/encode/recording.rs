//! Recordings: the raw bytes of the samples.

use crate::encode::Encoder;
use virtmon_analysis::frame::Frame;

/// Writes the raw samples, for a replay.
#[derive(Debug, Default)]
pub struct RecordingEncoder;

impl Encoder for RecordingEncoder {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(frame.recorded);
    }
}
