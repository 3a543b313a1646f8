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

/// Where a buffer's pages come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// From the kernel's device: no call fails because a page moved.
    Device,
    /// Locked pages of the process. The kernel may still move one during a call, which then fails
    /// with `EFAULT`.
    Locked,
}

/// Memory for hypercalls, kept from call to call.
///
/// Xen finds a caller's memory through its page tables while it runs, and a page that the kernel
/// has just moved or unmapped makes the call fail with `EFAULT`. The kernel's device gives pages
/// that stay; where it is missing or gives too few, locked pages are what libxencall falls back to
/// as well.
#[derive(Debug)]
pub struct HypercallBuffer {
    start: NonNull<c_void>,
    mapped: NonZeroUsize,
    len: usize,
    memory: Memory,
    /// Kept open for a larger buffer: a process that gave up its privileges can't open it again.
    device: Option<File>,
}

impl HypercallBuffer {
    /// A buffer of that many zeros.
    ///
    /// # Errors
    /// There is no memory, or no more may be locked.
    pub fn new(len: usize) -> io::Result<Self> {
        Self::from_device(
            File::options().read(true).write(true).open(DEVICE).ok(),
            len,
        )
    }

    /// A buffer from the device where that gives so much, else from locked pages. Kernels 4.18 and
    /// 4.19.0 give at most 64 pages at once.
    fn from_device(device: Option<File>, len: usize) -> io::Result<Self> {
        let mapped = len.max(1).checked_next_multiple_of(PAGE_BYTES);
        let mapped = mapped
            .and_then(NonZeroUsize::new)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let of_device = device.as_ref().and_then(|device| {
            // SAFETY: a new mapping at an address of the kernel's choice, of this many bytes. The
            // mapping keeps the device open.
            unsafe { mmap(None, mapped, access, MapFlags::MAP_SHARED, device, 0) }.ok()
        });
        let (start, memory) = match of_device {
            Some(start) => (start, Memory::Device),
            None => {
                let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_LOCKED;
                // SAFETY: as above, of anonymous memory.
                let start = unsafe { mmap_anonymous(None, mapped, access, flags) }?;
                (start, Memory::Locked)
            }
        };
        let mut buffer = Self {
            start,
            mapped,
            len,
            memory,
            device,
        };
        if memory == Memory::Locked {
            // A child of a fork would share the pages until either wrote to them, and the copy
            // could be ours.
            // SAFETY: the range is the mapping just made; the advice changes what a fork does, not
            // what is there.
            unsafe { madvise(start, mapped.get(), MmapAdvise::MADV_DONTFORK) }?;
        }
        buffer.fill(0);
        Ok(buffer)
    }

    /// Where its pages come from.
    #[must_use]
    pub const fn memory(&self) -> Memory {
        self.memory
    }

    /// Where the buffer lies, as a hypercall's arguments take it.
    #[must_use]
    pub fn address(&self) -> u64 {
        // The hypervisor writes there behind the compiler's back, so the address is exposed.
        self.start.as_ptr().expose_provenance() as u64
    }

    /// Makes the buffer that many bytes long. What it holds stays; what new bytes hold is not said.
    ///
    /// # Errors
    /// As [`new`](Self::new); the buffer is then as it was.
    pub fn resize(&mut self, len: usize) -> io::Result<()> {
        if len > self.mapped.get() {
            let device = self.device.as_ref().map(File::try_clone).transpose()?;
            let mut larger = Self::from_device(device, len)?;
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

    #[test]
    fn a_device_that_gives_no_pages_leaves_locked_ones() {
        // Like the device of a kernel that gives 64 pages at most, this file refuses the mapping.
        let refuses = || File::open("/dev/null").ok();
        let mut buffer = HypercallBuffer::from_device(refuses(), 65 * PAGE_BYTES).unwrap();
        assert_eq!(buffer.memory(), Memory::Locked);
        buffer[65 * PAGE_BYTES - 1] = 7;
        buffer.resize(66 * PAGE_BYTES).unwrap();
        assert_eq!(buffer[65 * PAGE_BYTES - 1], 7);
        assert!(buffer.device.is_some(), "the device stays open for growth");
    }

    #[test]
    fn a_device_that_gives_pages_is_used() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(8 * PAGE_BYTES as u64).unwrap();
        let mut buffer = HypercallBuffer::from_device(Some(file), 100).unwrap();
        assert_eq!(buffer.memory(), Memory::Device);
        buffer[99] = 7;
        buffer.resize(8 * PAGE_BYTES).unwrap();
        assert_eq!(
            buffer.memory(),
            Memory::Device,
            "growth is from the same device"
        );
        assert_eq!(buffer.len(), 8 * PAGE_BYTES);
    }
}
