//! Search for a tick or a time in a recording.
//!
//! A recording has no index. Each key frame decompresses by itself and has its tick and time at the
//! start of its body, so key frames are found by bisection over the bytes of the file. A probe begins
//! at any byte and looks for the next key frame.
//!
//! Guests choose some of the bytes of a body, for example values in xenstore, and these bytes may look
//! like frames. A probe that begins within such a body would find them. Therefore a probe accepts a frame
//! only as part of a run: whole frames without a gap, with ascending numbers, up to the end of the file
//! or over more bytes than a guest can choose. Every frame that a guest imitates is followed by bytes of
//! the body that surrounds it, which the guest cannot choose.

use std::io::{self, Read, Seek, SeekFrom};

use crate::frame::{FrameHeader, HEADER_BYTES, MAX_BYTES, MAX_KEY_INTERVAL, SYNC};
use crate::limits::MAX_ONE_TEXT;
use crate::reader::{CHUNK_BYTES, Reader};
use crate::sample::RecordedSample;
use crate::target::SeekTarget;

/// Length of the rest of the file that is read frame by frame.
const MAX_SPAN_BYTES: u64 = CHUNK_BYTES as u64;
/// Length of a run whose frames are accepted.
const MIN_RUN_BYTES: u64 = 4 * MAX_ONE_TEXT as u64;
/// Largest number of bytes that a probe examines, about: the rest of a frame, a frame and a key frame
/// of the largest size, and the headers between them. Only damaged files have no key frame in them.
const MAX_PROBE_BYTES: u64 = 4 * MAX_BYTES as u64;

/// A key frame that a probe found.
struct KeyFrame {
    /// Position in the file.
    position: u64,
    /// True if its sample is at or after the target.
    is_reached: bool,
}

/// A run of whole frames.
struct Run {
    /// The first key frame of the run.
    key: Option<KeyFrame>,
    /// Number of the last frame.
    number: Option<u32>,
}

impl<R: Read + Seek> Reader<R> {
    /// Moves to the first sample at or after the target, or to the end of the file. The next call of
    /// [`read`](Reader::read) returns that sample. The recording must begin at the start of `source`.
    ///
    /// It reads about 20 parts of the file of 64 KiB each, or of a key interval if that is longer. If
    /// key frames around the target are damaged, it also reads the samples from an earlier key frame on.
    ///
    /// ```
    /// # use std::io::Cursor;
    /// # use virtmon_recording::{Header, Reader, RecordedSample, SeekTarget, Writer};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let header = Header { backend: "xen".into(), t0_ns: 0, interval_ns: 1, host_metadata: vec![] };
    /// # let mut file = Vec::new();
    /// # let mut writer = Writer::begin(&header, &mut file)?;
    /// # for tick in 0..100 {
    /// #     let sample: RecordedSample<'_> = RecordedSample {
    /// #         tick, mono_ns: tick, boot_ns: 0, wall_ns: 0, sample_ns: 0, read: Ok(b""),
    /// #     };
    /// #     writer.push(&sample, &mut file)?;
    /// # }
    /// // `file` has the ticks 0 to 99.
    /// let (mut reader, _) = Reader::open(Cursor::new(&file))?;
    /// reader.seek(SeekTarget::Tick(70))?;
    /// assert_eq!(reader.read()?.map(|sample| sample.tick), Some(70));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The file can't be read, or is one without positions, such as a pipe.
    pub fn seek(&mut self, target: SeekTarget) -> io::Result<()> {
        self.seek_to_key(target)?;
        let loss = self.loss;
        loop {
            self.advance()?;
            let sample = RecordedSample::decode(&self.body);
            if sample.is_none_or(|sample| target.is_reached(&sample)) {
                break;
            }
            self.loss = loss;
        }
        self.is_pending = !self.body.is_empty();
        Ok(())
    }

    /// Moves to a key frame before the target, or to the first frame of the file. Samples may depend on
    /// earlier ones: a reader that decodes samples from here on has the state that the target needs.
    ///
    /// # Errors
    /// As [`Reader::seek`].
    pub fn seek_to_key(&mut self, target: SeekTarget) -> io::Result<()> {
        let loss = self.loss;
        let file_end = self.source.seek(SeekFrom::End(0))?;
        self.source.seek(SeekFrom::Start(self.bytes_end))?;
        let (mut low, mut high) = (self.first_frame, file_end);
        while high.saturating_sub(low) > MAX_SPAN_BYTES {
            let middle = low + (high - low) / 2;
            match self.probe(middle, high, target)? {
                Some(key) if !key.is_reached => low = key.position,
                _ => high = middle,
            }
        }
        self.move_to(low)?;
        (self.key, self.next) = (None, None);
        (self.loss, self.is_pending) = (loss, false);
        Ok(())
    }

    /// The first key frame of a run between these positions; `None` if there is none, or if it is too
    /// far away.
    fn probe(&mut self, from: u64, end: u64, target: SeekTarget) -> io::Result<Option<KeyFrame>> {
        self.move_to(from)?;
        let mut examined = 0;
        while self.position() < end && examined < MAX_PROBE_BYTES {
            if !self.find_sync() {
                examined += CHUNK_BYTES as u64;
                if !self.fill(SYNC.len())? {
                    break;
                }
                continue;
            }
            let begin = self.position();
            if let Some(run) = self.run(&mut examined, target)? {
                let key = match run {
                    Run { key: Some(key), .. } => Some(key),
                    Run { number, .. } => self.next_key(number, &mut examined, target)?,
                };
                if let Some(key) = key {
                    return Ok(Some(key).filter(|key| key.position < end));
                }
            }
            if self.position() == begin {
                self.skip(1);
            }
        }
        Ok(None)
    }

    /// The run that begins at the current position; `None` if it is too short. Moves to its end.
    fn run(&mut self, examined: &mut u64, target: SeekTarget) -> io::Result<Option<Run>> {
        let begin = self.position();
        let mut run = Run {
            key: None,
            number: None,
        };
        while self.position() - begin < MIN_RUN_BYTES && self.fill(1)? {
            *examined += self.claimed_bytes()?;
            let Some((header, len)) = self.whole_frame()? else {
                return Ok(None);
            };
            if run
                .number
                .is_some_and(|number| number.wrapping_add(1) != header.number)
            {
                return Ok(None);
            }
            run.number = Some(header.number);
            if run.key.is_none() && header.is_key() {
                run.key = self.key_frame(header, len, target);
            }
            self.at += len;
        }
        Ok(run.number.is_some().then_some(run))
    }

    /// The key frame that follows the frames from the current position on. Reads their headers only.
    /// `number` is that of the frame before.
    fn next_key(
        &mut self,
        mut number: Option<u32>,
        examined: &mut u64,
        target: SeekTarget,
    ) -> io::Result<Option<KeyFrame>> {
        for _ in 0..MAX_KEY_INTERVAL {
            self.fill(HEADER_BYTES)?;
            let header = self.bytes[self.at..].first_chunk();
            let Some((header, _)) = header.and_then(FrameHeader::decode) else {
                break;
            };
            let expected = number.map(|number| number.wrapping_add(1));
            if expected != Some(header.number) {
                break;
            }
            number = expected;
            if header.is_key() {
                *examined += self.claimed_bytes()?;
                let frame = self.whole_frame()?;
                return Ok(frame.and_then(|(header, len)| self.key_frame(header, len, target)));
            }
            *examined += CHUNK_BYTES as u64;
            let next = self.position() + HEADER_BYTES as u64 + u64::from(header.packed);
            self.move_to(next)?;
        }
        Ok(None)
    }

    /// The whole key frame at the current position; `None` if it is no sample.
    fn key_frame(
        &mut self,
        header: FrameHeader,
        len: usize,
        target: SeekTarget,
    ) -> Option<KeyFrame> {
        if !self.decompress(header, len) {
            return None;
        }
        let sample = RecordedSample::decode(&self.body)?;
        Some(KeyFrame {
            position: self.position(),
            is_reached: target.is_reached(&sample),
        })
    }

    /// Length of the frame at the current position, by its header, which may be damaged.
    fn claimed_bytes(&mut self) -> io::Result<u64> {
        self.fill(HEADER_BYTES)?;
        let header = self.bytes[self.at..].first_chunk();
        let body = header.and_then(FrameHeader::decode);
        Ok(HEADER_BYTES as u64 + body.map_or(0, |(header, _)| header.packed.into()))
    }

    /// Current position in the file.
    fn position(&self) -> u64 {
        self.bytes_end - (self.bytes.len() - self.at) as u64
    }

    /// Moves to a position in the file. Keeps the bytes that were read, if it is among them.
    fn move_to(&mut self, position: u64) -> io::Result<()> {
        let begin = self.bytes_end - self.bytes.len() as u64;
        let offset = position.checked_sub(begin);
        let offset = offset.and_then(|offset| usize::try_from(offset).ok());
        match offset.filter(|&offset| offset <= self.bytes.len()) {
            Some(offset) => self.at = offset,
            None => {
                self.bytes_end = self.source.seek(SeekFrom::Start(position))?;
                self.bytes.clear();
                self.at = 0;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
