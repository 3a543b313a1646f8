//! The control interface of the hypervisor, through the kernel's privcmd device and without a Xen
//! library.

mod calls;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::ioctl;

use crate::abi::{Abi, Release};
use crate::bindings::{
    __HYPERVISOR_sysctl, __HYPERVISOR_xen_version, XEN_SYSCTL_getdomaininfolist,
    XENVER_extraversion, XENVER_version, privcmd_hypercall_t,
};
use crate::buffer::{HypercallBuffer, Memory};

nix::ioctl_readwrite_bad!(
    /// `IOCTL_PRIVCMD_HYPERCALL` of `xen/sys/privcmd.h`.
    privcmd_hypercall,
    nix::ioc!(ioctl::NONE, b'P', 0, size_of::<privcmd_hypercall_t>()),
    privcmd_hypercall_t
);

/// The open privcmd device.
pub struct Privcmd {
    device: File,
    /// Argument of a call. The kernel passes its address to the hypervisor.
    argument: HypercallBuffer,
    abi: Abi,
    /// `XEN_DOMCTL_INTERFACE_VERSION`, after a call has found it.
    domctl: Option<u32>,
    calls: u64,
}

/// Reason why the hypervisor can't be used.
#[derive(Debug)]
pub enum PrivcmdError {
    /// A system call failed.
    Io(io::Error),
    /// The hypervisor refuses every supported interface version.
    UnsupportedAbi {
        /// Release of the hypervisor.
        release: Release,
        /// Text after the number of the release.
        extra: String,
    },
    /// The length of the hypervisor's entries is not that of the interface version.
    Stride {
        /// Interface version that the hypervisor accepts.
        abi: Abi,
        /// Number of bytes that it writes for one domain.
        written: usize,
    },
}

impl From<io::Error> for PrivcmdError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Size of `struct xen_sysctl`, and offset of its union. They are the same in every version.
const SYSCTL_BYTES: usize = 136;
const SYSCTL_UNION: usize = 8;
/// Size of `struct xen_domctl`, which is the same in every version.
const DOMCTL_BYTES: usize = 144;
/// Number of attempts of a call whose buffers can move (`do_domctl_retry_efault` of libxenctrl makes
/// two more attempts).
const EFAULT_TRIES: u32 = 3;

impl Privcmd {
    /// Takes the open hypercall device and finds the interface version of the hypervisor.
    ///
    /// The hypervisor refuses every other version with `EACCES`, so the supported versions are tried
    /// with a cheap call. Then one domain is listed, to check that an entry has the length of that
    /// version. Nothing else would detect a wrong length, and all values would be wrong.
    ///
    /// # Errors
    /// This is not the control domain (`EPERM`), no version is accepted, or the length differs.
    pub fn open(device: File) -> Result<Self, PrivcmdError> {
        let mut privcmd = Self {
            device,
            argument: HypercallBuffer::new(DOMCTL_BYTES)?,
            abi: Abi::ALL[0],
            domctl: None,
            calls: 0,
        };
        for abi in Abi::ALL {
            privcmd.abi = abi;
            match privcmd.physinfo() {
                Ok(_) => {
                    let written = privcmd.entry_bytes()?;
                    return if written == abi.domaininfo_bytes {
                        Ok(privcmd)
                    } else {
                        Err(PrivcmdError::Stride { abi, written })
                    };
                }
                Err(error) if is(&error, Errno::EACCES) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let (release, extra) = privcmd.version()?;
        Err(PrivcmdError::UnsupportedAbi { release, extra })
    }

    /// Number of bytes that the hypervisor writes for one domain.
    ///
    /// The same domain is listed twice, into buffers with different fillings. The last byte that the
    /// hypervisor wrote is the last byte that is equal in both: the entry ends with fields that do
    /// not change.
    fn entry_bytes(&mut self) -> io::Result<usize> {
        let mut buffer = HypercallBuffer::new(256)?;
        let mut listed = [[0; 256]; 2];
        for (filling, entry) in [0x55, 0xaa].into_iter().zip(&mut listed) {
            buffer.fill(filling);
            if self.list(0, 1, buffer.address(), buffer.memory())? != 1 {
                return Ok(0);
            }
            entry.copy_from_slice(&buffer);
        }
        let [first, second] = listed;
        let last = first.iter().zip(&second).rposition(|(a, b)| a == b);
        Ok(last.map_or(0, |last| last + 1))
    }

    /// Source of the memory for the arguments of calls.
    #[must_use]
    pub const fn memory(&self) -> Memory {
        self.argument.memory()
    }

    /// The interface version of the hypervisor.
    #[must_use]
    pub const fn abi(&self) -> Abi {
        self.abi
    }

    /// Number of hypercalls made, with failed ones.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    fn list(&mut self, first: u32, room: u32, address: u64, memory: Memory) -> io::Result<usize> {
        // Domids end at 0x7ff0.
        let Ok(first) = u16::try_from(first) else {
            return Ok(0);
        };
        self.sysctl(XEN_SYSCTL_getdomaininfolist, memory, |argument| {
            argument[0..2].copy_from_slice(&first.to_ne_bytes());
            argument[4..8].copy_from_slice(&room.to_ne_bytes());
            argument[8..16].copy_from_slice(&address.to_ne_bytes());
        })?;
        let listed = self.answer(SYSCTL_UNION + 16).min(room);
        Ok(usize::try_from(listed).unwrap_or(usize::MAX))
    }

    /// Release of the hypervisor, and the text after its number (`.5`, `.5-pre`).
    ///
    /// # Errors
    /// The error of the hypervisor.
    pub fn version(&mut self) -> io::Result<(Release, String)> {
        let number = self.hypercall(__HYPERVISOR_xen_version, XENVER_version.into(), 0)?;
        let [minor, major] =
            [number & 0xffff, number >> 16].map(|part| u16::try_from(part).unwrap_or(u16::MAX));
        self.argument.fill(0);
        let address = self.argument.address();
        self.hypercall(
            __HYPERVISOR_xen_version,
            XENVER_extraversion.into(),
            address,
        )?;
        // `xen_extraversion_t` is 16 bytes.
        let extra = self.argument[..16].split(|&byte| byte == 0).next();
        let extra = String::from_utf8_lossy(extra.unwrap_or_default());
        Ok((Release { major, minor }, extra.into_owned()))
    }

    /// Makes a sysctl call. `fill` writes the union of the argument, which contains the answer
    /// afterwards. `memory` is the source of the buffer that the argument points to, if any.
    fn sysctl(
        &mut self,
        command: u32,
        memory: Memory,
        fill: impl FnOnce(&mut [u8]),
    ) -> io::Result<()> {
        self.argument[..SYSCTL_BYTES].fill(0);
        self.put(0, command);
        self.put(4, self.abi.sysctl);
        fill(&mut self.argument[SYSCTL_UNION..]);
        self.control(__HYPERVISOR_sysctl, memory)?;
        Ok(())
    }

    fn put(&mut self, at: usize, word: u32) {
        self.argument[at..at + 4].copy_from_slice(&word.to_ne_bytes());
    }

    fn answer(&self, at: usize) -> u32 {
        let mut word = [0; 4];
        word.copy_from_slice(&self.argument[at..at + 4]);
        u32::from_ne_bytes(word)
    }

    /// Makes a sysctl or domctl call. All calls of this crate only read, so a call that failed
    /// because a page moved can be made again.
    fn control(&mut self, number: u32, memory: Memory) -> io::Result<()> {
        let can_move = [memory, self.argument.memory()].contains(&Memory::Locked);
        let tries = if can_move { EFAULT_TRIES } else { 1 };
        retry_efault(tries, || self.hypercall(number, self.argument.address(), 0))?;
        Ok(())
    }

    /// Makes a hypercall. All hypercalls of this crate only read.
    fn hypercall(&mut self, number: u32, first: u64, second: u64) -> io::Result<i32> {
        self.calls += 1;
        let mut call = privcmd_hypercall_t {
            op: number.into(),
            arg: [first, second, 0, 0, 0],
        };
        // SAFETY: the kernel reads `call`, which is the type of this request. The hypervisor writes
        // to the argument and, for a list, to the buffer that the argument points to. Both are
        // hypercall buffers that are alive and mutably borrowed by the caller, and the argument has
        // the length of the list's buffer.
        let answer = unsafe { privcmd_hypercall(self.device.as_raw_fd(), &raw mut call) }?;
        Ok(answer)
    }
}

/// Repeats a call while it fails with `EFAULT`, up to `tries` attempts in total.
fn retry_efault<T>(tries: u32, mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..tries {
        match call() {
            Err(error) if is(&error, Errno::EFAULT) => {}
            done => return done,
        }
    }
    call()
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Error and number of attempts of a call that fails `failures` times.
    fn attempt(tries: u32, failures: u32, errno: Errno) -> (Option<i32>, u32) {
        let mut calls = 0;
        let done = retry_efault(tries, || {
            calls += 1;
            match calls > failures {
                true => Ok(()),
                false => Err(errno.into()),
            }
        });
        (done.err().and_then(|error| error.raw_os_error()), calls)
    }

    #[test]
    fn a_call_whose_page_moved_is_repeated_twice() {
        assert_eq!(attempt(EFAULT_TRIES, 0, Errno::EFAULT), (None, 1));
        assert_eq!(attempt(EFAULT_TRIES, 2, Errno::EFAULT), (None, 3));
        let fault = Some(Errno::EFAULT as i32);
        assert_eq!(attempt(EFAULT_TRIES, 9, Errno::EFAULT), (fault, 3));
        assert_eq!(
            attempt(1, 1, Errno::EFAULT),
            (fault, 1),
            "pages that can't move"
        );
        let other = Some(Errno::EPERM as i32);
        assert_eq!(attempt(EFAULT_TRIES, 9, Errno::EPERM), (other, 1));
    }
}
