//! The counters of one device of a domain.

use std::ffi::{CStr, c_int};
use std::mem::{self, MaybeUninit};

use super::bindings::{
    VIR_DOMAIN_BLOCK_STATS_FLUSH_REQ, VIR_DOMAIN_BLOCK_STATS_FLUSH_TOTAL_TIMES,
    VIR_DOMAIN_BLOCK_STATS_READ_BYTES, VIR_DOMAIN_BLOCK_STATS_READ_REQ,
    VIR_DOMAIN_BLOCK_STATS_READ_TOTAL_TIMES, VIR_DOMAIN_BLOCK_STATS_WRITE_BYTES,
    VIR_DOMAIN_BLOCK_STATS_WRITE_REQ, VIR_DOMAIN_BLOCK_STATS_WRITE_TOTAL_TIMES, VIR_ERR_NO_SUPPORT,
    VIR_TYPED_PARAM_LLONG, virDomainBlockStatsStruct, virDomainInterfaceStatsStruct,
    virTypedParameter,
};
use super::domain::Domain;
use super::error::LibvirtError;
use super::record::name_bytes;

/// The counters of a device, in the order of its kind. -1 is an unknown value.
pub(crate) type Counters = [i64; 8];

/// The fields of `virDomainBlockStatsFlags`, in the order of a disk's counters: bytes,
/// requests and time of reads, the same of writes, requests and time of flushes.
const BLOCK_FIELDS: [&[u8]; 8] = [
    VIR_DOMAIN_BLOCK_STATS_READ_BYTES,
    VIR_DOMAIN_BLOCK_STATS_READ_REQ,
    VIR_DOMAIN_BLOCK_STATS_READ_TOTAL_TIMES,
    VIR_DOMAIN_BLOCK_STATS_WRITE_BYTES,
    VIR_DOMAIN_BLOCK_STATS_WRITE_REQ,
    VIR_DOMAIN_BLOCK_STATS_WRITE_TOTAL_TIMES,
    VIR_DOMAIN_BLOCK_STATS_FLUSH_REQ,
    VIR_DOMAIN_BLOCK_STATS_FLUSH_TOTAL_TIMES,
];

/// Maximum number of fields: libvirt's own daemon returns no more
/// (`REMOTE_DOMAIN_BLOCK_STATS_PARAMETERS_MAX`).
const MAX_FIELDS: u8 = 16;

impl Domain<'_> {
    /// `virDomainInterfaceStats` of the NIC with this interface on the host: bytes, packets,
    /// errors and drops received, then sent, from the guest's side.
    pub(crate) fn nic(self, interface: &CStr) -> Result<Counters, LibvirtError> {
        let mut stats = MaybeUninit::<virDomainInterfaceStatsStruct>::zeroed();
        // SAFETY: the domain is alive (`new`), the name a NUL-terminated string that lives through
        // the call, which writes no more than the size that it is given.
        let status = unsafe {
            self.library.calls.virDomainInterfaceStats(
                self.raw,
                interface.as_ptr(),
                stats.as_mut_ptr(),
                mem::size_of::<virDomainInterfaceStatsStruct>(),
            )
        };
        if status < 0 {
            return Err(self.library.last_error());
        }
        // SAFETY: all fields are numbers, and the zeroes written before the call are valid numbers.
        let stats = unsafe { stats.assume_init() };
        Ok([
            stats.rx_bytes,
            stats.rx_packets,
            stats.rx_errs,
            stats.rx_drop,
            stats.tx_bytes,
            stats.tx_packets,
            stats.tx_errs,
            stats.tx_drop,
        ])
    }

    /// `virDomainBlockStatsFlags` of the disk with this target. If the driver lacks that call,
    /// `virDomainBlockStats`, which has fewer counters.
    pub(crate) fn disk(self, target: &CStr) -> Result<Counters, LibvirtError> {
        match self.disk_by_fields(target) {
            Err(error) if error.code() == VIR_ERR_NO_SUPPORT => self.disk_by_struct(target),
            other => other,
        }
    }

    fn disk_by_fields(self, target: &CStr) -> Result<Counters, LibvirtError> {
        let mut fields = MaybeUninit::<[virTypedParameter; MAX_FIELDS as usize]>::zeroed();
        let mut count = c_int::from(MAX_FIELDS);
        // SAFETY: the domain is alive (`new`), the target a NUL-terminated string that lives
        // through the call, which writes up to `count` parameters and their number.
        let status = unsafe {
            self.library.calls.virDomainBlockStatsFlags(
                self.raw,
                target.as_ptr(),
                fields.as_mut_ptr().cast(),
                &raw mut count,
                0,
            )
        };
        if status < 0 {
            return Err(self.library.last_error());
        }
        // SAFETY: all fields are numbers or unions of them, for which zeroes are valid values.
        let mut fields = unsafe { fields.assume_init() };
        let written = count.clamp(0, MAX_FIELDS.into());
        let written_fields = &fields[..written.unsigned_abs() as usize];
        let counters = BLOCK_FIELDS.map(|name| counter(written_fields, name));
        // SAFETY: libvirt has written the first `written` parameters. This frees the strings that
        // they own; nothing reads them any more.
        unsafe {
            self.library
                .calls
                .virTypedParamsClear(fields.as_mut_ptr(), written);
        }
        Ok(counters)
    }

    fn disk_by_struct(self, target: &CStr) -> Result<Counters, LibvirtError> {
        let mut stats = MaybeUninit::<virDomainBlockStatsStruct>::zeroed();
        // SAFETY: the domain is alive (`new`), the target a NUL-terminated string that lives
        // through the call, which writes no more than the size that it is given.
        let status = unsafe {
            self.library.calls.virDomainBlockStats(
                self.raw,
                target.as_ptr(),
                stats.as_mut_ptr(),
                mem::size_of::<virDomainBlockStatsStruct>(),
            )
        };
        if status < 0 {
            return Err(self.library.last_error());
        }
        // SAFETY: all fields are numbers, and the zeroes written before the call are valid numbers.
        let stats = unsafe { stats.assume_init() };
        Ok([
            stats.rd_bytes,
            stats.rd_req,
            -1,
            stats.wr_bytes,
            stats.wr_req,
            -1,
            -1,
            -1,
        ])
    }
}

/// The value of the field with this name, which ends with a NUL byte. All fields that virtmon reads have
/// the same type.
fn counter(fields: &[virTypedParameter], name: &[u8]) -> i64 {
    let matches = |field: &&virTypedParameter| {
        name_bytes(field).starts_with(name) && field.type_.cast_unsigned() == VIR_TYPED_PARAM_LLONG
    };
    match fields.iter().find(matches) {
        // SAFETY: the type says which field of the union libvirt wrote.
        Some(field) => unsafe { field.value.l },
        None => -1,
    }
}
