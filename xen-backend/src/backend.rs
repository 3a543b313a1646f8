//! The backend: one sample of a Xen host.

use std::io::ErrorKind;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use virtmon_model::{Backend, Capabilities, Domain, Error, Needs, Result, Snapshot};
use virtmon_recording::codec::put_bytes;
use xen_sys::{HypercallBuffer, Memory, Privcmd};

use crate::devices::domains::Devices;
use crate::hypervisor::host::{self, HostReader};
use crate::hypervisor::incarnations::Incarnations;
use crate::hypervisor::list_source::{self, ListSource, XenPath};
use crate::hypervisor::{detect, domain_row, sanity, vcpus};
use crate::node_updates::NodeUpdates;
use crate::recording::encode;
use crate::warning;
use crate::xenstore::domains::XenstoreDomains;
use crate::xenstore::mirror::state::Mirror;

/// Next generation of a snapshot. Each number is used once in a process.
static GENERATIONS: AtomicU64 = AtomicU64::new(1);

/// Options of the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Source of the list of domains.
    pub path: XenPath,
    /// Data to read beyond the list.
    pub needs: Needs,
}

/// Backend for the Xen host on which this program runs in domain 0.
pub struct XenBackend {
    privcmd: Privcmd,
    list: ListSource,
    incarnations: Incarnations,
    mirror: Mirror,
    xenstore_domains: XenstoreDomains,
    devices: Devices,
    host_reader: HostReader,
    /// Buffer for one entry of the hypervisor's list.
    probe_buffer: HypercallBuffer,
    hypervisor: String,
    needs: Needs,
    /// Generation of the last change of a value that is not in the hypervisor's list. The rows of a
    /// snapshot with another generation may have an older value.
    generation: u64,
    /// Raw bytes of the last sample, if they are needed.
    raw: Vec<u8>,
}

impl XenBackend {
    /// Opens the hypervisor that this domain runs on. `warn` gets one line if the list can't be read
    /// in the fastest way.
    ///
    /// # Errors
    /// - [`Error::Unavailable`]: there is no Xen, this is not domain 0, or the options name
    ///   libxenctrl and it is not installed.
    /// - [`Error::Denied`]: this user may not open the hypercall device.
    /// - [`Error::UnsupportedAbi`]: this build does not support the hypervisor's interface version,
    ///   or the first list is invalid.
    pub fn open(options: Options, warn: &mut dyn FnMut(&str)) -> Result<Self> {
        let mut privcmd = detect::open()?;
        let (release, extra) = privcmd
            .version()
            .map_err(|source| Error::call("xen_version", source))?;
        let mut list = ListSource::open(options.path, &mut privcmd, release, warn)?;
        let physinfo = privcmd.physinfo().map_err(detect::physinfo_error)?;
        list.read(&mut privcmd).map_err(list_source::list_error)?;
        let infos: Vec<_> = list.infos().collect();
        sanity::check(&infos, physinfo.nr_cpus)?;
        Ok(Self {
            incarnations: Incarnations::default(),
            mirror: Mirror::open(),
            xenstore_domains: XenstoreDomains::default(),
            devices: Devices::open(),
            host_reader: HostReader::new(&physinfo).map_err(|e| Error::call("mmap", e))?,
            probe_buffer: HypercallBuffer::new(privcmd.abi().domaininfo_bytes)
                .map_err(|e| Error::call("mmap", e))?,
            hypervisor: format!("Xen {release}{extra}"),
            needs: options.needs,
            generation: GENERATIONS.fetch_add(1, Ordering::Relaxed),
            raw: Vec::new(),
            privcmd,
            list,
        })
    }

    /// Reads the hypervisor's list: the first part of a sample. It is a function of its own so that
    /// its cost can be measured. Returns true if a row was reset, or may have an older value that is
    /// not in the list.
    ///
    /// # Errors
    /// The list could not be read, or is out of order.
    pub fn read_domains(&mut self, into: &mut Snapshot) -> Result<bool> {
        self.list
            .read(&mut self.privcmd)
            .map_err(list_source::list_error)?;
        let infos = self.list.infos();
        let mut is_same = into.generation == self.generation && into.domains.len() == infos.len();
        let rows = into.domains.resize(infos.len());
        for (domain, info) in infos.clone().zip_rows(rows) {
            if domain_row::reset_if_new(domain, &info) {
                is_same = false;
            }
        }
        // This second loop calls no function, so all of an entry stays in registers.
        for (domain, info) in infos.zip_rows(rows) {
            domain_row::fill(domain, &info);
        }
        if is_same {
            return Ok(false);
        }
        into.generation = 0;
        let ascend = |a: &Domain, b: &Domain| a.identity.id < b.identity.id;
        if !into.domains.is_sorted_by(ascend) {
            return Err(Error::UnsupportedAbi(
                "the hypervisor listed domains out of order".into(),
            ));
        }
        Ok(true)
    }

    /// Makes the domains of the last list the ones that all modules know.
    fn sync(&mut self, into: &mut Snapshot) {
        let (privcmd, infos) = (&mut self.privcmd, self.list.infos());
        let is_supported = privcmd.abi().supports_unique_ids();
        self.incarnations
            .update(&mut into.domains, infos, |domid| match is_supported {
                true => privcmd.domain_state(domid),
                false => Err(ErrorKind::Unsupported.into()),
            });
        self.mirror.sync(&into.domains);
        self.xenstore_domains.sync(&into.domains);
        self.devices.sync(&into.domains);
    }

    /// Reads xenstore and fills in its values and the devices. `all` is true if every row has to be
    /// filled.
    fn read_xenstore_and_devices(&mut self, into: &mut Snapshot, all: bool) {
        let (privcmd, probe_buffer) = (&mut self.privcmd, &mut self.probe_buffer);
        let mut is_alive = |identity| list_source::is_alive(privcmd, probe_buffer, identity);
        let mut updates = NodeUpdates {
            domains: &mut self.xenstore_domains,
            devices: &mut self.devices,
        };
        self.mirror.exchange(&mut updates, &mut is_alive);
        let mut is_changed = self.xenstore_domains.update(&mut into.domains, all);
        let warnings = &mut into.warnings;
        self.mirror
            .warnings(&mut |text| warning::push(warnings, text));
        let is_connected = self.mirror.is_connected();
        is_changed |= self
            .devices
            .update(&mut into.domains, all, warnings, is_connected);
        if is_changed {
            self.generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
        }
        into.generation = self.generation;
    }

    fn read_vcpus(&mut self, into: &mut Snapshot) {
        if self.needs.raw {
            self.raw.push(self.needs.vcpus.into());
        }
        if !self.needs.vcpus {
            return;
        }
        for (domain, info) in into.domains.iter_mut().zip(self.list.infos()) {
            vcpus::fill(domain, info.max_vcpu_id, |domid, vcpu| {
                let info = self.privcmd.vcpu_info(domid, vcpu);
                if self.needs.raw {
                    encode::put_vcpu(&mut self.raw, &info, self.privcmd.domctl_answer());
                }
                info
            });
        }
    }

    fn read_host(&mut self, into: &mut Snapshot) -> Result<()> {
        let host = &mut into.host;
        if host.hypervisor != self.hypervisor {
            host.hypervisor.clone_from(&self.hypervisor);
        }
        if !self.needs.host {
            if self.needs.raw {
                (0..3).for_each(|_| put_bytes(&mut self.raw, &[]));
            }
            return Ok(());
        }
        let physinfo = self.privcmd.physinfo().map_err(detect::physinfo_error)?;
        host::fill_physinfo(host, &physinfo);
        if self.needs.raw {
            let bytes = self.privcmd.abi().physinfo_bytes;
            put_bytes(&mut self.raw, &self.privcmd.sysctl_answer()[..bytes]);
        }
        let mut arrays = (&[][..], &[][..]);
        match self.host_reader.read(&mut self.privcmd) {
            Ok(read) => arrays = read,
            Err(error) => {
                warning::push(&mut into.warnings, format_args!("pCPUs and nodes: {error}"));
            }
        }
        host::fill_arrays(host, arrays.0, arrays.1);
        if self.needs.raw {
            put_bytes(&mut self.raw, arrays.0);
            put_bytes(&mut self.raw, arrays.1);
        }
        Ok(())
    }
}

impl Backend for XenBackend {
    fn name(&self) -> &'static str {
        "xen"
    }

    fn description(&self) -> String {
        let abi = self.privcmd.abi();
        format!(
            "{}, sysctl interface {:#x}, {} bytes a domain, listed by {}, hypercall buffers {}",
            self.hypervisor,
            abi.sysctl,
            abi.domaininfo_bytes,
            self.list.name(),
            match self.privcmd.memory() {
                Memory::Device => "of /dev/xen/hypercall",
                Memory::Locked => "in locked memory (none from /dev/xen/hypercall)",
            }
        )
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            nics: true,
            disks: true,
            vcpus: true,
        }
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        into.warnings.clear();
        let all = self.read_domains(into)?;
        if all {
            self.sync(into);
        }
        self.read_xenstore_and_devices(into, all);
        if self.needs.raw {
            self.raw.clear();
            put_bytes(&mut self.raw, self.list.bytes());
        }
        self.read_vcpus(into);
        self.read_host(into)?;
        if self.needs.raw {
            encode::put_snapshot(&mut self.raw, into);
        }
        Ok(())
    }

    fn host_metadata(&self) -> Vec<u8> {
        encode::host_metadata(self.privcmd.abi(), &self.hypervisor, self.capabilities())
    }

    fn raw(&self) -> &[u8] {
        &self.raw
    }

    fn calls(&self) -> Option<u64> {
        Some(self.privcmd.calls() + self.list.calls())
    }

    fn descriptor(&self) -> Option<(BorrowedFd<'_>, Instant)> {
        self.mirror.descriptor()
    }

    fn drain(&mut self, until: Instant) {
        let (privcmd, probe_buffer) = (&mut self.privcmd, &mut self.probe_buffer);
        let mut is_alive = |identity| list_source::is_alive(privcmd, probe_buffer, identity);
        let mut updates = NodeUpdates {
            domains: &mut self.xenstore_domains,
            devices: &mut self.devices,
        };
        self.mirror.drain(until, &mut updates, &mut is_alive);
    }
}
