//! A bulk record's named values as a domain: pure, and without allocation once the buffers are
//! there.

use virtmon_model::{Domain, Memory, Rows, Stat, name_from_bytes};

use crate::ffi::params::Value;
use crate::records::devices::Gathering;
use crate::records::state;

const KIB: u64 = 1024;

/// Which values to take in beyond those of each domain.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FieldSelection {
    /// Single vCPUs.
    pub(crate) vcpus: bool,
    /// Those that have no place of their own.
    pub(crate) stats: bool,
    /// What OpenStack says of it.
    pub(crate) nova: bool,
}

/// Turns fields into domains. RawSample from tick to tick for its buffers.
#[derive(Default)]
pub(crate) struct Fields {
    take: FieldSelection,
    vcpus: Gathering,
    nics: Gathering,
    disks: Gathering,
}

impl Fields {
    /// Takes in what is wanted and no more.
    pub(crate) fn new(take: FieldSelection) -> Self {
        Self {
            take,
            ..Self::default()
        }
    }

    /// Whether single vCPUs are wanted.
    pub(crate) fn takes_vcpus(&self) -> bool {
        self.take.vcpus
    }

    /// Fills a domain that was cleared, all but its identity and name. What no field tells stays
    /// unknown.
    pub(crate) fn fill<'a>(
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
                    self.vcpus.expect(number);
                }
                "balloon.current" => domain.mem_bytes = number.and_then(bytes_of_kib),
                "balloon.maximum" => domain.mem_max_bytes = number.and_then(bytes_of_kib),
                _ => {
                    let has_place = match name.split_once('.') {
                        Some(("vcpu", field)) if self.take.vcpus => {
                            self.vcpus.take(&mut domain.vcpus, field, value)
                        }
                        Some(("net", field)) => self.nics.take(&mut domain.nics, field, value),
                        Some(("block", field)) => self.disks.take(&mut domain.disks, field, value),
                        Some(("balloon", field)) => balloon(&mut domain.memory, field, number),
                        _ => false,
                    };
                    if !has_place && self.take.stats {
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

/// A value that has no place of its own.
fn stat(stats: &mut Rows<Stat>, name: &str, value: Value<'_>) {
    let stat = stats.next_row();
    stat.name.clear();
    stat.name.push_str(name);
    stat.number = match value {
        Value::Truth(truth) => Some(truth.into()),
        value => value.number(),
    };
    stat.text = match value {
        Value::Text(bytes) => Some(name_from_bytes(bytes).as_ref().to_owned()),
        Value::Number(_) | Value::Truth(_) | Value::Other => None,
    };
}

/// The rest of the group `balloon`: memory in KiB (`virDomainMemoryStatTags`), faults as a count.
/// Says whether the value has a place.
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
        // 0 is a guest that has no balloon driver, or has not reported yet.
        "last-update" => memory.guest_reported_s = number.filter(|&s| s > 0),
        _ => return false,
    }
    true
}

/// libvirt counts memory in KiB.
pub(crate) fn bytes_of_kib(kib: u64) -> Option<u64> {
    kib.checked_mul(KIB)
}

#[cfg(test)]
mod tests;
