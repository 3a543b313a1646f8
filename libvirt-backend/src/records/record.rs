//! A record, and the interface of its copy for a recording.

use virtmon_model::Uuid;

use crate::ffi::domain::{Domain, DomainInfo};
use crate::ffi::error::LibvirtError;
use crate::ffi::params::Param;

/// The values of one domain.
pub(crate) trait DomainRecord<'a> {
    /// The result of [`Domain::id`].
    fn id(&self) -> Option<u32>;
    /// The result of [`Domain::uuid`].
    fn uuid(&self) -> Uuid;
    /// The result of [`Domain::name`].
    fn name(&self) -> &'a [u8];
    /// The typed parameters.
    fn params(&self) -> impl Iterator<Item = Param<'a>>;
    /// The result of [`Domain::info`].
    fn info(&self) -> Result<DomainInfo, LibvirtError>;
    /// The domain itself, for further calls. `None` if the record is a recorded one.
    fn live(&self) -> Option<Domain<'a>>;
}

/// The reason why libvirt omitted the values of a guest's QEMU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Omitted {
    /// QEMU did not answer.
    NoAnswer,
    /// QEMU was not queried.
    NotQueried,
}

/// A copy of the records that are decoded, for a recording.
pub(crate) trait Recorder {
    /// Begins the records. `omitted` is the reason for incomplete ones.
    fn begin_records(&mut self, omitted: Option<Omitted>);
    /// Adds a record. `info` is the result of `virDomainGetInfo`, if it was called.
    fn add_record<'a>(
        &mut self,
        id: u32,
        record: &impl DomainRecord<'a>,
        info: Option<&Result<DomainInfo, LibvirtError>>,
    );
    /// Ends the records.
    fn end_records(&mut self);
}
