//! The header of a frame, before the compressed body.

/// First bytes of every frame. They are used to find the next frame after damaged bytes.
pub(crate) const SYNC: [u8; 4] = *b"\xf5vmf";
/// Size of the header.
pub(crate) const HEADER_BYTES: usize = 24;
/// Longest body, compressed or not: thirty thousand domains of Xen with all their devices.
pub(crate) const MAX_BYTES: u32 = 16 << 20;
/// Largest ratio of a body, without the bytes of its dictionary, to its compressed form. Each domain
/// has a uuid, which can't be compressed.
const MAX_RATIO: u32 = 1_000;
/// Longest distance between two key frames.
pub(crate) const MAX_KEY_INTERVAL: u32 = 64;

/// The header of a frame, without the checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// Length of the compressed body.
    pub(crate) packed: u32,
    /// Length of the body.
    pub(crate) unpacked: u32,
    /// Number of the frame. Frames are numbered from 0.
    pub(crate) number: u32,
    /// Number of the key frame whose body is the dictionary of this frame.
    pub(crate) key: u32,
}

impl FrameHeader {
    pub(crate) fn encode(self, body: &[u8], out: &mut Vec<u8>) {
        let bytes = self.bytes();
        out.extend_from_slice(&SYNC);
        out.extend_from_slice(&bytes);
        out.extend_from_slice(&checksum(&bytes, body).to_le_bytes());
        out.extend_from_slice(body);
    }

    /// Decodes the header at the start of these bytes, and its checksum; `None` if there is no valid
    /// header.
    pub(crate) fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<(Self, u32)> {
        let mut words = bytes.chunks_exact(4);
        if words.next() != Some(&SYNC) {
            return None;
        }
        let mut word = || {
            let mut word = [0; 4];
            word.copy_from_slice(words.next()?);
            Some(u32::from_le_bytes(word))
        };
        let header = Self {
            packed: word()?,
            unpacked: word()?,
            number: word()?,
            key: word()?,
        };
        let is_valid = header.packed <= MAX_BYTES && header.unpacked <= MAX_BYTES;
        is_valid.then_some((header, word()?))
    }

    /// True if the frame needs no dictionary.
    pub(crate) fn is_key(self) -> bool {
        self.key == self.number
    }

    /// True if a body of this length is plausible for the compressed length, with a dictionary of
    /// this size.
    pub(crate) fn is_likely(self, dictionary: usize) -> bool {
        let max = u64::from(self.packed) * u64::from(MAX_RATIO) + dictionary as u64;
        u64::from(self.unpacked) <= max
    }

    /// True if this header and this compressed body have that checksum.
    pub(crate) fn is_whole(self, body: &[u8], sum: u32) -> bool {
        checksum(&self.bytes(), body) == sum
    }

    fn bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let words = [self.packed, self.unpacked, self.number, self.key];
        for (chunk, word) in bytes.chunks_exact_mut(4).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

/// True if these bytes begin with a key frame. Only a key frame may be the first frame of a
/// recording.
#[must_use]
pub fn begins_with_key(bytes: &[u8]) -> bool {
    let header = bytes.first_chunk().and_then(FrameHeader::decode);
    header.is_some_and(|(header, _)| header.is_key())
}

fn checksum(header: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(header);
    hasher.update(body);
    hasher.finalize()
}
