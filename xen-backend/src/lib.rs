//! The Xen backend: every domain of a host, domain 0 included, by one hypercall.
//!
//! `host` finds out which Xen runs here, `list` keeps the buffer that the hypercall fills, `row`
//! turns an entry of it into a domain, `names` keeps the domains' names from xenstore, `devices`
//! reads their NICs and disks.
#![forbid(unsafe_code)]

mod devices;
mod host;
mod list;
mod names;
mod row;
mod xenstore;

use virtmon_model::{Backend, Capabilities, Error, Result, Snapshot};
use xen_sys::abi::{Abi, PAGE_BYTES, PhysInfo};
use xen_sys::{OpenError, Xenctrl};

use crate::devices::Devices;
use crate::list::DomainList;
use crate::names::Names;

/// The domains of this Xen host.
pub struct XenBackend {
    xenctrl: Xenctrl,
    abi: Abi,
    hypervisor: String,
    list: DomainList,
    names: Names,
    devices: Devices,
}

impl XenBackend {
    /// Opens the hypervisor that this domain runs on.
    ///
    /// # Errors
    /// [`Error::NotHere`] where there is no Xen, this is not its domain 0, or libxenctrl of its
    /// release is not installed; [`Error::Denied`] where this user may not open the hypercall
    /// device; [`Error::UnknownAbi`] for a release that this build does not know.
    pub fn open() -> Result<Self> {
        let running = host::running_xen()?;
        let abi = Abi::of_release(running.release).ok_or_else(|| {
            Error::UnknownAbi(format!(
                "{} runs here, and the layouts of its interface are not known: \
                 this virtmon reads Xen 4.12 to 4.22",
                running.name
            ))
        })?;
        let xenctrl = Xenctrl::open(running.release, abi).map_err(|error| match error {
            OpenError::NoLibrary { soname } => Error::NotHere(format!(
                "{} runs here, but {soname} can't be loaded: \
                 install libxenctrl of that release (Debian: libxenmisc{})",
                running.name, running.release
            )),
            OpenError::Interface(source) => Error::call("xc_interface_open", source),
        })?;
        let mut backend = Self {
            list: DomainList::new(abi.domaininfo_bytes),
            names: Names::open(),
            devices: Devices::open(),
            hypervisor: running.name,
            xenctrl,
            abi,
        };
        backend.physinfo()?;
        Ok(backend)
    }

    fn physinfo(&mut self) -> Result<Option<PhysInfo>> {
        let bytes = self
            .xenctrl
            .physinfo()
            .map_err(|source| host::refused("xc_physinfo", source))?;
        Ok(PhysInfo::decode(&bytes, self.abi))
    }
}

impl Backend for XenBackend {
    fn name(&self) -> &'static str {
        "xen"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            nics: true,
            disks: true,
            vcpus: false,
        }
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        let xenctrl = &mut self.xenctrl;
        self.list
            .read(|first, entries| xenctrl.domain_getinfolist(first, entries))
            .map_err(|source| host::refused("xc_domain_getinfolist", source))?;

        into.domains.clear();
        for info in self.list.iter() {
            row::fill(into.domains.next_row(), &info);
        }
        self.names.give(&mut into.domains);
        into.troubles.clear();
        self.devices.give(&mut into.domains, &mut into.troubles);

        let physinfo = self.physinfo()?;
        let host = &mut into.host;
        host.hypervisor.clone_from(&self.hypervisor);
        host.pcpus = physinfo.map(|info| info.nr_cpus);
        host.mem_bytes = physinfo.map(|info| info.total_pages * PAGE_BYTES);
        host.mem_free_bytes = physinfo.map(|info| info.free_pages * PAGE_BYTES);
        Ok(())
    }
}
