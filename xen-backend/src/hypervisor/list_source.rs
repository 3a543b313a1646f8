//! Source of the list of domains: the hypercall itself, or libxenctrl as the reference.

use std::io;

use virtmon_model::{Error, Identity, Result};
use xen_sys::abi::{Abi, DomainInfo, Release};
use xen_sys::{HypercallBuffer, OpenError, Privcmd, Xenctrl};

use super::detect;
use super::domain_list::{DomainInfos, DomainList};

/// Choice of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum XenPath {
    /// The privcmd device. If libxenctrl is installed, the first lists of both are compared, and
    /// libxenctrl is used if they differ.
    #[default]
    Auto,
    /// libxenctrl.
    Libxenctrl,
    /// The kernel's privcmd device, into a buffer that is kept. No library is used.
    Privcmd,
}

/// An open source, with its last list.
pub(crate) enum ListSource {
    Privcmd(DomainList<HypercallBuffer>),
    Libxenctrl(Box<Xenctrl>, DomainList<Vec<u8>>),
}

impl ListSource {
    /// Opens a source. `warn` is called if `Auto` does not choose privcmd.
    pub(crate) fn open(
        path: XenPath,
        privcmd: &mut Privcmd,
        release: Release,
        warn: &mut dyn FnMut(&str),
    ) -> Result<Self> {
        let abi = privcmd.abi();
        let direct = || -> Result<Self> {
            let buffer = HypercallBuffer::new(0).map_err(|e| Error::call("mmap", e))?;
            Ok(Self::Privcmd(DomainList::new(buffer, abi.domaininfo_bytes)))
        };
        match path {
            XenPath::Privcmd => direct(),
            XenPath::Libxenctrl => Self::libxenctrl(release, abi),
            XenPath::Auto => {
                // Without the library there is no comparison. The version and the length of the
                // entries were checked with the hypervisor itself.
                let Ok(mut reference) = Self::libxenctrl(release, abi) else {
                    return direct();
                };
                let mut direct = direct()?;
                reference.read(privcmd).map_err(list_error)?;
                direct.read(privcmd).map_err(list_error)?;
                let lists = [&reference, &direct];
                let [earlier, later] = lists.map(|list| list.infos().collect::<Vec<_>>());
                if agree(&earlier, &later) {
                    return Ok(direct);
                }
                warn(
                    "libxenctrl and the direct hypercall list different domains: \
                     using libxenctrl",
                );
                Ok(reference)
            }
        }
    }

    fn libxenctrl(release: Release, abi: Abi) -> Result<Self> {
        let xenctrl = Xenctrl::open(release, abi).map_err(|error| match error {
            OpenError::NoLibrary { soname } => Error::Unavailable(format!(
                "{soname} of the running Xen {release} can't be loaded: install it (Debian: \
                 libxenmisc{release}), or use --xen-path privcmd"
            )),
            OpenError::Interface(source) => Error::call("xc_interface_open", source),
        })?;
        let list = DomainList::new(Vec::new(), abi.domaininfo_bytes);
        Ok(Self::Libxenctrl(Box::new(xenctrl), list))
    }

    /// Reads the list.
    pub(crate) fn read(&mut self, privcmd: &mut Privcmd) -> io::Result<()> {
        match self {
            Self::Privcmd(list) => {
                list.read(|first, buffer, from| privcmd.domain_getinfolist(first, buffer, from))
            }
            Self::Libxenctrl(xenctrl, list) => list
                .read(|first, buffer, from| xenctrl.domain_getinfolist(first, &mut buffer[from..])),
        }
    }

    /// The domains of the last list, in ascending order of domid.
    pub(crate) fn infos(&self) -> DomainInfos<'_> {
        match self {
            Self::Privcmd(list) => list.iter(),
            Self::Libxenctrl(_, list) => list.iter(),
        }
    }

    /// Number of hypercalls that were not made through [`Privcmd`].
    pub(crate) const fn calls(&self) -> u64 {
        match self {
            Self::Privcmd(_) => 0,
            Self::Libxenctrl(xenctrl, _) => xenctrl.calls(),
        }
    }

    /// The raw bytes of the last list.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Privcmd(list) => list.bytes(),
            Self::Libxenctrl(_, list) => list.bytes(),
        }
    }

    /// The value of `--xen-path` for this source.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Privcmd(_) => "privcmd",
            Self::Libxenctrl(..) => "libxenctrl",
        }
    }
}

/// True if this incarnation of a domain exists now. The function reads one entry of the list. If that
/// fails, the result is true, and the next list shows it.
pub(crate) fn is_alive(
    privcmd: &mut Privcmd,
    probe_buffer: &mut HypercallBuffer,
    identity: Identity,
) -> bool {
    let listed = privcmd.domain_getinfolist(identity.id, probe_buffer, 0);
    let is_same = |info: DomainInfo| {
        u32::from(info.domain) == identity.id && info.handle == *identity.uuid.as_bytes()
    };
    listed.map_or(true, |listed| {
        listed > 0 && DomainInfo::decode(probe_buffer).is_some_and(is_same)
    })
}

/// The error of a failed list.
pub(crate) fn list_error(source: io::Error) -> Error {
    detect::call_error("XEN_SYSCTL_getdomaininfolist", source)
}

/// Limit by which CPU time may run backwards. Each pCPU computes the time of a running vCPU with its
/// own clock, and these clocks differ (`vcpu_runstate_get`): by at most 1.2 ms on an emulated Xen.
const MAX_SKEW_NS: u64 = 100_000_000;

/// True if two lists, `earlier` read just before `later`, are consistent: every domain in both has
/// the same uuid and the same limit of memory, and its CPU time did not run backwards. A domain may
/// have appeared or disappeared in between.
fn agree(earlier: &[DomainInfo], later: &[DomainInfo]) -> bool {
    let mut common = 0;
    // Both are in ascending order of domid.
    let mut new_ones = later.iter().peekable();
    for old in earlier {
        while new_ones.next_if(|new| new.domain < old.domain).is_some() {}
        let Some(new) = new_ones.next_if(|new| new.domain == old.domain) else {
            continue;
        };
        let is_consistent = new.handle == old.handle
            && new.max_pages == old.max_pages
            && new.cpu_time.saturating_add(MAX_SKEW_NS) >= old.cpu_time;
        if !is_consistent {
            return false;
        }
        common += 1;
    }
    common > 0 && common * 2 >= earlier.len().max(later.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(domain: u16, handle: u8, cpu_time: u64) -> DomainInfo {
        DomainInfo {
            domain,
            handle: [handle; 16],
            cpu_time,
            ..DomainInfo::default()
        }
    }

    #[test]
    fn lists_agree_while_domains_appear_and_disappear() {
        let long = 60_000_000_000;
        let earlier = [info(0, 0, long), info(3, 3, 50), info(4, 4, 0)];
        assert!(agree(&earlier, &earlier));
        assert!(agree(
            &earlier,
            &[info(0, 0, long + 1), info(3, 3, 50), info(9, 9, 0)]
        ));
        assert!(!agree(
            &earlier,
            &[info(0, 0, long + 1), info(3, 8, 50), info(4, 4, 0)]
        ));
        assert!(!agree(
            &earlier,
            &[info(0, 0, long / 2), info(3, 3, 50), info(4, 4, 0)]
        ));
        assert!(agree(
            &earlier,
            &[
                info(0, 0, long - MAX_SKEW_NS),
                info(3, 3, 50),
                info(4, 4, 0)
            ]
        ));
        assert!(!agree(&earlier, &[info(0, 0, long + 1)]));
        assert!(!agree(&[], &[]));
    }
}
