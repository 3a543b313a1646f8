//! A recorded sample as a snapshot. It is decoded like a live one, and needs no libvirt.

use std::time::Duration;

use virtmon_model::{Capabilities, Domain as Row, Error, Host, Result, Snapshot};
use virtmon_recording::codec::Cursor;
use virtmon_recording::limits::{DecodeBudget, MAX_DOMAINS, MAX_WARNINGS};

use super::raw_sample::RawSample;
use super::recorded_domain::RecordedDomain;
use crate::records::decode::{Buffers, DecodeContext, decode};
use crate::records::fields::FieldSelection;
use crate::records::record::Omitted;
use crate::records::stale;
use crate::stats_groups::Scope;

/// Makes snapshots of the samples that [`LibvirtBackend`](crate::LibvirtBackend) has recorded.
pub struct LibvirtReplay {
    buffers: Buffers,
    capabilities: Capabilities,
    /// The domains of the last sample.
    previous: Snapshot,
    /// Memory of the last sample, in bytes.
    taken: usize,
}

impl LibvirtReplay {
    /// A replay for samples of the host with this
    /// [metadata](virtmon_model::Backend::host_metadata).
    ///
    /// # Errors
    /// The bytes are not the metadata of a libvirt host.
    pub fn new(host_metadata: &[u8]) -> Result<Self> {
        let bits = Cursor(host_metadata).byte();
        let bits = bits.ok_or_else(|| {
            Error::UnsupportedAbi("the recording lacks the capabilities of its host".into())
        })?;
        Ok(Self {
            buffers: Buffers::new(FieldSelection {
                vcpus: true,
                stats: true,
                nova: false,
            }),
            capabilities: Capabilities::from_bits(bits),
            previous: Snapshot::default(),
            taken: 0,
        })
    }

    /// The kinds of values that the recorded driver reports.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Fills a snapshot as [`sample`](virtmon_model::Backend::sample) did. `None` if the bytes are not
    /// those of a sample, or if the sample is larger than any host's; the snapshot then has no meaning.
    pub fn sample(&mut self, raw: &[u8], into: &mut Snapshot) -> Option<()> {
        let mut budget = DecodeBudget::default();
        let done = self.fill(raw, into, &mut budget);
        self.taken = budget.used_bytes();
        done
    }

    /// Approximate memory of the last sample, in bytes, whether it was valid or not.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }

    fn fill(&mut self, raw: &[u8], into: &mut Snapshot, budget: &mut DecodeBudget) -> Option<()> {
        let mut cursor = Cursor(raw);
        let elapsed_ns = cursor.optional()?;
        read_warnings(&mut cursor, into, budget)?;
        into.generation = 0;
        read_host(&mut cursor, &mut into.host)?;
        let omitted = match cursor.byte()? {
            0 => None,
            1 => Some(Omitted::NoAnswer),
            2 => Some(Omitted::NotQueried),
            _ => return None,
        };
        let mut records = Vec::new();
        while cursor.bool()? {
            if records.len() == MAX_DOMAINS {
                return None;
            }
            budget.rows::<Row>(1)?;
            records.push(RecordedDomain::read(&mut cursor, budget)?);
        }
        // The first recordings end here.
        into.host.idle_ns = match cursor.0 {
            [] => None,
            _ => cursor.optional()?,
        };
        let context = DecodeContext {
            scope: match omitted {
                Some(Omitted::NotQueried) => Scope::Daemon,
                // A recording has all default groups.
                _ => Scope::Guests(!0),
            },
            omitted,
            queries_vcpus: false,
        };
        let record = |index: usize| records[index];
        let recorder = None::<&mut RawSample>;
        decode(
            &mut self.buffers,
            into,
            recorder,
            records.len(),
            &context,
            record,
        );
        if let Some(elapsed_ns) = elapsed_ns {
            let elapsed = Duration::from_nanos(elapsed_ns);
            stale::restore_previous(&mut self.previous, into, elapsed);
        }
        self.previous.domains.clone_from(&into.domains);
        Some(())
    }
}

fn read_warnings(
    cursor: &mut Cursor<'_>,
    into: &mut Snapshot,
    budget: &mut DecodeBudget,
) -> Option<()> {
    into.warnings.clear();
    let count = cursor.number()?;
    if count > MAX_WARNINGS as u64 {
        return None;
    }
    for _ in 0..count {
        let text = str::from_utf8(cursor.bytes()?).ok()?;
        budget.rows::<String>(1)?;
        budget.text(text.len(), 1)?;
        let warning = into.warnings.next_row();
        warning.clear();
        warning.push_str(text);
    }
    Some(())
}

fn read_host(cursor: &mut Cursor<'_>, host: &mut Host) -> Option<()> {
    host.hypervisor.clear();
    let hypervisor = str::from_utf8(cursor.bytes()?).ok()?;
    host.hypervisor.push_str(hypervisor);
    let pcpus = cursor.optional()?;
    host.pcpus = pcpus.map(u32::try_from).transpose().ok()?;
    host.mem_bytes = cursor.optional()?;
    host.mem_free_bytes = cursor.optional()?;
    Some(())
}

#[cfg(test)]
mod tests;
