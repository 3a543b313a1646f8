//! Where the list of domains comes from: the hypercall itself, or libxenctrl as the reference.

use std::io;

use virtmon_model::{Error, Identity, Result};
use xen_sys::abi::{Abi, DomainInfo, Release};
use xen_sys::{HypercallBuffer, OpenError, Privcmd, Xenctrl};

use crate::host;
use crate::list::{DomainList, Infos};

/// How the list of domains is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum XenPath {
    /// By privcmd, once it has agreed with libxenctrl where that is installed; else by libxenctrl.
    #[default]
    Auto,
    /// By libxenctrl.
    Libxenctrl,
    /// By the kernel's privcmd device into a buffer that is kept: no library.
    Privcmd,
}

/// An open way to the list, with the last one read.
pub(crate) enum Source {
    Privcmd(DomainList<HypercallBuffer>),
    Libxenctrl(Box<Xenctrl>, DomainList<Vec<u8>>),
}

impl Source {
    /// Opens the way that was asked for. `note` is told where `Auto` does not take the fast one.
    pub(crate) fn open(
        path: XenPath,
        privcmd: &mut Privcmd,
        release: Release,
        note: &mut dyn FnMut(&str),
    ) -> Result<Self> {
        let abi = privcmd.abi();
        let fast = || -> Result<Self> {
            let buffer = HypercallBuffer::new(0).map_err(|e| Error::call("mmap", e))?;
            Ok(Self::Privcmd(DomainList::new(buffer, abi.domaininfo_bytes)))
        };
        match path {
            XenPath::Privcmd => fast(),
            XenPath::Libxenctrl => Self::reference(release, abi),
            XenPath::Auto => {
                // Without the library there is nothing to compare with: the version and the
                // entries' length have been checked against the hypervisor itself.
                let Ok(mut reference) = Self::reference(release, abi) else {
                    return fast();
                };
                let mut fast = fast()?;
                reference.read(privcmd).map_err(list_failed)?;
                fast.read(privcmd).map_err(list_failed)?;
                let [then, now] = [&reference, &fast].map(|list| list.infos().collect::<Vec<_>>());
                if agree(&then, &now) {
                    return Ok(fast);
                }
                note(
                    "libxenctrl and the direct hypercall tell different domains: \
                     reading by libxenctrl",
                );
                Ok(reference)
            }
        }
    }

    fn reference(release: Release, abi: Abi) -> Result<Self> {
        let xenctrl = Xenctrl::open(release, abi).map_err(|error| match error {
            OpenError::NoLibrary { soname } => Error::Unavailable(format!(
                "Xen {release} runs here, but {soname} can't be loaded: install libxenctrl of that \
                 release (Debian: libxenmisc{release}), or read without it (--xen-path privcmd)"
            )),
            OpenError::Interface(source) => Error::call("xc_interface_open", source),
        })?;
        let list = DomainList::new(Vec::new(), abi.domaininfo_bytes);
        Ok(Self::Libxenctrl(Box::new(xenctrl), list))
    }

    /// Reads the list anew.
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
    pub(crate) fn infos(&self) -> Infos<'_> {
        match self {
            Self::Privcmd(list) => list.iter(),
            Self::Libxenctrl(_, list) => list.iter(),
        }
    }

    /// Hypercalls that went not by privcmd.
    pub(crate) const fn calls(&self) -> u64 {
        match self {
            Self::Privcmd(_) => 0,
            Self::Libxenctrl(xenctrl, _) => xenctrl.calls(),
        }
    }

    /// The last list as it was read.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Privcmd(list) => list.bytes(),
            Self::Libxenctrl(_, list) => list.bytes(),
        }
    }

    /// The word that `--xen-path` takes for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Privcmd(_) => "privcmd",
            Self::Libxenctrl(..) => "libxenctrl",
        }
    }
}

/// Whether this life of a domain is there now, by one entry of the list. Where that is refused, the
/// next list will say.
pub(crate) fn is_still(
    privcmd: &mut Privcmd,
    one: &mut HypercallBuffer,
    identity: Identity,
) -> bool {
    let listed = privcmd.domain_getinfolist(identity.id, one, 0);
    let is_it = |info: DomainInfo| {
        u32::from(info.domain) == identity.id && info.handle == *identity.uuid.as_bytes()
    };
    listed.map_or(true, |listed| {
        listed > 0 && DomainInfo::decode(one).is_some_and(is_it)
    })
}

/// What a refused list means.
pub(crate) fn list_failed(source: io::Error) -> Error {
    host::refused("XEN_SYSCTL_getdomaininfolist", source)
}

/// How much CPU time may run backwards: each pCPU reads a running vCPU's by its own idea of the time,
/// and these differ a little (`vcpu_runstate_get`); by 1.2 ms at the most where Xen was emulated.
const SKEW_NS: u64 = 100_000_000;

/// Whether two lists, `then` read just before `now`, tell the same story: every domain that is in
/// both has the same uuid and the same limits, and CPU time that has not run backwards. A domain
/// may have come or gone in between.
fn agree(then: &[DomainInfo], now: &[DomainInfo]) -> bool {
    let mut common = 0;
    // Both ascend by domid.
    let mut new_ones = now.iter().peekable();
    for old in then {
        while new_ones.next_if(|new| new.domain < old.domain).is_some() {}
        let Some(new) = new_ones.next_if(|new| new.domain == old.domain) else {
            continue;
        };
        let same = new.handle == old.handle
            && new.max_pages == old.max_pages
            && new.cpu_time.saturating_add(SKEW_NS) >= old.cpu_time;
        if !same {
            return false;
        }
        common += 1;
    }
    common > 0 && common * 2 >= then.len().max(now.len())
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
    fn lists_agree_while_domains_come_and_go() {
        let long = 60_000_000_000;
        let then = [info(0, 0, long), info(3, 3, 50), info(4, 4, 0)];
        assert!(agree(&then, &then));
        assert!(agree(
            &then,
            &[info(0, 0, long + 1), info(3, 3, 50), info(9, 9, 0)]
        ));
        assert!(!agree(
            &then,
            &[info(0, 0, long + 1), info(3, 8, 50), info(4, 4, 0)]
        ));
        assert!(!agree(
            &then,
            &[info(0, 0, long / 2), info(3, 3, 50), info(4, 4, 0)]
        ));
        assert!(agree(
            &then,
            &[info(0, 0, long - SKEW_NS), info(3, 3, 50), info(4, 4, 0)]
        ));
        assert!(!agree(&then, &[info(0, 0, long + 1)]));
        assert!(!agree(&[], &[]));
    }
}
