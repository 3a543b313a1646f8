//! The records of a sample as bytes.

use virtmon_model::Host;
use virtmon_recording::codec::{put_bytes, put_number, put_optional};

use crate::ffi::domain::DomainInfo;
use crate::ffi::error::LibvirtError;
use crate::records::record::{DomainRecord, Omitted, Recorder};

/// The host's values and the records of a sample as bytes, and the places of its parts.
#[derive(Debug, Default)]
pub(crate) struct RawSample {
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// Index of the reason for incomplete records.
    omitted_at: usize,
    /// The id of each record's domain, and the index of the record.
    records: Vec<(u32, usize)>,
}

impl RawSample {
    /// Begins a sample with the host's values. The buffers are kept.
    pub(crate) fn begin_sample(&mut self, host: &Host) {
        self.bytes.clear();
        self.records.clear();
        let out = &mut self.bytes;
        put_bytes(out, host.hypervisor.as_bytes());
        put_optional(out, host.pcpus.map(u64::from));
        put_optional(out, host.mem_bytes);
        put_optional(out, host.mem_free_bytes);
    }

    /// Replaces records by those that `parts` have of the same domains. A record that is incomplete after
    /// that is of a guest that did not answer.
    pub(crate) fn merge(&mut self, parts: &[Self]) {
        let begin = self.records.first().map(|&(_, index)| index);
        let Some(begin) = begin.filter(|_| !parts.is_empty()) else {
            return;
        };
        let mut merged = self.bytes[..begin].to_vec();
        merged[self.omitted_at] = omitted_byte(Some(Omitted::NoAnswer));
        let mut records = Vec::with_capacity(self.records.len());
        for &(id, index) in &self.records {
            records.push((id, merged.len()));
            let part = parts.iter().find_map(|part| part.record(id));
            merged.extend_from_slice(part.unwrap_or_else(|| self.record_at(index)));
        }
        self.bytes = merged;
        self.records = records;
        self.end_records();
    }

    fn record(&self, id: u32) -> Option<&[u8]> {
        let &(_, index) = self.records.iter().find(|(of, _)| *of == id)?;
        Some(self.record_at(index))
    }

    /// The record at this index. It ends before the next record, or before the last byte, which ends all
    /// records.
    fn record_at(&self, index: usize) -> &[u8] {
        let next = self.records.iter().map(|&(_, next)| next);
        let next = next.filter(|&next| next > index).min();
        &self.bytes[index..next.unwrap_or(self.bytes.len() - 1)]
    }
}

impl Recorder for RawSample {
    fn begin_records(&mut self, omitted: Option<Omitted>) {
        self.omitted_at = self.bytes.len();
        self.bytes.push(omitted_byte(omitted));
    }

    fn add_record<'a>(
        &mut self,
        id: u32,
        record: &impl DomainRecord<'a>,
        info: Option<&Result<DomainInfo, LibvirtError>>,
    ) {
        self.records.push((id, self.bytes.len()));
        let out = &mut self.bytes;
        out.push(1);
        put_number(out, id.into());
        out.extend_from_slice(record.uuid().as_bytes());
        put_bytes(out, record.name());
        for param in record.params() {
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
        put_info(out, info);
    }

    fn end_records(&mut self) {
        self.bytes.push(0);
    }
}

fn omitted_byte(omitted: Option<Omitted>) -> u8 {
    match omitted {
        None => 0,
        Some(Omitted::NoAnswer) => 1,
        Some(Omitted::NotQueried) => 2,
    }
}

fn put_info(out: &mut Vec<u8>, info: Option<&Result<DomainInfo, LibvirtError>>) {
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
        Some(Err(error)) => {
            out.push(2);
            put_number(out, error.code().into());
            put_number(out, error.errno().cast_unsigned().into());
            put_bytes(out, error.raw_message().as_bytes());
        }
    }
}
