//! A record of a recorded sample.

use virtmon_model::Uuid;
use virtmon_recording::codec::Cursor;
use virtmon_recording::limits::DecodeBudget;

use super::limits::ParamLimits;
use crate::ffi::domain::{Domain, DomainInfo};
use crate::ffi::error::LibvirtError;
use crate::ffi::params::Param;
use crate::records::record::DomainRecord;

/// A record of a recorded sample. Its parameters are decoded when they are read.
#[derive(Clone, Copy)]
pub(super) struct RecordedDomain<'a> {
    id: u32,
    uuid: Uuid,
    name: &'a [u8],
    /// From the first parameter on. All of them are valid.
    params: Cursor<'a>,
    info: RecordedInfo<'a>,
}

/// The result of `virDomainGetInfo`.
#[derive(Clone, Copy)]
enum RecordedInfo<'a> {
    NotCalled,
    Info(DomainInfo),
    /// Code, errno and message of the error.
    Failed(i32, i32, &'a str),
}

impl<'a> RecordedDomain<'a> {
    /// Reads a record, and checks it. `None` if it is not valid, or if a limit is exceeded.
    pub(super) fn read(cursor: &mut Cursor<'a>, budget: &mut DecodeBudget) -> Option<Self> {
        let id = u32::try_from(cursor.number()?).ok()?;
        let uuid = Uuid::from_bytes(cursor.array()?);
        let name = cursor.bytes()?;
        let params = *cursor;
        budget.text(name.len(), 1)?;
        let mut limits = ParamLimits::default();
        while cursor.bool()? {
            limits.take(read_param(cursor)?, name.len(), budget)?;
        }
        Some(Self {
            id,
            uuid,
            name,
            params,
            info: read_info(cursor)?,
        })
    }
}

impl<'a> DomainRecord<'a> for RecordedDomain<'a> {
    fn id(&self) -> Option<u32> {
        Some(self.id)
    }

    fn uuid(&self) -> Uuid {
        self.uuid
    }

    fn name(&self) -> &'a [u8] {
        self.name
    }

    fn params(&self) -> impl Iterator<Item = Param<'a>> {
        let mut cursor = self.params;
        std::iter::from_fn(move || cursor.bool()?.then(|| read_param(&mut cursor))?)
    }

    fn info(&self) -> Result<DomainInfo, LibvirtError> {
        match self.info {
            RecordedInfo::Info(info) => Ok(info),
            RecordedInfo::Failed(code, errno, message) => {
                Err(LibvirtError::new(code, errno, message))
            }
            RecordedInfo::NotCalled => {
                Err(LibvirtError::new(0, 0, "virDomainGetInfo was not recorded"))
            }
        }
    }

    fn live(&self) -> Option<Domain<'a>> {
        None
    }
}

fn read_param<'a>(cursor: &mut Cursor<'a>) -> Option<Param<'a>> {
    Some(Param {
        name: str::from_utf8(cursor.bytes()?).ok()?,
        kind: read_u32(cursor)?.cast_signed(),
        bits: cursor.number()?,
        text: match cursor.bool()? {
            true => Some(cursor.bytes()?),
            false => None,
        },
    })
}

fn read_info<'a>(cursor: &mut Cursor<'a>) -> Option<RecordedInfo<'a>> {
    Some(match cursor.byte()? {
        0 => RecordedInfo::NotCalled,
        1 => RecordedInfo::Info(DomainInfo {
            state: read_u32(cursor)?,
            max_mem_kib: cursor.number()?,
            mem_kib: cursor.number()?,
            vcpus: read_u32(cursor)?,
            cpu_time_ns: cursor.number()?,
        }),
        2 => RecordedInfo::Failed(
            read_u32(cursor)?.cast_signed(),
            read_u32(cursor)?.cast_signed(),
            str::from_utf8(cursor.bytes()?).ok()?,
        ),
        _ => return None,
    })
}

fn read_u32(cursor: &mut Cursor<'_>) -> Option<u32> {
    u32::try_from(cursor.number()?).ok()
}
