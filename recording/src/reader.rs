use std::fmt;
use std::io::{self, Read};

use zstd::bulk::Decompressor;

use crate::frame::{FrameHeader, HEADER_BYTES, SYNC};
use crate::header::{self, MAGIC, VERSION};
use crate::{Header, OpenError, RecordedSample};

/// As much as is asked for at once.
const CHUNK_BYTES: usize = 64 << 10;

/// What could not be used of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loss {
    /// Bytes that are no whole frame.
    pub bytes: u64,
    /// Readings that are known to be missing between others, or not to be unpacked.
    pub readings: u64,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.bytes, self.readings) {
            (bytes, 0) => write!(f, "{bytes} bytes of it are damaged"),
            (0, readings) => write!(f, "{readings} readings of it are missing"),
            (bytes, readings) => write!(
                f,
                "{bytes} bytes of it are damaged and {readings} readings missing"
            ),
        }
    }
}

/// Takes the readings out of a recording, one after the other.
pub struct Reader<R> {
    from: R,
    /// Bytes that were read and not used yet, from `at` on.
    bytes: Vec<u8>,
    at: usize,
    decompressor: Decompressor<'static>,
    /// The number of the key frame whose body is the dictionary now.
    key: Option<u32>,
    /// How long that is.
    key_bytes: usize,
    /// The number of the frame after the last one; `None` before the first.
    next: Option<u32>,
    body: Vec<u8>,
    loss: Loss,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// This is no recording, or one that can't be read at all.
    pub fn open(from: R) -> Result<(Self, Header), OpenError> {
        let mut reader = Self {
            from,
            bytes: Vec::new(),
            at: 0,
            decompressor: Decompressor::new()?,
            key: None,
            key_bytes: 0,
            next: None,
            body: Vec::new(),
            loss: Loss::default(),
        };
        reader.fill(MAGIC.len() + 2)?;
        let Some(front) = reader.bytes.strip_prefix(&MAGIC) else {
            return Err(OpenError::NotARecording);
        };
        let &[low, high] = front.first_chunk().ok_or(OpenError::Header)?;
        let version = u16::from_le_bytes([low, high]);
        if version > VERSION {
            return Err(OpenError::Newer(version));
        }
        let header = reader.header()?.ok_or(OpenError::Header)?;
        Ok((reader, header))
    }

    fn header(&mut self) -> io::Result<Option<Header>> {
        if !self.fill(header::HEADER_BYTES)? {
            return Ok(None);
        }
        let word = |at: usize| self.bytes[at..at + 4].first_chunk().copied();
        let (Some(len), Some(sum)) = (word(10), word(14)) else {
            return Ok(None);
        };
        let len = u32::from_le_bytes(len);
        let end = header::HEADER_BYTES + len as usize;
        if len > header::MAX_BYTES || !self.fill(end)? {
            return Ok(None);
        }
        let own = &self.bytes[header::HEADER_BYTES..end];
        self.at = end;
        let is_whole = crc32fast::hash(own) == u32::from_le_bytes(sum);
        Ok(is_whole.then(|| Header::take(own)).flatten())
    }

    /// The next whole reading; what is damaged is passed over.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn read(&mut self) -> io::Result<Option<RecordedSample<'_>>> {
        while self.find()? {
            let Some((front, len)) = self.whole()? else {
                self.pass(1);
                continue;
            };
            if self.unpack(front, len) {
                self.at += len;
                break;
            }
            self.pass(len);
            self.loss.readings += 1;
        }
        Ok(RecordedSample::take(&self.body))
    }

    /// What could not be used so far.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Goes to where a frame may begin. Says whether there is such a place; where there is none,
    /// the body is empty.
    fn find(&mut self) -> io::Result<bool> {
        loop {
            let rest = &self.bytes[self.at..];
            match rest.windows(SYNC.len()).position(|four| four == SYNC) {
                Some(skip) => {
                    self.pass(skip);
                    return Ok(true);
                }
                None => self.pass(rest.len().saturating_sub(SYNC.len() - 1)),
            }
            if !self.fill(SYNC.len())? {
                self.pass(self.bytes.len() - self.at);
                self.body.clear();
                return Ok(false);
            }
        }
    }

    /// The frame that begins here and how long it is, if it is whole.
    fn whole(&mut self) -> io::Result<Option<(FrameHeader, usize)>> {
        self.fill(HEADER_BYTES)?;
        let front = self.bytes[self.at..]
            .first_chunk()
            .and_then(FrameHeader::take);
        let Some((front, sum)) = front else {
            return Ok(None);
        };
        let len = HEADER_BYTES + front.packed as usize;
        if !self.fill(len)? {
            return Ok(None);
        }
        let packed = &self.bytes[self.at + HEADER_BYTES..self.at + len];
        Ok(front.is_whole(packed, sum).then_some((front, len)))
    }

    /// Unpacks the body of a whole frame. Says whether that is a reading now.
    fn unpack(&mut self, front: FrameHeader, len: usize) -> bool {
        // A file begins with a key frame of any number.
        let expected = self.next.unwrap_or(front.key);
        let ahead = front.number.wrapping_sub(expected);
        // Backwards is not missing.
        if ahead < u32::MAX / 2 {
            self.loss.readings += u64::from(ahead);
        }
        self.next = Some(front.number.wrapping_add(1));
        let is_key = front.key == front.number;
        if is_key {
            self.key = None;
            self.key_bytes = 0;
            if self.decompressor.set_dictionary(&[]).is_err() {
                return false;
            }
        } else if self.key != Some(front.key) {
            return false;
        }
        if !front.is_likely(self.key_bytes) {
            return false;
        }
        let packed = &self.bytes[self.at + HEADER_BYTES..self.at + len];
        self.body.clear();
        self.body.reserve_exact(front.unpacked as usize);
        let unpacked = self
            .decompressor
            .decompress_to_buffer(packed, &mut self.body);
        if !unpacked.is_ok_and(|bytes| bytes == front.unpacked as usize) {
            return false;
        }
        if is_key && self.decompressor.set_dictionary(&self.body).is_ok() {
            self.key = Some(front.key);
            self.key_bytes = self.body.len();
        }
        RecordedSample::take(&self.body).is_some()
    }

    /// Passes over bytes that are of no use.
    fn pass(&mut self, bytes: usize) {
        self.at += bytes;
        self.loss.bytes += bytes as u64;
    }

    /// Has that many bytes from here on. Says whether there are so many.
    fn fill(&mut self, bytes: usize) -> io::Result<bool> {
        while self.bytes.len() - self.at < bytes {
            self.bytes.drain(..self.at);
            self.at = 0;
            let wanted = CHUNK_BYTES as u64;
            self.bytes.reserve_exact(bytes + CHUNK_BYTES);
            if (&mut self.from).take(wanted).read_to_end(&mut self.bytes)? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
