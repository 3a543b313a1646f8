//! What a reading is made of, as bytes. `replay` reads what is written here.
//!
//! ```text
//! facts    capabilities
//! reading  time since the last one, where rows of it may be carried over   warnings
//!          hypervisor   pCPUs   memory   free memory   why guests were left out
//!          1 record  1 record ...  0
//! record   id   uuid   name   1 parameter  1 parameter ...  0   virDomainInfo
//! ```
//!
//! The typed parameters are as libvirt gave them, those that virtmon does not use and types that it
//! does not know as well.

use std::time::Duration;

use virtmon_model::{Capabilities, Host, Snapshot};
use virtmon_recording::codec::{put_bytes, put_number, put_optional};

use crate::connection::error::Fault;
use crate::ffi::DomainInfo;
use crate::records::decode::{LeftOut, Told};

/// What holds for every reading of this host.
pub(crate) fn host_metadata(capabilities: Capabilities) -> Vec<u8> {
    vec![capabilities.to_bits()]
}

/// What a session keeps of a sample, and where its parts begin.
#[derive(Debug, Default)]
pub(crate) struct RawSample {
    pub(crate) bytes: Vec<u8>,
    /// Where it says why guests were left out.
    left_out_at: usize,
    /// The id of each record's domain, and where the record begins.
    records: Vec<(u32, usize)>,
}

impl RawSample {
    /// Empties it, keeping the buffers.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
    }

    /// Puts the records that `parts` have in the place of those of the same domains here. A record
    /// that is not whole then is of a guest that did not answer.
    pub(crate) fn merge(&mut self, parts: &[Self]) {
        let begin = self.records.first().map(|&(_, at)| at);
        let Some(begin) = begin.filter(|_| !parts.is_empty()) else {
            return;
        };
        let mut merged = self.bytes[..begin].to_vec();
        merged[self.left_out_at] = left_out_byte(Some(LeftOut::NoAnswer));
        let mut records = Vec::with_capacity(self.records.len());
        for &(id, at) in &self.records {
            records.push((id, merged.len()));
            let part = parts.iter().find_map(|part| part.record(id));
            merged.extend_from_slice(part.unwrap_or_else(|| self.until_next(at)));
        }
        put_end(&mut merged);
        self.bytes = merged;
        self.records = records;
    }

    fn record(&self, id: u32) -> Option<&[u8]> {
        let &(_, at) = self.records.iter().find(|(of, _)| *of == id)?;
        Some(self.until_next(at))
    }

    /// A record, which ends where the next begins or the last byte says that there is none.
    fn until_next(&self, at: usize) -> &[u8] {
        let next = self.records.iter().map(|&(_, next)| next);
        let next = next.filter(|&next| next > at).min();
        &self.bytes[at..next.unwrap_or(self.bytes.len() - 1)]
    }
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
    put_number(out, snapshot.warnings.len() as u64);
    for trouble in snapshot.warnings.iter() {
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

pub(crate) fn put_left_out(out: &mut RawSample, left_out: Option<LeftOut>) {
    out.left_out_at = out.bytes.len();
    out.bytes.push(left_out_byte(left_out));
}

fn left_out_byte(left_out: Option<LeftOut>) -> u8 {
    match left_out {
        None => 0,
        Some(LeftOut::NoAnswer) => 1,
        Some(LeftOut::NotAsked) => 2,
    }
}

/// Appends what was told of a domain; `info` where it was asked for.
pub(crate) fn put_record<'a>(
    kept: &mut RawSample,
    id: u32,
    told: &impl Told<'a>,
    info: Option<&Result<DomainInfo, Fault>>,
) {
    kept.records.push((id, kept.bytes.len()));
    let out = &mut kept.bytes;
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
