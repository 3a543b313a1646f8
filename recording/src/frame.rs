//! What stands in front of a packed body.

/// The first bytes of every frame, by which the next whole one is found behind damage.
pub(crate) const SYNC: [u8; 4] = *b"\xf5vmf";
/// Bytes in front of the packed body.
pub(crate) const HEADER_BYTES: usize = 24;
/// No body is longer, packed or not: thirty thousand domains of Xen with all their devices.
pub(crate) const MAX_BYTES: u32 = 16 << 20;
/// No body is longer than so many times its packed one, beyond what its dictionary has: each domain has
/// a uuid, which can't be packed.
const MOST_RATIO: u32 = 1_000;
/// After so many frames at most one is packed by itself.
pub(crate) const KEY_EVERY: u32 = 64;

/// The front of a frame, but for the checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// Bytes of the packed body.
    pub(crate) packed: u32,
    /// Bytes of the body.
    pub(crate) unpacked: u32,
    /// Frames count from 0 on.
    pub(crate) number: u32,
    /// The number of the key frame whose body is the dictionary of this one.
    pub(crate) key: u32,
}

impl FrameHeader {
    pub(crate) fn put(self, body: &[u8], out: &mut Vec<u8>) {
        let bytes = self.bytes();
        out.extend_from_slice(&SYNC);
        out.extend_from_slice(&bytes);
        out.extend_from_slice(&checksum(&bytes, body).to_le_bytes());
        out.extend_from_slice(body);
    }

    /// The front at the start of these bytes, and the checksum that it gives; `None` where there
    /// can't be one.
    pub(crate) fn take(bytes: &[u8; HEADER_BYTES]) -> Option<(Self, u32)> {
        let mut words = bytes.chunks_exact(4);
        if words.next() != Some(&SYNC) {
            return None;
        }
        let mut word = || {
            let mut word = [0; 4];
            word.copy_from_slice(words.next()?);
            Some(u32::from_le_bytes(word))
        };
        let front = Self {
            packed: word()?,
            unpacked: word()?,
            number: word()?,
            key: word()?,
        };
        let fits = front.packed <= MAX_BYTES && front.unpacked <= MAX_BYTES;
        fits.then_some((front, word()?))
    }

    /// Whether a body so long can come of a packed one with a dictionary of so many bytes.
    pub(crate) fn is_likely(self, dictionary: usize) -> bool {
        let most = u64::from(self.packed) * u64::from(MOST_RATIO) + dictionary as u64;
        u64::from(self.unpacked) <= most
    }

    /// Whether this front and this packed body have that checksum.
    pub(crate) fn is_whole(self, body: &[u8], sum: u32) -> bool {
        checksum(&self.bytes(), body) == sum
    }

    fn bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let words = [self.packed, self.unpacked, self.number, self.key];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

/// Whether these bytes begin with a key frame: one that a recording may begin with, behind its
/// header.
#[must_use]
pub fn begins_with_key(bytes: &[u8]) -> bool {
    let front = bytes.first_chunk().and_then(FrameHeader::take);
    front.is_some_and(|(front, _)| front.key == front.number)
}

fn checksum(front: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(front);
    hasher.update(body);
    hasher.finalize()
}
