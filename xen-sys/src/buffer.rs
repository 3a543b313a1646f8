//! Memory for the arguments of hypercalls.

use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap, mmap_anonymous, munmap};
use std::ffi::c_void;

/// Device whose memory the kernel never moves during a hypercall (Linux 4.18 and later).
const DEVICE: &str = "/dev/xen/hypercall";

const PAGE_BYTES: usize = 4096;

/// Source of a buffer's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// The kernel's device. No call fails because the kernel moved a page.
    Device,
    /// Locked pages of the process. The kernel can still move a page during a call, which fails with
    /// `EFAULT` then.
    Locked,
}

/// Memory for hypercalls, kept between calls.
///
/// Xen accesses the memory of the caller through its page tables. A call fails with `EFAULT` if the
/// kernel has just moved or unmapped a page. Pages of the kernel's device never move. If the device
/// does not exist or has too few pages, locked pages are used, as in libxencall.
#[derive(Debug)]
pub struct HypercallBuffer {
    start: NonNull<c_void>,
    mapped: NonZeroUsize,
    len: usize,
    memory: Memory,
    /// The open device, for a larger buffer. A process that dropped its privileges can't open it
    /// again.
    device: Option<File>,
}

impl HypercallBuffer {
    /// A buffer of `len` zeros.
    ///
    /// # Errors
    /// There is not enough memory, or the limit of locked memory is reached.
    pub fn new(len: usize) -> io::Result<Self> {
        Self::from_device(
            File::options().read(true).write(true).open(DEVICE).ok(),
            len,
        )
    }

    /// A buffer from the device, or from locked pages if the device has too few. Kernels 4.18 and
    /// 4.19.0 map at most 64 pages at once.
    fn from_device(device: Option<File>, len: usize) -> io::Result<Self> {
        let mapped = len.max(1).checked_next_multiple_of(PAGE_BYTES);
        let mapped = mapped
            .and_then(NonZeroUsize::new)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let of_device = device.as_ref().and_then(|device| {
            // SAFETY: this is a new mapping of this many bytes at an address that the kernel chooses.
            // The mapping keeps the device open.
            unsafe { mmap(None, mapped, access, MapFlags::MAP_SHARED, device, 0) }.ok()
        });
        let (start, memory) = match of_device {
            Some(start) => (start, Memory::Device),
            None => {
                let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_LOCKED;
                // SAFETY: as above, with anonymous memory.
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
            // After a fork, parent and child would share the pages until one of them writes. The copy
            // on another page could then be that of the parent.
            // SAFETY: the range is the new mapping. The advice affects forks, not the content.
            unsafe { madvise(start, mapped.get(), MmapAdvise::MADV_DONTFORK) }?;
        }
        buffer.fill(0);
        Ok(buffer)
    }

    /// Source of the pages.
    #[must_use]
    pub const fn memory(&self) -> Memory {
        self.memory
    }

    /// Address of the buffer, for the arguments of a hypercall.
    #[must_use]
    pub fn address(&self) -> u64 {
        // The hypervisor writes to this address, which the compiler can't see, so the provenance is
        // exposed.
        self.start.as_ptr().expose_provenance() as u64
    }

    /// Sets the length of the buffer. The bytes in it stay. The values of new bytes are unspecified.
    ///
    /// # Errors
    /// As [`new`](Self::new). The buffer is unchanged then.
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
        // SAFETY: `self` owns the mapping until drop. The mapping is readable, at least `len` bytes
        // long, and was zeroed at the start. Xen writes to it only during a hypercall, which borrows
        // the buffer mutably.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for HypercallBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`. With `&mut self` there is no other reference.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().cast(), self.len) }
    }
}

impl Drop for HypercallBuffer {
    fn drop(&mut self) {
        // SAFETY: this mapping was created here with this length, and no slice of it outlives `self`.
        // If munmap fails, the mapping only stays.
        let _ = unsafe { munmap(self.start, self.mapped.get()) };
    }
}

// SAFETY: the mapping belongs to the process, and `self` is its only owner.
unsafe impl Send for HypercallBuffer {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_keeps_its_bytes_when_it_grows() {
        let mut buffer = HypercallBuffer::new(100).unwrap();
        assert_eq!(buffer.len(), 100);
        assert_eq!(buffer.address() % 4096, 0);
        assert!(buffer.iter().all(|&byte| byte == 0));
        buffer[99] = 7;
        let address = buffer.address();
        buffer.resize(4096).unwrap();
        assert_eq!(buffer.address(), address, "there was room in the page");
        buffer.resize(3 * 4096).unwrap();
        assert_eq!((buffer.len(), buffer[99], buffer[4096]), (3 * 4096, 7, 0));
        buffer.resize(50).unwrap();
        assert_eq!(buffer.len(), 50);
    }

    #[test]
    fn locked_pages_are_used_if_the_device_has_none() {
        // This file refuses the mapping, like the device of a kernel that maps 64 pages at most.
        let refuses = || File::open("/dev/null").ok();
        let mut buffer = HypercallBuffer::from_device(refuses(), 65 * PAGE_BYTES).unwrap();
        assert_eq!(buffer.memory(), Memory::Locked);
        buffer[65 * PAGE_BYTES - 1] = 7;
        buffer.resize(66 * PAGE_BYTES).unwrap();
        assert_eq!(buffer[65 * PAGE_BYTES - 1], 7);
        assert!(buffer.device.is_some(), "the device stays open for growth");
    }

    #[test]
    fn a_device_with_pages_is_used() {
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
