//! The Xen backend: every domain of a host, domain 0 included, by one hypercall.
//!
//! `host` finds out which Xen runs here, `source` reads the list of domains into the buffer that
//! `list` keeps, `sane` checks the first one, `row` turns an entry into a domain, `xenstore` follows
//! what that daemon tells of them, `store` keeps their names and memory, `devices` reads their NICs
//! and disks; `vcpus` and `machine` read what
//! is only read where it is asked for. `raw` keeps the bytes of a reading, `replay` makes the same
//! reading of them.
#![forbid(unsafe_code)]

mod devices;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod host;
mod incarnations;
mod learner;
mod list;
mod machine;
mod raw;
mod replay;
mod row;
mod sane;
mod source;
mod store;
mod vcpus;
mod xenstore;

use std::io::ErrorKind;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use virtmon_model::{Backend, Capabilities, Domain, Error, Needs, Result, Snapshot};
use virtmon_recording::codec::put_bytes;
use xen_sys::{HypercallBuffer, Memory, Privcmd};

use crate::devices::Devices;
use crate::incarnations::Incarnations;
use crate::learner::Learner;
use crate::machine::Machine;
pub use crate::replay::XenReplay;
use crate::source::Source;
pub use crate::source::XenPath;
use crate::store::Store;
use crate::xenstore::Mirror;

/// Marks for snapshots, no two alike in a process.
static GENERATIONS: AtomicU64 = AtomicU64::new(1);

/// How to read a Xen host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// How the list of domains is read.
    pub path: XenPath,
    /// What is read beyond it.
    pub wanted: Needs,
}

/// The domains of this Xen host.
pub struct XenBackend {
    privcmd: Privcmd,
    source: Source,
    incarnations: Incarnations,
    mirror: Mirror,
    store: Store,
    devices: Devices,
    machine: Machine,
    /// Room for one entry of the hypervisor's list.
    one: HypercallBuffer,
    hypervisor: String,
    wanted: Needs,
    /// The generation of the readings since something was learnt of the domains beyond the hypervisor's
    /// list: a snapshot that has another one may lack it.
    generation: u64,
    /// What the last sample was made of, where that is wanted.
    raw: Vec<u8>,
}

impl XenBackend {
    /// Opens the hypervisor that this domain runs on. `note` is told in one line where it is not
    /// read in the fastest way.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where there is no Xen, this is not its domain 0, or libxenctrl is asked
    /// for and not installed; [`Error::Denied`] where this user may not open the hypercall device;
    /// [`Error::UnsupportedAbi`] where this build does not know the hypervisor's interface version, or
    /// what it tells makes no sense.
    pub fn open(options: Options, note: &mut dyn FnMut(&str)) -> Result<Self> {
        let mut privcmd = host::open()?;
        let (release, extra) = privcmd
            .version()
            .map_err(|source| Error::call("xen_version", source))?;
        let mut source = Source::open(options.path, &mut privcmd, release, note)?;
        let physinfo = privcmd.physinfo().map_err(host::physinfo_failed)?;
        source.read(&mut privcmd).map_err(source::list_failed)?;
        let infos: Vec<_> = source.infos().collect();
        sane::check(&infos, physinfo.nr_cpus)?;
        Ok(Self {
            incarnations: Incarnations::default(),
            mirror: Mirror::open(),
            store: Store::default(),
            devices: Devices::open(),
            machine: Machine::new(&physinfo).map_err(|e| Error::call("mmap", e))?,
            one: HypercallBuffer::new(privcmd.abi().domaininfo_bytes)
                .map_err(|e| Error::call("mmap", e))?,
            hypervisor: format!("Xen {release}{extra}"),
            wanted: options.wanted,
            generation: GENERATIONS.fetch_add(1, Ordering::Relaxed),
            raw: Vec::new(),
            privcmd,
            source,
        })
    }

    /// Reads the hypervisor's list: the first part of a sample, by itself so that its cost can be
    /// told. Says whether some row is not as an earlier sample left it, with all that is known now.
    ///
    /// # Errors
    /// The list could not be read, or makes no sense.
    pub fn read_domains(&mut self, into: &mut Snapshot) -> Result<bool> {
        self.source
            .read(&mut self.privcmd)
            .map_err(source::list_failed)?;
        let infos = self.source.infos();
        let mut same = into.generation == self.generation && into.domains.len() == infos.len();
        let rows = into.domains.resize(infos.len());
        for (domain, info) in infos.clone().beside(rows) {
            if !row::claim(domain, &info) {
                same = false;
            }
        }
        // A second walk, because it calls nothing: all of an entry stays in registers.
        for (domain, info) in infos.beside(rows) {
            row::fill(domain, &info);
        }
        if same {
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

    /// Begins to follow the domains that are listed now, and ends it for those that are not.
    fn follow(&mut self, into: &mut Snapshot) {
        let (privcmd, infos) = (&mut self.privcmd, self.source.infos());
        let tells = privcmd.abi().tells_unique_ids();
        self.incarnations
            .give(&mut into.domains, infos, |domid| match tells {
                true => privcmd.domain_state(domid),
                false => Err(ErrorKind::Unsupported.into()),
            });
        self.mirror.follow(&into.domains);
        self.store.follow(&into.domains);
        self.devices.follow(&into.domains);
    }

    fn read_vcpus(&mut self, into: &mut Snapshot) {
        if self.wanted.raw {
            self.raw.push(self.wanted.vcpus.into());
        }
        if !self.wanted.vcpus {
            return;
        }
        for (domain, info) in into.domains.iter_mut().zip(self.source.infos()) {
            vcpus::fill(domain, info.max_vcpu_id, |domid, vcpu| {
                let info = self.privcmd.vcpu_info(domid, vcpu);
                if self.wanted.raw {
                    raw::put_vcpu(&mut self.raw, &info, self.privcmd.domctl_answer());
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
        if !self.wanted.host {
            if self.wanted.raw {
                (0..3).for_each(|_| put_bytes(&mut self.raw, &[]));
            }
            return Ok(());
        }
        let physinfo = self.privcmd.physinfo().map_err(host::physinfo_failed)?;
        machine::fill(host, &physinfo);
        if self.wanted.raw {
            let bytes = self.privcmd.abi().physinfo_bytes;
            put_bytes(&mut self.raw, &self.privcmd.sysctl_answer()[..bytes]);
        }
        let mut parts = (&[][..], &[][..]);
        match self.machine.read(&mut self.privcmd) {
            Ok(read) => parts = read,
            Err(error) => {
                let trouble = into.warnings.next_row();
                trouble.clear();
                trouble.push_str("pCPUs and nodes: ");
                trouble.push_str(&error.to_string());
            }
        }
        machine::fill_parts(host, parts.0, parts.1);
        if self.wanted.raw {
            put_bytes(&mut self.raw, parts.0);
            put_bytes(&mut self.raw, parts.1);
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
            self.source.name(),
            match self.privcmd.memory() {
                Memory::Device => "of /dev/xen/hypercall",
                Memory::Locked => "in locked memory (/dev/xen/hypercall gives none)",
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
            self.follow(into);
        }
        let (privcmd, one) = (&mut self.privcmd, &mut self.one);
        let mut still = |identity| source::is_still(privcmd, one, identity);
        let mut learn = Learner(&mut self.store, &mut self.devices);
        self.mirror.exchange(&mut learn, &mut still);
        let mut news = self.store.give(&mut into.domains, all);
        let warnings = &mut into.warnings;
        self.mirror
            .warnings(&mut |why| devices::trouble(warnings, why));
        let connected = self.mirror.is_connected();
        news |= self
            .devices
            .give(&mut into.domains, all, &mut into.warnings, connected);
        if news {
            self.generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
        }
        into.generation = self.generation;
        if self.wanted.raw {
            self.raw.clear();
            put_bytes(&mut self.raw, self.source.bytes());
        }
        self.read_vcpus(into);
        self.read_host(into)?;
        if self.wanted.raw {
            raw::put_rest(&mut self.raw, into);
        }
        Ok(())
    }

    fn host_metadata(&self) -> Vec<u8> {
        raw::host_metadata(self.privcmd.abi(), &self.hypervisor, self.capabilities())
    }

    fn raw(&self) -> &[u8] {
        &self.raw
    }

    fn calls(&self) -> Option<u64> {
        Some(self.privcmd.calls() + self.source.calls())
    }

    fn descriptor(&self) -> Option<(BorrowedFd<'_>, Instant)> {
        self.mirror.descriptor()
    }

    fn drain(&mut self, until: Instant) {
        let (privcmd, one) = (&mut self.privcmd, &mut self.one);
        let mut still = |identity| source::is_still(privcmd, one, identity);
        let mut learn = Learner(&mut self.store, &mut self.devices);
        self.mirror.drain(until, &mut learn, &mut still);
    }
}
