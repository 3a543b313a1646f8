//! The Xen backend: every domain of a host, domain 0 included, by one hypercall.
//!
//! `host` finds out which Xen runs here, `source` reads the list of domains into the buffer that
//! `list` keeps, `sane` checks the first one, `row` turns an entry into a domain, `names` keeps
//! their names from xenstore; `vcpus` and `machine` read what is only read where it is asked for.
#![forbid(unsafe_code)]

mod host;
mod list;
mod machine;
mod names;
mod row;
mod sane;
mod source;
mod vcpus;
mod xenstore;

use virtmon_model::{Backend, Capabilities, Error, Result, Snapshot, Wanted};
use xen_sys::Privcmd;

use crate::machine::Machine;
use crate::names::Names;
use crate::source::Source;
pub use crate::source::XenPath;

/// How to read a Xen host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// How the list of domains is read.
    pub path: XenPath,
    /// What is read beyond it.
    pub wanted: Wanted,
}

/// The domains of this Xen host.
pub struct XenBackend {
    privcmd: Privcmd,
    source: Source,
    names: Names,
    machine: Machine,
    hypervisor: String,
    wanted: Wanted,
    /// The highest vCPU number of each domain of the last list.
    max_vcpu_ids: Vec<u32>,
}

impl XenBackend {
    /// Opens the hypervisor that this domain runs on. `note` is told in one line where it is not
    /// read in the fastest way.
    ///
    /// # Errors
    /// [`Error::NotHere`] where there is no Xen, this is not its domain 0, or libxenctrl is asked
    /// for and not installed; [`Error::Denied`] where this user may not open the hypercall device;
    /// [`Error::UnknownAbi`] where this build does not know the hypervisor's interface version, or
    /// what it tells makes no sense.
    pub fn open(options: Options, note: &mut dyn FnMut(&str)) -> Result<Self> {
        let mut privcmd = host::open()?;
        let (release, extra) = privcmd
            .version()
            .map_err(|source| Error::call("xen_version", source))?;
        let mut source = Source::open(options.path, &mut privcmd, release, note)?;
        let physinfo = privcmd.physinfo().map_err(host::physinfo_failed)?;
        source.read(&mut privcmd).map_err(source::list_failed)?;
        sane::check(&source.infos(), physinfo.nr_cpus)?;
        Ok(Self {
            names: Names::open(),
            machine: Machine::new(&physinfo).map_err(|e| Error::call("mmap", e))?,
            hypervisor: format!("Xen {release}{extra}"),
            wanted: options.wanted,
            max_vcpu_ids: Vec::new(),
            privcmd,
            source,
        })
    }

    /// How the list of domains is read: the word that `--xen-path` takes for it.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.source.name()
    }

    /// Reads the domains alone, without their names: the first part of a sample, by itself so that
    /// its cost can be told.
    ///
    /// # Errors
    /// The list could not be read, or makes no sense.
    pub fn read_domains(&mut self, into: &mut Snapshot) -> Result<()> {
        self.source
            .read(&mut self.privcmd)
            .map_err(source::list_failed)?;
        into.domains.clear();
        self.max_vcpu_ids.clear();
        let mut past_last = 0;
        let mut ascending = true;
        self.source.each(|info| {
            ascending &= u32::from(info.domain) >= past_last;
            past_last = u32::from(info.domain) + 1;
            row::fill(into.domains.next_row(), &info);
            self.max_vcpu_ids.push(info.max_vcpu_id);
        });
        if ascending {
            Ok(())
        } else {
            Err(Error::UnknownAbi(
                "the hypervisor listed domains out of order".into(),
            ))
        }
    }

    fn read_host(&mut self, into: &mut Snapshot) -> Result<()> {
        let physinfo = self.privcmd.physinfo().map_err(host::physinfo_failed)?;
        let host = &mut into.host;
        if host.hypervisor != self.hypervisor {
            host.hypervisor.clone_from(&self.hypervisor);
        }
        machine::fill(host, &physinfo);
        if self.wanted.host
            && let Err(error) = self.machine.read(&mut self.privcmd, host)
        {
            host.pcpu_idle_ns.clear();
            host.nodes.clear();
            let trouble = into.troubles.next_row();
            trouble.clear();
            trouble.push_str("pCPUs and nodes: ");
            trouble.push_str(&error.to_string());
        }
        Ok(())
    }
}

impl Backend for XenBackend {
    fn name(&self) -> &'static str {
        "xen"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            nics: false,
            disks: false,
            vcpus: true,
        }
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        into.troubles.clear();
        self.read_domains(into)?;
        self.names.give(&mut into.domains);
        if self.wanted.vcpus {
            for (domain, &max_vcpu_id) in into.domains.iter_mut().zip(&self.max_vcpu_ids) {
                vcpus::fill(domain, max_vcpu_id, &mut self.privcmd);
            }
        }
        self.read_host(into)
    }
}
