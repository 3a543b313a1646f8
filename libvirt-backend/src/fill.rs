//! Rows of what was listed.

use std::sync::Arc;

use virtmon_model::{Domain, Identity, Snapshot};

use crate::fault::Fault;
use crate::ffi::{
    Record, VIR_DOMAIN_STATS_BALLOON, VIR_DOMAIN_STATS_BLOCK, VIR_DOMAIN_STATS_CPU_TOTAL,
};
use crate::info;
use crate::session::{Ask, Buffers};

/// How records are to be read.
pub(crate) struct How {
    /// Who was asked.
    pub(crate) ask: Ask,
    /// Why a record is not whole, where a record tells that by what it lacks.
    pub(crate) left_out: Option<Arc<str>>,
    /// Whether vCPUs take a call of their own.
    pub(crate) vcpus: bool,
}

/// What filling a snapshot came to.
#[derive(Default)]
pub(crate) struct Filled {
    /// Domains whose QEMU was left out.
    pub(crate) skipped: usize,
    /// The last refusal of a domain.
    pub(crate) refused: Option<Fault>,
}

/// Whether libvirt's QEMU driver has left out what a guest's monitor tells. Where neither memory nor
/// disks were asked for, the rest comes without the monitor as well.
fn is_left_out(row: &Domain, ask: Ask) -> bool {
    let Ask::Guests(groups) = ask else {
        return true;
    };
    if groups & VIR_DOMAIN_STATS_BALLOON != 0 {
        return row.memory.rss_bytes.is_none();
    }
    let disks = &row.disks.rows;
    groups & VIR_DOMAIN_STATS_BLOCK != 0
        && !disks.is_empty()
        && disks.iter().all(|disk| disk.rd_requests.is_none())
}

/// Makes a row of each record, in ascending order of id.
pub(crate) fn fill<'l>(
    buffers: &mut Buffers,
    into: &mut Snapshot,
    len: usize,
    how: &How,
    record: impl Fn(usize) -> Record<'l>,
) -> Filled {
    let mut filled = Filled::default();
    into.domains.clear();
    for (id, at) in buffers.order.of(len, |at| record(at).domain.id()) {
        let record = record(at);
        let row = into.domains.next_row();
        row.clear();
        row.identity = Identity {
            id,
            uuid: record.domain.uuid(),
            incarnation: None,
        };
        buffers.fields.fill(row, record.fields());
        if let Some(why) = &how.left_out
            && is_left_out(row, how.ask)
        {
            row.error = Some(Arc::clone(why));
        }
        let is_skipped = row.error.is_some();
        let mut is_there = true;
        let is_unasked = matches!(how.ask, Ask::Guests(g) if g & VIR_DOMAIN_STATS_CPU_TOTAL == 0);
        if row.cpu_time_ns.is_none() && !is_unasked {
            match info::complete(row, record.domain.info()) {
                Ok(there) => is_there = there,
                Err(fault) => {
                    row.error = Some(fault.said().into());
                    filled.refused = Some(fault);
                }
            }
        }
        if !is_there || info::has_ended(row) {
            into.domains.drop_last();
            continue;
        }
        if how.vcpus
            && buffers.fields.takes_vcpus()
            && let Ok(vcpus) = record.domain.vcpus(row.vcpus_online.unwrap_or_default())
        {
            info::complete_vcpus(row, vcpus);
        }
        row.name = buffers.names.of(row.identity, record.domain.name());
        if let Some(instances) = &mut buffers.instances {
            row.instance = instances.of(row.identity, record.domain);
        }
        filled.skipped += usize::from(is_skipped);
    }
    buffers.names.sweep();
    if let Some(instances) = &mut buffers.instances {
        instances.sweep();
    }
    filled
}
