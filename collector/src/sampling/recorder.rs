//! Samples on their way to a recording.

use std::io;

use virtmon_model::timestamps::since_1970_ns;
use virtmon_recording::{Header, RecordedSample, Writer};

use crate::sampling::source::Sample;

/// Largest number of bytes that wait for the recording's output. While that output takes nothing
/// for so long, samples are left out of the recording, as rows are left out of tables.
const MAX_BUFFER_BYTES: usize = 64 << 20;

/// Samples since the last key frame from which on a batch of several samples begins with a key
/// frame. A file may begin with a key frame.
const KEY_AFTER: u32 = 32;

/// Buffer of samples in the recording format.
#[derive(Default)]
pub(crate) struct RecordBuffer {
    /// Created with the first sample.
    writer: Option<Writer>,
    bytes: Vec<u8>,
    /// Number of samples in `bytes`.
    samples: u32,
    /// True if the first sample of the next batch must be a key frame.
    restarts: bool,
    /// Number of samples that were left out since the last batch.
    left_out: u64,
}

impl RecordBuffer {
    /// Adds a sample. `header` is called for the first one.
    ///
    /// # Errors
    /// The sample cannot be compressed.
    pub(crate) fn push(
        &mut self,
        tick: u64,
        sample: &Sample,
        raw: &[u8],
        header: impl FnOnce() -> Header,
    ) -> io::Result<()> {
        let Self {
            writer,
            bytes,
            samples,
            left_out,
            ..
        } = self;
        if bytes.len() >= MAX_BUFFER_BYTES {
            *left_out += 1;
            return Ok(());
        }
        *samples += 1;
        let writer = match writer {
            Some(writer) => writer,
            none => none.insert(Writer::begin(&header(), bytes)?),
        };
        let recorded = RecordedSample {
            tick,
            mono_ns: sample.began.mono_ns,
            boot_ns: sample.began.boot_ns,
            wall_ns: since_1970_ns(sample.began.wall),
            sample_ns: sample.sample_ns,
            read: sample.result.as_ref().map(|()| raw),
        };
        writer.push(&recorded, bytes)
    }

    /// Moves the samples to the end of `into`. Returns the number of samples that were left out since
    /// the last call.
    pub(crate) fn take(&mut self, into: &mut Vec<u8>) -> u64 {
        into.append(&mut self.bytes);
        let is_several = std::mem::take(&mut self.samples) > 1;
        if let Some(writer) = &mut self.writer
            && (self.restarts || is_several && writer.since_key() >= KEY_AFTER)
        {
            writer.key_next();
            self.restarts = false;
        }
        std::mem::take(&mut self.left_out)
    }

    /// Makes the first sample of the next batch a key frame.
    pub(crate) fn restart(&mut self) {
        match &mut self.writer {
            Some(writer) if self.bytes.is_empty() => writer.key_next(),
            _ => self.restarts = true,
        }
    }
}
