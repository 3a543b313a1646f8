//! Writer of recordings.

use std::borrow::Borrow;
use std::io;

use virtmon_model::Error;
use zstd::bulk::Compressor;
use zstd::zstd_safe::compress_bound;

use crate::frame::{FrameHeader, MAX_BYTES, MAX_KEY_INTERVAL};
use crate::header::Header;
use crate::sample::RecordedSample;

/// Compression level: the default of zstd. Higher levels gain almost nothing on such bodies.
const LEVEL: i32 = 3;

/// Encodes samples as the bytes of a recording.
pub struct Writer {
    compressor: Compressor<'static>,
    /// Number of the next frame.
    number: u32,
    /// Number of the last key frame.
    key: u32,
    /// True if the next frame is to be a key frame.
    is_key_next: bool,
    body: Vec<u8>,
    packed: Vec<u8>,
}

impl Writer {
    /// Appends a recording's header to `out`.
    ///
    /// # Errors
    /// There is no memory for the compressor.
    pub fn begin(header: &Header, out: &mut Vec<u8>) -> io::Result<Self> {
        header.encode(out);
        Ok(Self {
            compressor: Compressor::new(LEVEL)?,
            number: 0,
            key: 0,
            is_key_next: true,
            body: Vec::new(),
            packed: Vec::new(),
        })
    }

    /// Appends a sample to `out`.
    ///
    /// # Errors
    /// The sample is longer than a frame may be, or can't be compressed. `out` is unchanged then.
    pub fn push<E: Borrow<Error>>(
        &mut self,
        sample: &RecordedSample<'_, E>,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        self.body.clear();
        sample.encode(&mut self.body);
        let unpacked = u32::try_from(self.body.len()).unwrap_or(u32::MAX);
        if unpacked > MAX_BYTES {
            return Err(io::Error::other("a sample is too long for a recording"));
        }
        let is_key = self.is_key_next || self.since_key() >= MAX_KEY_INTERVAL;
        let key = if is_key { self.number } else { self.key };
        if is_key {
            self.compressor.set_dictionary(LEVEL, &[])?;
        }
        self.packed.clear();
        self.packed.reserve(compress_bound(self.body.len()));
        self.compressor
            .compress_to_buffer(&self.body, &mut self.packed)?;
        if is_key {
            self.compressor.set_dictionary(LEVEL, &self.body)?;
        }
        let header = FrameHeader {
            packed: u32::try_from(self.packed.len()).unwrap_or(u32::MAX),
            unpacked,
            number: self.number,
            key,
        };
        header.encode(&self.packed, out);
        self.number = self.number.wrapping_add(1);
        (self.key, self.is_key_next) = (key, false);
        Ok(())
    }

    /// Makes the next frame a key frame, with which another file can begin.
    pub fn key_next(&mut self) {
        self.is_key_next = true;
    }

    /// Number of frames from the last key frame on, with that one.
    #[must_use]
    pub fn since_key(&self) -> u32 {
        self.number.wrapping_sub(self.key)
    }
}
