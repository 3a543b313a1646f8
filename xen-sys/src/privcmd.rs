//! The hypervisor's control interface through the kernel's privcmd device: no Xen library at all.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::ioctl;

use crate::abi::{Abi, PhysInfo, Release};
use crate::bindings::{
    __HYPERVISOR_sysctl, __HYPERVISOR_xen_version, XEN_SYSCTL_getdomaininfolist,
    XEN_SYSCTL_physinfo, XENVER_extraversion, XENVER_version, privcmd_hypercall_t,
};
use crate::buffer::HypercallBuffer;

nix::ioctl_readwrite_bad!(
    /// `IOCTL_PRIVCMD_HYPERCALL` of `xen/sys/privcmd.h`.
    privcmd_hypercall,
    nix::ioc!(ioctl::NONE, b'P', 0, size_of::<privcmd_hypercall_t>()),
    privcmd_hypercall_t
);

/// The hypervisor, asked through privcmd.
pub struct Privcmd {
    device: File,
    /// Holds the argument of a call; the kernel hands the hypervisor its address.
    argument: HypercallBuffer,
    abi: Abi,
}

/// Why the hypervisor could not be asked.
#[derive(Debug)]
pub enum PrivcmdError {
    /// A call of the system failed.
    Io(io::Error),
    /// The hypervisor refuses every interface version that is known.
    UnknownAbi,
}

impl From<io::Error> for PrivcmdError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Size of `struct xen_sysctl`, and where its union begins: the same in every version.
const SYSCTL_BYTES: usize = 136;
const UNION: usize = 8;

impl Privcmd {
    /// Opens the device and finds out which interface version the hypervisor speaks: it refuses
    /// every other with `EACCES`, so the versions that are known are tried with a cheap call.
    ///
    /// # Errors
    /// The device can't be opened, this is not the control domain (`EPERM`), or no version fits.
    pub fn open(device: File) -> Result<Self, PrivcmdError> {
        let mut privcmd = Self {
            device,
            argument: HypercallBuffer::new(SYSCTL_BYTES)?,
            abi: Abi::ALL[0],
        };
        for abi in Abi::ALL {
            privcmd.abi = abi;
            match privcmd.physinfo() {
                Ok(_) => return Ok(privcmd),
                Err(error) if error.raw_os_error() == Some(Errno::EACCES as i32) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(PrivcmdError::UnknownAbi)
    }

    /// The interface version that the hypervisor speaks.
    #[must_use]
    pub const fn abi(&self) -> Abi {
        self.abi
    }

    /// Lists domains from domid `first` upwards into `list`, from byte `from` on, as many as there
    /// is room for, and returns how many there were (`XEN_SYSCTL_getdomaininfolist`).
    ///
    /// # Errors
    /// What the hypervisor answers.
    pub fn domain_getinfolist(
        &mut self,
        first: u32,
        list: &mut HypercallBuffer,
        from: usize,
    ) -> io::Result<usize> {
        // Domids end at 0x7ff0.
        let Ok(first) = u16::try_from(first) else {
            return Ok(0);
        };
        let room = list.len().saturating_sub(from) / self.abi.domaininfo_bytes;
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        let address = list.address() + from as u64;
        self.sysctl(XEN_SYSCTL_getdomaininfolist, |argument| {
            argument[0..2].copy_from_slice(&first.to_ne_bytes());
            argument[4..8].copy_from_slice(&room.to_ne_bytes());
            argument[8..16].copy_from_slice(&address.to_ne_bytes());
        })?;
        let mut listed = [0; 4];
        listed.copy_from_slice(&self.argument[UNION + 16..UNION + 20]);
        Ok(usize::try_from(u32::from_ne_bytes(listed).min(room)).unwrap_or(usize::MAX))
    }

    /// Reads `XEN_SYSCTL_physinfo`.
    ///
    /// # Errors
    /// What the hypervisor answers.
    pub fn physinfo(&mut self) -> io::Result<PhysInfo> {
        self.sysctl(XEN_SYSCTL_physinfo, |_| {})?;
        PhysInfo::decode(&self.argument[UNION..], self.abi)
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Which Xen this is, and what stands behind its number (`.5`, `.5-pre`).
    ///
    /// # Errors
    /// What the hypervisor answers.
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

    /// Makes a sysctl call: `fill` writes its part of the union, and the argument holds the answer
    /// afterwards.
    fn sysctl(&mut self, command: u32, fill: impl FnOnce(&mut [u8])) -> io::Result<()> {
        self.argument.fill(0);
        self.argument[0..4].copy_from_slice(&command.to_ne_bytes());
        self.argument[4..8].copy_from_slice(&self.abi.sysctl.to_ne_bytes());
        fill(&mut self.argument[UNION..]);
        let address = self.argument.address();
        self.hypercall(__HYPERVISOR_sysctl, address, 0)?;
        Ok(())
    }

    /// Makes a hypercall that only reads: nothing in this crate asks for one that changes anything.
    fn hypercall(&mut self, number: u32, first: u64, second: u64) -> io::Result<i32> {
        let mut call = privcmd_hypercall_t {
            op: number.into(),
            arg: [first, second, 0, 0, 0],
        };
        // SAFETY: the kernel reads `call`, which is what this request takes. The hypervisor writes
        // to the argument, and for a list to the buffer that it names: both are hypercall buffers,
        // alive and borrowed mutably by the caller, and it is told how much room there is.
        let answer = unsafe { privcmd_hypercall(self.device.as_raw_fd(), &raw mut call) }?;
        Ok(answer)
    }
}
