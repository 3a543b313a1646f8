use std::io;

use crate::codec::{Cursor, put_bytes, put_number};

/// The first bytes of every recording.
pub(crate) const MAGIC: [u8; 8] = *b"virtmon\x1a";
/// The version of the format that is written, and the last one that is read.
pub(crate) const VERSION: u16 = 1;
/// The bytes in front of the header's own: [`MAGIC`], version, length, CRC-32.
pub(crate) const HEADER_BYTES: usize = 18;
/// No header is longer.
pub(crate) const MAX_BYTES: u32 = 1 << 20;

/// What holds for all of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The backend that read, by the word that `--backend` takes.
    pub backend: String,
    /// When tick 0 was due, in ns of `CLOCK_MONOTONIC` there.
    pub t0_ns: u64,
    /// From one tick to the next, in ns; not 0.
    pub interval_ns: u64,
    /// What the backend needs to know of the host to make sense of its raw bytes.
    pub host_metadata: Vec<u8>,
}

/// Why a file is not replayed at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is something else.
    #[error("it is not a recording of virtmon")]
    NotARecording,
    /// A later virtmon wrote it.
    #[error(
        "it is of version {0} of the format, and this virtmon reads up to {VERSION}: \
             take a newer one"
    )]
    Newer(u16),
    /// Without it nothing behind it makes sense.
    #[error("its header is damaged")]
    Header,
    /// It can't be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// How many of these bytes are the header of a recording; `None` where they do not begin with one.
#[must_use]
pub fn header_bytes(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(&MAGIC) {
        return None;
    }
    let length = bytes.get(10..14)?.first_chunk().copied()?;
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
    let end = HEADER_BYTES.checked_add(length)?;
    (end <= bytes.len()).then_some(end)
}

impl Header {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        let mut own = Vec::new();
        put_bytes(&mut own, self.backend.as_bytes());
        put_number(&mut own, self.t0_ns);
        put_number(&mut own, self.interval_ns);
        put_bytes(&mut own, &self.host_metadata);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        let len = u32::try_from(own.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&crc32fast::hash(&own).to_le_bytes());
        out.extend_from_slice(&own);
    }

    pub(crate) fn take(own: &[u8]) -> Option<Self> {
        let mut take = Cursor(own);
        Some(Self {
            backend: str::from_utf8(take.bytes()?).ok()?.to_owned(),
            t0_ns: take.number()?,
            interval_ns: take.number().filter(|&ns| ns > 0)?,
            host_metadata: take.bytes()?.to_vec(),
        })
    }
}
