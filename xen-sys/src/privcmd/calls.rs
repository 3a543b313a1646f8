//! The calls, with their arguments and decoded answers.

use std::io;

use nix::errno::Errno;

use super::{DOMCTL_BYTES, Privcmd, SYSCTL_BYTES, SYSCTL_UNION, is};
use crate::abi::{DOMCTL_VERSIONS, DomainState, PhysInfo, VcpuInfo};
use crate::bindings::{
    __HYPERVISOR_domctl, XEN_DOMCTL_getvcpuinfo, XEN_SYSCTL_getcpuinfo, XEN_SYSCTL_numainfo,
    XEN_SYSCTL_physinfo,
};
use crate::buffer::{HypercallBuffer, Memory};

/// Offsets of the domid and of the union in `struct xen_domctl`.
const DOMCTL_DOMAIN: usize = 8;
const DOMCTL_UNION: usize = 16;
/// Number of a call that the headers of the bindings do not have.
const XEN_DOMCTL_GET_DOMAIN_STATE: u32 = 0x5a;

impl Privcmd {
    /// Lists domains from domid `first` upwards into `list`, from byte `from` on, as many as fit.
    /// Returns their number (`XEN_SYSCTL_getdomaininfolist`).
    ///
    /// # Errors
    /// The error of the hypervisor.
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

    /// Reads the idle time of each pCPU, in ns, from number 0 on. It is 0 for an offline pCPU
    /// (`XEN_SYSCTL_getcpuinfo`: 8 bytes each). Returns the number of pCPUs.
    ///
    /// # Errors
    /// The error of the hypervisor.
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

    /// Reads the memory and the free memory of each NUMA node, in bytes, from number 0 on
    /// (`XEN_SYSCTL_numainfo`: two words of 8 bytes each, all ones for a node that does not exist).
    /// Returns the number of nodes.
    ///
    /// # Errors
    /// The error of the hypervisor.
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
    /// The error of the hypervisor: `ESRCH` if there is no such domain or no such vCPU.
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

    /// Reads Xen's number for this incarnation of a domain, and the domain's capabilities
    /// (`XEN_DOMCTL_get_domain_state`). This call has a stable layout with interface version 0. With
    /// a domid as its argument it consumes no notification that another program waits for.
    ///
    /// # Errors
    /// The error of the hypervisor: `EACCES` before Xen 4.21, `ENOENT` if there is no such domain.
    pub fn domain_state(&mut self, domid: u16) -> io::Result<DomainState> {
        self.argument[..DOMCTL_BYTES].fill(0);
        self.put(0, XEN_DOMCTL_GET_DOMAIN_STATE);
        self.argument[DOMCTL_DOMAIN..DOMCTL_DOMAIN + 2].copy_from_slice(&domid.to_ne_bytes());
        self.control(__HYPERVISOR_domctl, Memory::Device)?;
        DomainState::decode(&self.argument[DOMCTL_UNION..])
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Reads the host's pCPUs and memory (`XEN_SYSCTL_physinfo`).
    ///
    /// # Errors
    /// The error of the hypervisor.
    pub fn physinfo(&mut self) -> io::Result<PhysInfo> {
        self.sysctl(XEN_SYSCTL_physinfo, Memory::Device, |_| {})?;
        PhysInfo::decode(&self.argument[SYSCTL_UNION..], self.abi)
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Bytes of the union after the last sysctl call. After [`physinfo`](Self::physinfo) they are
    /// the bytes that its result was decoded from.
    #[must_use]
    pub fn sysctl_answer(&self) -> &[u8] {
        &self.argument[SYSCTL_UNION..SYSCTL_BYTES]
    }

    /// Bytes of the union after the last domctl call, such as [`vcpu_info`](Self::vcpu_info).
    #[must_use]
    pub fn domctl_answer(&self) -> &[u8] {
        &self.argument[DOMCTL_UNION..DOMCTL_BYTES]
    }
}
