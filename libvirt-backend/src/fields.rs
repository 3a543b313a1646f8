//! A bulk record's named values as a domain: pure, and without allocation once the buffers are
//! there.

use virtmon_model::Domain;

use crate::device::Gathering;
use crate::state;
use crate::value::Value;

const KIB: u64 = 1024;

/// Turns fields into domains. Kept from tick to tick for its buffers.
#[derive(Default)]
pub(crate) struct Fields {
    nics: Gathering,
    disks: Gathering,
}

impl Fields {
    /// Fills a domain that was cleared, all but its identity and name. What no field tells stays
    /// unknown.
    pub(crate) fn fill<'a>(
        &mut self,
        domain: &mut Domain,
        fields: impl IntoIterator<Item = (&'a str, Value<'a>)>,
    ) {
        self.nics.begin();
        self.disks.begin();
        for (name, value) in fields {
            let number = value.number();
            match name {
                "state.state" => {
                    domain.state = number.map(state::from_libvirt).unwrap_or_default();
                }
                "cpu.time" => domain.cpu_time_ns = number,
                "vcpu.current" => {
                    domain.vcpus_online = number.and_then(|number| u32::try_from(number).ok());
                }
                "balloon.current" => domain.mem_bytes = number.and_then(bytes_of_kib),
                "balloon.maximum" => domain.mem_max_bytes = number.and_then(bytes_of_kib),
                _ => match name.split_once('.') {
                    Some(("net", field)) => self.nics.take(&mut domain.nics, field, value),
                    Some(("block", field)) => self.disks.take(&mut domain.disks, field, value),
                    _ => {}
                },
            }
        }
        self.nics.end(&mut domain.nics);
        self.disks.end(&mut domain.disks);
    }
}

/// libvirt counts memory in KiB.
pub(crate) fn bytes_of_kib(kib: u64) -> Option<u64> {
    kib.checked_mul(KIB)
}

#[cfg(test)]
mod tests;
