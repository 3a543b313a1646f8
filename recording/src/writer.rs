use std::borrow::Borrow;
use std::io;

use virtmon_model::Error;
use zstd::bulk::Compressor;
use zstd::zstd_safe::compress_bound;

use crate::frame::{FrameHeader, KEY_EVERY, MAX_BYTES};
use crate::{Header, RecordedSample};

/// zstd's own default: a stronger one gains next to nothing on bodies of this kind.
const LEVEL: i32 = 3;

/// Turns readings into the bytes of a recording.
pub struct Writer {
    compressor: Compressor<'static>,
    number: u32,
    /// The number of the last key frame.
    key: u32,
    /// Whether the next frame is to be one.
    key_next: bool,
    body: Vec<u8>,
    packed: Vec<u8>,
}

impl Writer {
    /// Appends a recording's header to `out`.
    ///
    /// # Errors
    /// There is no memory for packing.
    pub fn begin(header: &Header, out: &mut Vec<u8>) -> io::Result<Self> {
        header.put(out);
        Ok(Self {
            compressor: Compressor::new(LEVEL)?,
            number: 0,
            key: 0,
            key_next: true,
            body: Vec::new(),
            packed: Vec::new(),
        })
    }

    /// Appends a reading to `out`.
    ///
    /// # Errors
    /// It is longer than a frame may be, or can't be packed; `out` is as it was.
    pub fn push<E: Borrow<Error>>(
        &mut self,
        kept: &RecordedSample<'_, E>,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        self.body.clear();
        kept.put(&mut self.body);
        let unpacked = u32::try_from(self.body.len()).unwrap_or(u32::MAX);
        if unpacked > MAX_BYTES {
            return Err(io::Error::other("a reading is too long for a recording"));
        }
        let is_key = self.key_next || self.since_key() >= KEY_EVERY;
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
        let front = FrameHeader {
            packed: u32::try_from(self.packed.len()).unwrap_or(u32::MAX),
            unpacked,
            number: self.number,
            key,
        };
        front.put(&self.packed, out);
        self.number = self.number.wrapping_add(1);
        (self.key, self.key_next) = (key, false);
        Ok(())
    }

    /// Makes the next frame a key frame, which another file may begin with.
    pub fn key_next(&mut self) {
        self.key_next = true;
    }

    /// How many frames there are since the last key frame, that one included.
    #[must_use]
    pub fn since_key(&self) -> u32 {
        self.number.wrapping_sub(self.key)
    }
}
