//! Rows from records.

use std::sync::Arc;

use virtmon_model::{Domain as Row, Identity, Snapshot};

use super::domain_info;
use super::fields::{FieldDecoder, FieldSelection};
use super::name_cache::NameCache;
use super::order::Order;
use super::record::{DomainRecord, Omitted, Recorder};
use crate::ffi::bindings::{
    VIR_DOMAIN_STATS_BALLOON, VIR_DOMAIN_STATS_BLOCK, VIR_DOMAIN_STATS_CPU_TOTAL,
};
use crate::ffi::domain::DomainInfo;
use crate::ffi::error::LibvirtError;
use crate::openstack::InstanceCache;
use crate::stats_groups::Scope;

/// The facts about a sample that its records do not contain.
pub(crate) struct DecodeContext {
    /// The part of the host that was queried.
    pub(crate) scope: Scope,
    /// The reason for incomplete records. `None` if a record cannot show that it is incomplete.
    pub(crate) omitted: Option<Omitted>,
    /// True if vCPUs take a call of their own.
    pub(crate) queries_vcpus: bool,
}

impl DecodeContext {
    /// True if libvirt's QEMU driver has omitted the values of a guest's monitor. If neither memory nor
    /// disks were queried, the other values come without the monitor too.
    fn is_incomplete(&self, row: &Row) -> bool {
        let Scope::Guests(groups) = self.scope else {
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

    /// True if the group with the CPU time was queried, or would have been queried in any sample.
    fn expects_cpu_time(&self) -> bool {
        !matches!(self.scope, Scope::Guests(groups) if groups & VIR_DOMAIN_STATS_CPU_TOTAL == 0)
    }
}

/// The result of decoding.
#[derive(Default)]
pub(crate) struct DecodeReport {
    /// Number of rows for which libvirt omitted the values of QEMU.
    pub(crate) incomplete: usize,
    /// The last error of a call for one domain.
    pub(crate) refused: Option<LibvirtError>,
}

/// Buffers that outlive a connection.
pub(crate) struct Buffers {
    order: Order,
    rows: RowDecoder,
}

impl Buffers {
    /// Buffers for the selected values.
    pub(crate) fn new(selection: FieldSelection) -> Self {
        Self {
            order: Order::default(),
            rows: RowDecoder {
                fields: FieldDecoder::new(selection),
                names: NameCache::default(),
                instances: selection.nova.then(InstanceCache::default),
                no_answer: "its QEMU does not answer: another call is waiting for it".into(),
                not_queried: "its QEMU was not queried: too many others do not answer".into(),
            },
        }
    }
}

/// Makes a row of each record, in ascending order of id. The records are copied to `recorder`, if there is
/// one.
pub(crate) fn decode<'a, T: DomainRecord<'a>>(
    buffers: &mut Buffers,
    into: &mut Snapshot,
    mut recorder: Option<&mut impl Recorder>,
    len: usize,
    context: &DecodeContext,
    record: impl Fn(usize) -> T,
) -> DecodeReport {
    let mut report = DecodeReport::default();
    if let Some(recorder) = &mut recorder {
        recorder.begin_records(context.omitted);
    }
    let Buffers { order, rows } = buffers;
    into.domains.clear();
    for (id, index) in order.sort(len, |index| record(index).id()) {
        let record = record(index);
        let row = into.domains.next_row();
        let info = rows.decode(row, id, &record, context);
        if let Some(recorder) = &mut recorder {
            recorder.add_record(id, &record, info.as_ref());
        }
        let is_incomplete = row.error.is_some();
        if !apply_info(row, info, &mut report) || domain_info::has_ended(row) {
            into.domains.drop_last();
            continue;
        }
        rows.complete(row, &record, context);
        report.incomplete += usize::from(is_incomplete);
    }
    if let Some(recorder) = &mut recorder {
        recorder.end_records();
    }
    rows.sweep();
    report
}

/// Completes a row with the result of `virDomainGetInfo`, if it was called. Returns false if the domain has
/// ended.
fn apply_info(
    row: &mut Row,
    info: Option<Result<DomainInfo, LibvirtError>>,
    report: &mut DecodeReport,
) -> bool {
    match info.map(|info| domain_info::complete(row, info)) {
        None => true,
        Some(Ok(exists)) => exists,
        Some(Err(error)) => {
            row.error = Some(error.message().into());
            report.refused = Some(error);
            true
        }
    }
}

/// Decodes one record after the other.
struct RowDecoder {
    fields: FieldDecoder,
    names: NameCache,
    /// `None` if instances are not selected.
    instances: Option<InstanceCache>,
    no_answer: Arc<str>,
    not_queried: Arc<str>,
}

impl RowDecoder {
    /// Fills a row with the record's parameters. Returns the result of `virDomainGetInfo`, which is called
    /// if the parameters lack a CPU time that they should have.
    fn decode<'a>(
        &mut self,
        row: &mut Row,
        id: u32,
        record: &impl DomainRecord<'a>,
        context: &DecodeContext,
    ) -> Option<Result<DomainInfo, LibvirtError>> {
        row.clear();
        row.identity = Identity {
            id,
            uuid: record.uuid(),
            incarnation: None,
        };
        let fields = record.params().map(|param| (param.name, param.value()));
        self.fields.decode(row, fields);
        if context.is_incomplete(row) {
            row.error = match context.omitted {
                None => None,
                Some(Omitted::NoAnswer) => Some(Arc::clone(&self.no_answer)),
                Some(Omitted::NotQueried) => Some(Arc::clone(&self.not_queried)),
            };
        }
        let lacks_info = row.cpu_time_ns.is_none() && context.expects_cpu_time();
        lacks_info.then(|| record.info())
    }

    /// Completes the row of a domain that exists.
    fn complete<'a>(
        &mut self,
        row: &mut Row,
        record: &impl DomainRecord<'a>,
        context: &DecodeContext,
    ) {
        row.name = self.names.get(row.identity, record.name());
        let Some(domain) = record.live() else {
            return;
        };
        if context.queries_vcpus
            && self.fields.reads_vcpus()
            && let Ok(vcpus) = domain.vcpus(row.vcpus_online.unwrap_or_default())
        {
            domain_info::complete_vcpus(row, vcpus);
        }
        if let Some(instances) = &mut self.instances {
            row.instance = instances.get(row.identity, domain);
        }
    }

    /// Removes the domains that were not decoded since the last call.
    fn sweep(&mut self) {
        self.names.sweep();
        if let Some(instances) = &mut self.instances {
            instances.sweep();
        }
    }
}
