//! The calls for one domain in one sample.

use std::time::Instant;

use virtmon_model::Identity;

use super::device_list::KINDS;
use super::known_domain::KnownDomain;
use crate::ffi::bindings::VIR_ERR_NO_SUPPORT;
use crate::ffi::domain::{Domain, DomainInfo};
use crate::ffi::error::LibvirtError;

/// The calls for one domain, and their results.
pub(super) struct DomainQuery<'l> {
    domain: Domain<'l>,
    /// Identity of the domain.
    pub(super) identity: Identity,
    /// The domain's devices, if they are known.
    pub(super) known: Option<KnownDomain>,
    /// The result of `virDomainGetInfo`.
    pub(super) info: Option<Result<DomainInfo, LibvirtError>>,
    /// By kind: true if the driver turned out to lack the call.
    pub(super) unsupported: [bool; 2],
    /// By kind: number of devices that the driver refused, and the last error.
    pub(super) refused: [(usize, Option<LibvirtError>); 2],
    /// The error of reading the domain's XML.
    pub(super) xml_error: Option<LibvirtError>,
}

impl<'l> DomainQuery<'l> {
    /// A query of a domain that has an id, that is: of one that runs.
    pub(super) fn new(
        domain: Domain<'l>,
        known: impl FnOnce(&Identity) -> Option<KnownDomain>,
    ) -> Option<Self> {
        let identity = Identity {
            id: domain.id()?,
            uuid: domain.uuid(),
            incarnation: None,
        };
        Some(Self {
            domain,
            identity,
            known: known(&identity),
            info: None,
            unsupported: [false; 2],
            refused: Default::default(),
            xml_error: None,
        })
    }

    /// Makes the calls; those for devices only for the selected kinds.
    pub(super) fn run(&mut self, kinds: [bool; 2], now: Instant) {
        self.info = Some(self.domain.info());
        // Xen's domain 0 has the host's own devices, which its XML does not list: they are unknown, not
        // none.
        if self.identity.id == 0 && self.identity.uuid.is_nil() {
            return;
        }
        let is_current = self
            .known
            .as_ref()
            .is_some_and(|known| known.is_current(now));
        if kinds.contains(&true) && !is_current {
            match KnownDomain::read(self.domain, self.identity, now) {
                Ok(read) => self.known = Some(read),
                // Until the XML can be read, the devices are those of the last read, or unknown.
                Err(error) if error.is_no_domain() => {}
                Err(error) => self.xml_error = Some(error),
            }
        }
        self.query_devices(kinds);
    }

    fn query_devices(&mut self, kinds: [bool; 2]) {
        let Some(known) = &mut self.known else {
            return;
        };
        for (n, kind) in KINDS.iter().enumerate() {
            let list = &mut known.lists[n];
            if kinds[n] {
                known.lost_device |= list.query(kind, self.domain, |error| match error.code() {
                    VIR_ERR_NO_SUPPORT => self.unsupported[n] = true,
                    _ if error.is_no_domain() => {}
                    _ => {
                        self.refused[n].0 += 1;
                        self.refused[n].1 = Some(error);
                    }
                });
            }
            list.was_queried = kinds[n] && !self.unsupported[n];
        }
    }
}
