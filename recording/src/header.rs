//! The header of a recording.

use std::io;

use crate::codec::{Cursor, put_bytes, put_number};

/// First bytes of every recording.
pub(crate) const MAGIC: [u8; 8] = *b"virtmon\x1a";
/// Version of the format that is written, and the latest version that can be read.
pub(crate) const VERSION: u16 = 1;
/// Size of the fixed part: [`MAGIC`], version, length, CRC-32.
pub(crate) const FIXED_BYTES: usize = 18;
/// Most bytes of the fields.
pub(crate) const MAX_BYTES: u32 = 1 << 20;

/// Data that holds for all samples of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Name of the backend, as a value of `--backend`.
    pub backend: String,
    /// Time at which tick 0 was due, in ns of `CLOCK_MONOTONIC` of the recorded host.
    pub t0_ns: u64,
    /// Time between two ticks, in ns; not 0.
    pub interval_ns: u64,
    /// Data of the host that the backend needs to decode its raw bytes.
    pub host_metadata: Vec<u8>,
}

/// Reason why a file can't be replayed at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is no recording.
    #[error("it is not a recording of virtmon")]
    NotARecording,
    /// The version of the format is later than the supported one.
    #[error("version {0} of its format is not supported (latest: {VERSION}): upgrade virtmon")]
    Newer(u16),
    /// The header is damaged, so no sample can be decoded.
    #[error("its header is damaged")]
    Header,
    /// The file can't be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Length of the recording's header at the start of these bytes; `None` if there is none.
#[must_use]
pub fn header_bytes(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(&MAGIC) {
        return None;
    }
    let length = bytes.get(10..14)?.first_chunk().copied()?;
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
    let end = FIXED_BYTES.checked_add(length)?;
    (end <= bytes.len()).then_some(end)
}

impl Header {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let mut fields = Vec::new();
        put_bytes(&mut fields, self.backend.as_bytes());
        put_number(&mut fields, self.t0_ns);
        put_number(&mut fields, self.interval_ns);
        put_bytes(&mut fields, &self.host_metadata);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        let len = u32::try_from(fields.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&crc32fast::hash(&fields).to_le_bytes());
        out.extend_from_slice(&fields);
    }

    pub(crate) fn decode(fields: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(fields);
        Some(Self {
            backend: str::from_utf8(cursor.bytes()?).ok()?.to_owned(),
            t0_ns: cursor.number()?,
            interval_ns: cursor.number().filter(|&ns| ns > 0)?,
            host_metadata: cursor.bytes()?.to_vec(),
        })
    }
}
