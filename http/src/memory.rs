//! The memory of responses, which clients decide how long to hold.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::body::Bytes;

/// Largest number of bytes of responses that are held. More are not rendered.
const MAX_HELD_BYTES: usize = 64 << 20;

/// Counts the bytes of responses, and keeps a buffer for the next one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    held: AtomicUsize,
    spare: Mutex<Vec<u8>>,
}

/// The bytes of a response, until the last connection has sent them.
struct Held {
    bytes: Vec<u8>,
    memory: Memory,
}

impl Memory {
    /// True if another response may be rendered.
    pub(crate) fn has_room(&self) -> bool {
        self.0.held.load(Ordering::Acquire) < MAX_HELD_BYTES
    }

    /// An empty buffer.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        let mut buffer = std::mem::take(&mut *self.spare());
        buffer.clear();
        buffer
    }

    /// The bytes as those of a response.
    pub(crate) fn hold(&self, bytes: Vec<u8>) -> Bytes {
        self.0.held.fetch_add(bytes.capacity(), Ordering::AcqRel);
        Bytes::from_owner(Held {
            bytes,
            memory: self.clone(),
        })
    }

    fn spare(&self) -> MutexGuard<'_, Vec<u8>> {
        // Any buffer will do.
        self.0.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let held = &self.memory.0.held;
        held.fetch_sub(self.bytes.capacity(), Ordering::AcqRel);
        let mut spare = self.memory.spare();
        if spare.capacity() < self.bytes.capacity() {
            *spare = std::mem::take(&mut self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_while_they_are_held_and_their_buffer_is_used_again() {
        let memory = Memory::default();
        let first = memory.hold(vec![1; 1 << 20]);
        let all: Vec<Bytes> = (0..63).map(|_| memory.hold(vec![1; 1 << 20])).collect();
        assert!(!memory.has_room());
        let second = first.clone();
        drop(first);
        assert!(!memory.has_room(), "another connection holds it");
        drop(second);
        assert!(memory.has_room());
        assert_eq!(memory.buffer().capacity(), 1 << 20);
        assert_eq!(memory.buffer().capacity(), 0, "there is one spare buffer");
        drop(all);
        assert_eq!(memory.0.held.load(Ordering::Acquire), 0);
    }
}
