//! A domain from the named values of a record. No I/O, and no allocation once the buffers have their size.

use virtmon_model::{Domain, Memory, Rows, Stat, name_from_bytes};

use super::devices::DeviceCollector;
use super::state;
use crate::ffi::params::Value;

const KIB: u64 = 1024;

/// The values to read beyond those of each domain.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FieldSelection {
    /// The values of each vCPU.
    pub(crate) vcpus: bool,
    /// Values that have no column of their own.
    pub(crate) stats: bool,
    /// The OpenStack instance.
    pub(crate) nova: bool,
}

/// Decodes fields into domains. It is kept from tick to tick for its buffers.
#[derive(Default)]
pub(crate) struct FieldDecoder {
    selection: FieldSelection,
    vcpus: DeviceCollector,
    nics: DeviceCollector,
    disks: DeviceCollector,
}

impl FieldDecoder {
    /// A decoder that reads the selected values only.
    pub(crate) fn new(selection: FieldSelection) -> Self {
        Self {
            selection,
            ..Self::default()
        }
    }

    /// True if the values of each vCPU are selected.
    pub(crate) fn reads_vcpus(&self) -> bool {
        self.selection.vcpus
    }

    /// Fills a domain that was cleared, except for its identity and name. A value without a field stays
    /// unknown.
    pub(crate) fn decode<'a>(
        &mut self,
        domain: &mut Domain,
        fields: impl IntoIterator<Item = (&'a str, Value<'a>)>,
    ) {
        self.vcpus.begin();
        self.nics.begin();
        self.disks.begin();
        let (mut state_code, mut reason_code) = (None, None);
        for (name, value) in fields {
            let number = value.number();
            match name {
                "state.state" => state_code = number,
                "state.reason" => reason_code = number,
                "cpu.time" => domain.cpu_time_ns = number,
                "cpu.user" => domain.cpu_user_ns = number,
                "cpu.system" => domain.cpu_system_ns = number,
                "vcpu.current" => {
                    domain.vcpus_online = number.and_then(|number| u32::try_from(number).ok());
                    self.vcpus.set_count(number);
                }
                "balloon.current" => domain.mem_bytes = number.and_then(bytes_of_kib),
                "balloon.maximum" => domain.mem_max_bytes = number.and_then(bytes_of_kib),
                _ => {
                    let has_place = match name.split_once('.') {
                        Some(("vcpu", field)) if self.selection.vcpus => {
                            self.vcpus.set(&mut domain.vcpus, field, value)
                        }
                        Some(("net", field)) => self.nics.set(&mut domain.nics, field, value),
                        Some(("block", field)) => self.disks.set(&mut domain.disks, field, value),
                        Some(("balloon", field)) => balloon(&mut domain.memory, field, number),
                        _ => false,
                    };
                    if !has_place && self.selection.stats {
                        stat(&mut domain.stats, name, value);
                    }
                }
            }
        }
        if let Some(code) = state_code {
            domain.state = state::from_libvirt(code);
            domain.reason = reason_code.and_then(|reason| state::reason(code, reason));
        }
        self.vcpus.end(&mut domain.vcpus);
        self.nics.end(&mut domain.nics);
        self.disks.end(&mut domain.disks);
    }
}

/// Adds a value that has no column of its own.
fn stat(stats: &mut Rows<Stat>, name: &str, value: Value<'_>) {
    let stat = stats.next_row();
    stat.name.clear();
    stat.name.push_str(name);
    stat.number = match value {
        Value::Bool(flag) => Some(flag.into()),
        value => value.number(),
    };
    stat.text = match value {
        Value::Text(bytes) => Some(name_from_bytes(bytes).as_ref().to_owned()),
        Value::Number(_) | Value::Bool(_) | Value::Other => None,
    };
}

/// Sets a value of the rest of the group `balloon`: memory in KiB (`virDomainMemoryStatTags`), faults as a
/// count. Returns false if there is no place for the value.
fn balloon(memory: &mut Memory, field: &str, number: Option<u64>) -> bool {
    let bytes = || number.and_then(bytes_of_kib);
    match field {
        "rss" => memory.rss_bytes = bytes(),
        "available" => memory.guest_total_bytes = bytes(),
        "unused" => memory.guest_unused_bytes = bytes(),
        "usable" => memory.guest_usable_bytes = bytes(),
        "disk_caches" => memory.guest_caches_bytes = bytes(),
        "swap_in" => memory.swap_in_bytes = bytes(),
        "swap_out" => memory.swap_out_bytes = bytes(),
        "major_fault" => memory.major_faults = number,
        "minor_fault" => memory.minor_faults = number,
        // 0 means that the guest has no balloon driver, or has not reported yet.
        "last-update" => memory.guest_reported_s = number.filter(|&s| s > 0),
        _ => return false,
    }
    true
}

/// Bytes of a number of KiB, the unit of libvirt for memory.
pub(crate) fn bytes_of_kib(kib: u64) -> Option<u64> {
    kib.checked_mul(KIB)
}

#[cfg(test)]
mod tests;
