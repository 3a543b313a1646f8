//! The answers of all domains in one sample.

use super::device_list::DeviceList;
use super::known_domain::KnownDomain;
use crate::ffi::domain::DomainInfo;
use crate::ffi::error::LibvirtError;
use crate::ffi::params::Param;

/// The answers of all domains in one sample, in ascending order of id.
pub(crate) struct Answers<'a> {
    pub(super) known: &'a [KnownDomain],
    pub(super) infos: Vec<(u32, Result<DomainInfo, LibvirtError>)>,
}

impl<'a> Answers<'a> {
    /// The values of the devices of the domain with this id.
    pub(crate) fn devices(&self, id: u32) -> Option<DeviceFields<'a>> {
        let by_id = |known: &KnownDomain| known.identity.id;
        let index = self.known.binary_search_by_key(&id, by_id).ok()?;
        Some(DeviceFields(&self.known[index].lists))
    }

    /// The result of [`Domain::info`](crate::ffi::domain::Domain::info) for the domain with this id.
    pub(crate) fn info(&self, id: u32) -> Option<Result<DomainInfo, LibvirtError>> {
        let index = self.infos.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.infos[index].1.clone())
    }
}

/// The values of the devices of a domain.
#[derive(Clone, Copy)]
pub(crate) struct DeviceFields<'a>(&'a [DeviceList; 2]);

impl<'a> DeviceFields<'a> {
    /// The values, under the names that the bulk call uses.
    pub(crate) fn params(self) -> impl Iterator<Item = Param<'a>> {
        let queried = self.0.iter().filter(|list| list.was_queried);
        queried.flat_map(DeviceList::params)
    }
}
