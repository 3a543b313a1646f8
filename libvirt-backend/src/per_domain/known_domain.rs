//! The devices of a domain, kept from sample to sample.

use std::time::{Duration, Instant};

use virtmon_model::Identity;

use super::device_list::{DeviceList, KINDS};
use super::domain_xml;
use crate::ffi::domain::Domain;
use crate::ffi::error::LibvirtError;

/// Age at which a domain's XML is read again, to find devices that were added. A device that was removed
/// refuses its call, which is noticed at once.
const XML_MAX_AGE: Duration = Duration::from_secs(10);

/// The devices of a domain.
pub(super) struct KnownDomain {
    /// Identity of the domain.
    pub(super) identity: Identity,
    /// Time at which the XML was read.
    read_at: Instant,
    /// True if a device refused its call after it had answered one.
    pub(super) lost_device: bool,
    /// The devices of each kind, in the order of [`KINDS`].
    pub(super) lists: [DeviceList; 2],
}

impl KnownDomain {
    /// Reads the domain's XML.
    pub(super) fn read(
        domain: Domain<'_>,
        identity: Identity,
        now: Instant,
    ) -> Result<Self, LibvirtError> {
        let devices = domain_xml::parse(&domain.xml()?)
            .ok_or_else(|| LibvirtError::new(0, 0, "the domain's description is not valid XML"))?;
        Ok(Self {
            identity,
            read_at: now,
            lost_device: false,
            lists: [
                DeviceList::new(&KINDS[0], &devices.nics),
                DeviceList::new(&KINDS[1], &devices.disks),
            ],
        })
    }

    /// True until the XML has to be read again.
    pub(super) fn is_current(&self, now: Instant) -> bool {
        !self.lost_device && now - self.read_at < XML_MAX_AGE
    }
}
