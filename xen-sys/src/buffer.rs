//! Memory that the hypervisor may read and write during a hypercall.

use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap, mmap_anonymous, munmap};
use std::ffi::c_void;

/// The device whose memory never moves under a hypercall (Linux 4.18 and later).
const DEVICE: &str = "/dev/xen/hypercall";

const PAGE_BYTES: usize = 4096;

/// Memory for hypercalls, kept from call to call.
///
/// Xen finds a caller's memory through its page tables while it runs, and a page that the kernel
/// has just moved or unmapped makes the call fail with `EFAULT`. The kernel's device gives pages
/// that stay; where it is missing, locked pages are what libxencall falls back to as well.
#[derive(Debug)]
pub struct HypercallBuffer {
    start: NonNull<c_void>,
    mapped: NonZeroUsize,
    len: usize,
}

impl HypercallBuffer {
    /// A buffer of that many zeros.
    ///
    /// # Errors
    /// There is no memory, or no more may be locked.
    pub fn new(len: usize) -> io::Result<Self> {
        let mapped = len.max(1).checked_next_multiple_of(PAGE_BYTES);
        let mapped = mapped
            .and_then(NonZeroUsize::new)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let device = File::options().read(true).write(true).open(DEVICE);
        let start = match device {
            // SAFETY: a new mapping at an address of the kernel's choice, of this many bytes. The
            // mapping keeps the device open.
            Ok(device) => unsafe { mmap(None, mapped, access, MapFlags::MAP_SHARED, device, 0) }?,
            Err(_) => {
                let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_LOCKED;
                // SAFETY: as above, of anonymous memory.
                let start = unsafe { mmap_anonymous(None, mapped, access, flags) }?;
                // A child of a fork would share the pages until either wrote to them, and the
                // copy could be ours.
                // SAFETY: the range is the mapping just made; the advice changes what a fork
                // does, not what is there.
                unsafe { madvise(start, mapped.get(), MmapAdvise::MADV_DONTFORK) }?;
                start
            }
        };
        let mut buffer = Self { start, mapped, len };
        buffer.fill(0);
        Ok(buffer)
    }

    /// Where the buffer lies, as a hypercall's arguments take it.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.start.as_ptr().addr() as u64
    }

    /// Makes the buffer that many bytes long. What it holds stays; what new bytes hold is not said.
    ///
    /// # Errors
    /// As [`new`](Self::new); the buffer is then as it was.
    pub fn resize(&mut self, len: usize) -> io::Result<()> {
        if len > self.mapped.get() {
            let mut larger = Self::new(len)?;
            larger[..self.len].copy_from_slice(self);
            *self = larger;
        }
        self.len = len;
        Ok(())
    }
}

impl Deref for HypercallBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping is ours until drop, readable, at least `len` bytes long, and zeroed
        // at the start. Xen writes to it only during a hypercall, which takes `&mut self`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for HypercallBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`; and `&mut self` says that nobody else reads it.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().cast(), self.len) }
    }
}

impl Drop for HypercallBuffer {
    fn drop(&mut self) {
        // SAFETY: this mapping was made here with this length, and no slice of it outlives `self`.
        // A mapping that can't be undone only stays.
        let _ = unsafe { munmap(self.start, self.mapped.get()) };
    }
}

// SAFETY: the mapping belongs to the process, and `self` is its only owner.
unsafe impl Send for HypercallBuffer {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_keeps_what_it_holds_when_it_grows() {
        let mut buffer = HypercallBuffer::new(100).unwrap();
        assert_eq!(buffer.len(), 100);
        assert_eq!(buffer.address() % 4096, 0);
        assert!(buffer.iter().all(|&byte| byte == 0));
        buffer[99] = 7;
        let place = buffer.address();
        buffer.resize(4096).unwrap();
        assert_eq!(buffer.address(), place, "there was room in the page");
        buffer.resize(3 * 4096).unwrap();
        assert_eq!((buffer.len(), buffer[99], buffer[4096]), (3 * 4096, 7, 0));
        buffer.resize(50).unwrap();
        assert_eq!(buffer.len(), 50);
    }
}
