//! The hypervisor's control interface through the kernel's privcmd device: no Xen library at all.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::ioctl;

use crate::abi::{Abi, DOMCTL_VERSIONS, DomainState, PhysInfo, Release, VcpuInfo};
use crate::bindings::{
    __HYPERVISOR_domctl, __HYPERVISOR_sysctl, __HYPERVISOR_xen_version, XEN_DOMCTL_getvcpuinfo,
    XEN_SYSCTL_getcpuinfo, XEN_SYSCTL_getdomaininfolist, XEN_SYSCTL_numainfo, XEN_SYSCTL_physinfo,
    XENVER_extraversion, XENVER_version, privcmd_hypercall_t,
};
use crate::buffer::{HypercallBuffer, Memory};

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
    /// `XEN_DOMCTL_INTERFACE_VERSION`, once a call has found it.
    domctl: Option<u32>,
    calls: u64,
}

/// Why the hypervisor could not be asked.
#[derive(Debug)]
pub enum PrivcmdError {
    /// A call of the system failed.
    Io(io::Error),
    /// The hypervisor refuses every interface version that is known.
    UnsupportedAbi {
        /// What it calls itself.
        release: Release,
        /// What stands behind that number.
        extra: String,
    },
    /// The hypervisor's entries are not as long as this version's.
    Stride {
        /// The version that it accepts.
        abi: Abi,
        /// How many bytes it wrote for one domain.
        written: usize,
    },
}

impl From<io::Error> for PrivcmdError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Size of `struct xen_sysctl`, and where its union begins: the same in every version.
const SYSCTL_BYTES: usize = 136;
const SYSCTL_UNION: usize = 8;
/// The same of `struct xen_domctl`, and where the domid is.
const DOMCTL_BYTES: usize = 144;
const DOMCTL_DOMAIN: usize = 8;
const DOMCTL_UNION: usize = 16;
/// How often a call is made whose buffers may move (`do_domctl_retry_efault` of libxenctrl: two more
/// tries).
const EFAULT_TRIES: u32 = 3;
/// Newer than the headers that Debian has.
const XEN_DOMCTL_GET_DOMAIN_STATE: u32 = 0x5a;

impl Privcmd {
    /// Takes the open hypercall device and finds out which interface version the hypervisor
    /// speaks: it refuses every other with `EACCES`, so the versions that are known are tried with
    /// a cheap call. Then it lists one domain, to see that an entry is as long as that version has
    /// it: a wrong length would be refused by nobody, and read as garbage.
    ///
    /// # Errors
    /// This is not the control domain (`EPERM`), no version fits, or the length is another.
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

    /// How many bytes the hypervisor writes for one domain.
    ///
    /// The same domain is listed twice over different fillings. What the hypervisor wrote last is
    /// the last byte that is the same both times: it ends with fields that do not change.
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

    /// Where the memory of its calls comes from.
    #[must_use]
    pub const fn memory(&self) -> Memory {
        self.argument.memory()
    }

    /// The interface version that the hypervisor speaks.
    #[must_use]
    pub const fn abi(&self) -> Abi {
        self.abi
    }

    /// Hypercalls that were made, refused ones too.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
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
        let room = list.len().saturating_sub(from) / self.abi.domaininfo_bytes;
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        self.list(first, room, list.address() + from as u64, list.memory())
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

    /// Reads for each pCPU, from number 0 on, the time in ns that it was idle, and 0 for one that
    /// is offline (`XEN_SYSCTL_getcpuinfo`: 8 bytes each). Returns how many there are.
    ///
    /// # Errors
    /// What the hypervisor answers.
    pub fn cpu_idle(&mut self, times: &mut HypercallBuffer) -> io::Result<usize> {
        let room = u32::try_from(times.len() / 8).unwrap_or(u32::MAX);
        let address = times.address();
        self.sysctl(XEN_SYSCTL_getcpuinfo, times.memory(), |argument| {
            argument[0..4].copy_from_slice(&room.to_ne_bytes());
            argument[8..16].copy_from_slice(&address.to_ne_bytes());
        })?;
        let pcpus = self.answer(SYSCTL_UNION + 16).min(room);
        Ok(usize::try_from(pcpus).unwrap_or(usize::MAX))
    }

    /// Reads for each NUMA node, from number 0 on, its memory and how much of it is free, in bytes
    /// (`XEN_SYSCTL_numainfo`: two words of 8 bytes each, all ones for a node that is not there).
    /// Returns how many there are.
    ///
    /// # Errors
    /// What the hypervisor answers.
    pub fn node_memory(&mut self, nodes: &mut HypercallBuffer) -> io::Result<usize> {
        let room = u32::try_from(nodes.len() / 16).unwrap_or(u32::MAX);
        let address = nodes.address();
        self.sysctl(XEN_SYSCTL_numainfo, nodes.memory(), |argument| {
            argument[0..4].copy_from_slice(&room.to_ne_bytes());
            argument[8..16].copy_from_slice(&address.to_ne_bytes());
        })?;
        let nodes = self.answer(SYSCTL_UNION).min(room);
        Ok(usize::try_from(nodes).unwrap_or(usize::MAX))
    }

    /// Reads one vCPU (`XEN_DOMCTL_getvcpuinfo`).
    ///
    /// # Errors
    /// What the hypervisor answers: `ESRCH` where there is no such domain, or no such vCPU.
    pub fn vcpu_info(&mut self, domid: u16, vcpu: u32) -> io::Result<VcpuInfo> {
        let mut versions = DOMCTL_VERSIONS;
        loop {
            let version = self.domctl.or_else(|| versions.next());
            let version = version.ok_or(io::ErrorKind::Unsupported)?;
            self.argument[..DOMCTL_BYTES].fill(0);
            self.put(0, XEN_DOMCTL_getvcpuinfo);
            self.put(4, version);
            self.argument[DOMCTL_DOMAIN..DOMCTL_DOMAIN + 2].copy_from_slice(&domid.to_ne_bytes());
            self.put(DOMCTL_UNION, vcpu);
            match self.control(__HYPERVISOR_domctl, Memory::Device) {
                Ok(_) => {
                    self.domctl = Some(version);
                    return VcpuInfo::decode(&self.argument[DOMCTL_UNION..])
                        .ok_or_else(|| io::ErrorKind::InvalidData.into());
                }
                Err(error) if self.domctl.is_none() && is(&error, Errno::EACCES) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads the number that Xen gives to this life of a domain, and what it may do
    /// (`XEN_DOMCTL_get_domain_state`). This call is stable: it takes interface version
    /// 0, and asked for a domid it takes no notice from anybody.
    ///
    /// # Errors
    /// What the hypervisor answers: `EACCES` before Xen 4.21, `ENOENT` where there is no such
    /// domain.
    pub fn domain_state(&mut self, domid: u16) -> io::Result<DomainState> {
        self.argument[..DOMCTL_BYTES].fill(0);
        self.put(0, XEN_DOMCTL_GET_DOMAIN_STATE);
        self.argument[DOMCTL_DOMAIN..DOMCTL_DOMAIN + 2].copy_from_slice(&domid.to_ne_bytes());
        self.control(__HYPERVISOR_domctl, Memory::Device)?;
        DomainState::decode(&self.argument[DOMCTL_UNION..])
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Reads `XEN_SYSCTL_physinfo`.
    ///
    /// # Errors
    /// What the hypervisor answers.
    pub fn physinfo(&mut self) -> io::Result<PhysInfo> {
        self.sysctl(XEN_SYSCTL_physinfo, Memory::Device, |_| {})?;
        PhysInfo::decode(&self.argument[SYSCTL_UNION..], self.abi)
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The bytes that the last sysctl call left in its union: after [`physinfo`](Self::physinfo),
    /// those that it was decoded from.
    #[must_use]
    pub fn sysctl_answer(&self) -> &[u8] {
        &self.argument[SYSCTL_UNION..SYSCTL_BYTES]
    }

    /// The same of the last domctl call: after [`vcpu_info`](Self::vcpu_info).
    #[must_use]
    pub fn domctl_answer(&self) -> &[u8] {
        &self.argument[DOMCTL_UNION..DOMCTL_BYTES]
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
    /// afterwards. `memory` is that of the buffer which the argument names, if it names one.
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

    /// Makes a sysctl or domctl call. All that virtmon makes only read, so one that failed because a
    /// page moved can be made again.
    fn control(&mut self, number: u32, memory: Memory) -> io::Result<()> {
        let moves = [memory, self.argument.memory()].contains(&Memory::Locked);
        let tries = if moves { EFAULT_TRIES } else { 1 };
        retried(tries, || self.hypercall(number, self.argument.address(), 0))?;
        Ok(())
    }

    /// Makes a hypercall that only reads: nothing in this crate asks for one that changes anything.
    fn hypercall(&mut self, number: u32, first: u64, second: u64) -> io::Result<i32> {
        self.calls += 1;
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

/// Calls until that does not fail with `EFAULT`, so many times at most.
fn retried<T>(tries: u32, mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
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

    /// What comes of a call that fails so many times, and how often it was made.
    fn after(tries: u32, failures: u32, errno: Errno) -> (Option<i32>, u32) {
        let mut calls = 0;
        let done = retried(tries, || {
            calls += 1;
            match calls > failures {
                true => Ok(()),
                false => Err(errno.into()),
            }
        });
        (done.err().and_then(|error| error.raw_os_error()), calls)
    }

    #[test]
    fn a_call_whose_page_moved_is_made_again_twice() {
        assert_eq!(after(EFAULT_TRIES, 0, Errno::EFAULT), (None, 1));
        assert_eq!(after(EFAULT_TRIES, 2, Errno::EFAULT), (None, 3));
        let fault = Some(Errno::EFAULT as i32);
        assert_eq!(after(EFAULT_TRIES, 9, Errno::EFAULT), (fault, 3));
        assert_eq!(after(1, 1, Errno::EFAULT), (fault, 1), "pages that stay");
        let other = Some(Errno::EPERM as i32);
        assert_eq!(after(EFAULT_TRIES, 9, Errno::EPERM), (other, 1));
    }
}
