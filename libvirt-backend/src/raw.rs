//! What a reading is made of, as bytes. `replay` reads what is written here.
//!
//! ```text
//! facts    capabilities
//! reading  time since the last one, where rows of it may be carried over   troubles
//!          hypervisor   pCPUs   memory   free memory   why guests were left out
//!          1 record  1 record ...  0
//! record   id   uuid   name   1 parameter  1 parameter ...  0   virDomainInfo
//! ```
//!
//! The typed parameters are as libvirt gave them, those that virtmon does not use and types that it
//! does not know as well.

use std::time::Duration;

use virtmon_model::{Capabilities, Host, Snapshot};
use virtmon_recording::wire::{put_bytes, put_number, put_optional};

use crate::fault::Fault;
use crate::ffi::DomainInfo;
use crate::fill::{LeftOut, Told};

/// What holds for every reading of this host.
pub(crate) fn facts(capabilities: Capabilities) -> Vec<u8> {
    vec![capabilities.to_bits()]
}

/// Appends a reading: what its session kept, and what was added to that.
pub(crate) fn put_reading(
    out: &mut Vec<u8>,
    carried: Option<Duration>,
    snapshot: &Snapshot,
    kept: &[u8],
) {
    let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    put_optional(out, carried.map(ns));
    put_number(out, snapshot.troubles.len() as u64);
    for trouble in snapshot.troubles.iter() {
        put_bytes(out, trouble.as_bytes());
    }
    out.extend_from_slice(kept);
}

/// Appends what was told of the host.
pub(crate) fn put_host(out: &mut Vec<u8>, host: &Host) {
    put_bytes(out, host.hypervisor.as_bytes());
    put_optional(out, host.pcpus.map(u64::from));
    put_optional(out, host.mem_bytes);
    put_optional(out, host.mem_free_bytes);
}

pub(crate) fn put_left_out(out: &mut Vec<u8>, left_out: Option<LeftOut>) {
    out.push(match left_out {
        None => 0,
        Some(LeftOut::NoAnswer) => 1,
        Some(LeftOut::NotAsked) => 2,
    });
}

/// Appends what was told of a domain; `info` where it was asked for.
pub(crate) fn put_record<'a>(
    out: &mut Vec<u8>,
    id: u32,
    told: &impl Told<'a>,
    info: Option<&Result<DomainInfo, Fault>>,
) {
    out.push(1);
    put_number(out, id.into());
    out.extend_from_slice(told.uuid().as_bytes());
    put_bytes(out, told.name());
    for param in told.params() {
        out.push(1);
        put_bytes(out, param.name.as_bytes());
        put_number(out, param.kind.cast_unsigned().into());
        put_number(out, param.bits);
        out.push(param.text.is_some().into());
        if let Some(text) = param.text {
            put_bytes(out, text);
        }
    }
    out.push(0);
    match info {
        None => out.push(0),
        Some(Ok(info)) => {
            out.push(1);
            for number in [
                info.state.into(),
                info.max_mem_kib,
                info.mem_kib,
                info.vcpus.into(),
                info.cpu_time_ns,
            ] {
                put_number(out, number);
            }
        }
        Some(Err(fault)) => {
            out.push(2);
            put_number(out, fault.code().into());
            put_number(out, fault.errno().cast_unsigned().into());
            put_bytes(out, fault.message().as_bytes());
        }
    }
}

/// Ends the domains.
pub(crate) fn put_end(out: &mut Vec<u8>) {
    out.push(0);
}
