//! A record of a live host.

use virtmon_model::Uuid;

use crate::ffi::domain::{Domain, DomainInfo};
use crate::ffi::error::LibvirtError;
use crate::ffi::params::Param;
use crate::ffi::record::StatsRecord;
use crate::per_domain::answers::{Answers, DeviceFields};
use crate::records::record::DomainRecord;

/// A record that libvirt returned in a list, and the answers to calls for the domain alone.
pub(super) struct LiveRecord<'l> {
    pub(super) record: StatsRecord<'l>,
    /// The answers, where each domain takes calls of its own.
    pub(super) answers: Option<&'l Answers<'l>>,
}

impl<'l> DomainRecord<'l> for LiveRecord<'l> {
    fn id(&self) -> Option<u32> {
        self.record.domain.id()
    }

    fn uuid(&self) -> Uuid {
        self.record.domain.uuid()
    }

    fn name(&self) -> &'l [u8] {
        self.record.domain.name()
    }

    fn params(&self) -> impl Iterator<Item = Param<'l>> {
        let devices = self.answers.zip(self.id());
        let devices = devices.and_then(|(answers, id)| answers.devices(id));
        let devices = devices.into_iter().flat_map(DeviceFields::params);
        self.record.params().chain(devices)
    }

    fn info(&self) -> Result<DomainInfo, LibvirtError> {
        let answer = self.answers.zip(self.id());
        let answer = answer.and_then(|(answers, id)| answers.info(id));
        answer.unwrap_or_else(|| self.record.domain.info())
    }

    fn live(&self) -> Option<Domain<'l>> {
        Some(self.record.domain)
    }
}
