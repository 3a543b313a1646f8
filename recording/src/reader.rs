//! Reader of recordings.

use std::fmt;
use std::io::{self, Read};

use zstd::bulk::Decompressor;

use crate::frame::{FrameHeader, HEADER_BYTES, SYNC};
use crate::header::{self, Header, MAGIC, OpenError, VERSION};
use crate::sample::RecordedSample;

/// Number of bytes that are read at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// Part of a recording that could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loss {
    /// Number of bytes that belong to no usable frame.
    pub bytes: u64,
    /// Number of samples that are missing between others, or could not be decompressed.
    pub samples: u64,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.bytes, self.samples) {
            (bytes, 0) => write!(f, "{bytes} bytes of it are damaged"),
            (0, samples) => write!(f, "{samples} samples of it are missing"),
            (bytes, samples) => write!(
                f,
                "{bytes} bytes of it are damaged and {samples} samples are missing"
            ),
        }
    }
}

/// Reads the samples of a recording in order.
pub struct Reader<R> {
    source: R,
    /// Bytes that were read. Those from `at` on are not used yet.
    bytes: Vec<u8>,
    at: usize,
    /// Position in the file of the end of `bytes`.
    bytes_end: u64,
    /// Position in the file of the first frame.
    first_frame: u64,
    decompressor: Decompressor<'static>,
    /// Number of the key frame whose body is the current dictionary.
    key: Option<u32>,
    /// Length of that body.
    key_bytes: usize,
    /// Number that the next frame should have; `None` before the first frame.
    next: Option<u32>,
    body: Vec<u8>,
    /// True if `body` is a sample that is still to be returned.
    is_pending: bool,
    loss: Loss,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// The file is no recording, or one that can't be replayed at all.
    pub fn open(source: R) -> Result<(Self, Header), OpenError> {
        let mut reader = Self {
            source,
            bytes: Vec::new(),
            at: 0,
            bytes_end: 0,
            first_frame: 0,
            decompressor: Decompressor::new()?,
            key: None,
            key_bytes: 0,
            next: None,
            body: Vec::new(),
            is_pending: false,
            loss: Loss::default(),
        };
        reader.fill(MAGIC.len() + 2)?;
        let Some(rest) = reader.bytes.strip_prefix(&MAGIC) else {
            return Err(OpenError::NotARecording);
        };
        let &[low, high] = rest.first_chunk().ok_or(OpenError::Header)?;
        let version = u16::from_le_bytes([low, high]);
        if version > VERSION {
            return Err(OpenError::Newer(version));
        }
        let header = reader.read_header()?.ok_or(OpenError::Header)?;
        Ok((reader, header))
    }

    fn read_header(&mut self) -> io::Result<Option<Header>> {
        if !self.fill(header::FIXED_BYTES)? {
            return Ok(None);
        }
        let word = |at: usize| self.bytes[at..at + 4].first_chunk().copied();
        let (Some(len), Some(sum)) = (word(10), word(14)) else {
            return Ok(None);
        };
        let len = u32::from_le_bytes(len);
        let end = header::FIXED_BYTES + len as usize;
        if len > header::MAX_BYTES || !self.fill(end)? {
            return Ok(None);
        }
        let fields = &self.bytes[header::FIXED_BYTES..end];
        self.at = end;
        self.first_frame = end as u64;
        let is_whole = crc32fast::hash(fields) == u32::from_le_bytes(sum);
        Ok(is_whole.then(|| Header::decode(fields)).flatten())
    }

    /// Reads the next sample; `None` at the end of the file. Damaged frames are skipped and counted.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn read(&mut self) -> io::Result<Option<RecordedSample<'_>>> {
        if !std::mem::take(&mut self.is_pending) {
            self.advance()?;
        }
        Ok(RecordedSample::decode(&self.body))
    }

    /// The part of the recording that could not be used so far. The part before a
    /// [seek's](Reader::seek) target does not count.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Decompresses the next sample into `body`, which is empty at the end of the file.
    fn advance(&mut self) -> io::Result<()> {
        while self.find_frame()? {
            let Some((header, len)) = self.whole_frame()? else {
                self.skip(1);
                continue;
            };
            if self.decompress(header, len) {
                self.at += len;
                break;
            }
            self.skip(len);
            self.loss.samples += 1;
        }
        Ok(())
    }

    /// Moves to the next position at which a frame may begin. Returns false, with an empty body, if
    /// there is none.
    fn find_frame(&mut self) -> io::Result<bool> {
        while !self.find_sync() {
            if !self.fill(SYNC.len())? {
                self.skip(self.bytes.len() - self.at);
                self.body.clear();
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Moves to the next [`SYNC`] in the bytes that were read, or to those at their end that may begin
    /// one. Returns true if it is complete.
    fn find_sync(&mut self) -> bool {
        let rest = &self.bytes[self.at..];
        let found = rest.windows(SYNC.len()).position(|four| four == SYNC);
        self.skip(found.unwrap_or(rest.len().saturating_sub(SYNC.len() - 1)));
        found.is_some()
    }

    /// Header and length of the frame at the current position, if the frame is complete and its
    /// checksum is right.
    fn whole_frame(&mut self) -> io::Result<Option<(FrameHeader, usize)>> {
        self.fill(HEADER_BYTES)?;
        let header = self.bytes[self.at..]
            .first_chunk()
            .and_then(FrameHeader::decode);
        let Some((header, sum)) = header else {
            return Ok(None);
        };
        let len = HEADER_BYTES + header.packed as usize;
        if !self.fill(len)? {
            return Ok(None);
        }
        let packed = &self.bytes[self.at + HEADER_BYTES..self.at + len];
        Ok(header.is_whole(packed, sum).then_some((header, len)))
    }

    /// Decompresses the body of a complete frame. Returns true if it is a sample.
    fn decompress(&mut self, header: FrameHeader, len: usize) -> bool {
        // The key frame at the start of a file can have any number.
        let expected = self.next.unwrap_or(header.key);
        let missing = header.number.wrapping_sub(expected);
        // A lower number than expected does not mean that samples are missing.
        if missing < u32::MAX / 2 {
            self.loss.samples += u64::from(missing);
        }
        self.next = Some(header.number.wrapping_add(1));
        let is_key = header.is_key();
        if is_key {
            self.key = None;
            self.key_bytes = 0;
            if self.decompressor.set_dictionary(&[]).is_err() {
                return false;
            }
        } else if self.key != Some(header.key) {
            return false;
        }
        if !header.is_likely(self.key_bytes) {
            return false;
        }
        let packed = &self.bytes[self.at + HEADER_BYTES..self.at + len];
        self.body.clear();
        self.body.reserve_exact(header.unpacked as usize);
        let unpacked = self
            .decompressor
            .decompress_to_buffer(packed, &mut self.body);
        if !unpacked.is_ok_and(|bytes| bytes == header.unpacked as usize) {
            return false;
        }
        if is_key && self.decompressor.set_dictionary(&self.body).is_ok() {
            self.key = Some(header.key);
            self.key_bytes = self.body.len();
        }
        RecordedSample::decode(&self.body).is_some()
    }

    /// Skips bytes that can't be used, and counts them.
    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
        self.loss.bytes += bytes as u64;
    }

    /// Reads until at least `bytes` bytes are left from the current position on. Returns false if
    /// the file ends before.
    fn fill(&mut self, bytes: usize) -> io::Result<bool> {
        while self.bytes.len() - self.at < bytes {
            self.bytes.drain(..self.at);
            self.at = 0;
            self.bytes.reserve_exact(bytes + CHUNK_BYTES);
            let mut chunk = (&mut self.source).take(CHUNK_BYTES as u64);
            let count = chunk.read_to_end(&mut self.bytes)?;
            self.bytes_end += count as u64;
            if count == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

mod seek;
#[cfg(test)]
mod tests;
