//! Rows out of what libvirt told, live or in a recording.

use std::sync::Arc;

use virtmon_model::{Domain as Row, Identity, Snapshot, Uuid};

use crate::connection::error::Fault;
use crate::connection::session::Ask;
use crate::ffi::params::Param;
use crate::ffi::{
    Domain, DomainInfo, Record, VIR_DOMAIN_STATS_BALLOON, VIR_DOMAIN_STATS_BLOCK,
    VIR_DOMAIN_STATS_CPU_TOTAL,
};
use crate::openstack::Instances;
use crate::per_domain::stats as one_by_one;
use crate::recording::encode as raw;
use crate::recording::encode::RawSample;
use crate::records::domain_info as info;
use crate::records::fields::{FieldSelection, Fields};
use crate::records::name_cache::Names;
use crate::records::order::Order;

/// What libvirt told of one domain.
pub(crate) trait Told<'a> {
    /// As [`Domain::id`](crate::ffi::Domain::id).
    fn id(&self) -> Option<u32>;
    /// As [`Domain::uuid`](crate::ffi::Domain::uuid).
    fn uuid(&self) -> Uuid;
    /// As [`Domain::name`](crate::ffi::Domain::name).
    fn name(&self) -> &'a [u8];
    /// As [`Record::params`].
    fn params(&self) -> impl Iterator<Item = Param<'a>>;
    /// As [`Domain::info`](crate::ffi::Domain::info).
    fn info(&self) -> Result<DomainInfo, Fault>;
    /// The domain itself, to be asked for more, where it is there.
    fn live(&self) -> Option<Domain<'a>>;
}

/// What libvirt told in a list, and of devices apart from it.
pub(crate) struct Live<'l> {
    pub(crate) record: Record<'l>,
    /// Where each domain is asked by itself.
    pub(crate) answers: Option<&'l one_by_one::Answers<'l>>,
}

impl<'l> Told<'l> for Live<'l> {
    fn id(&self) -> Option<u32> {
        self.record.domain.id()
    }

    fn uuid(&self) -> Uuid {
        self.record.domain.uuid()
    }

    fn name(&self) -> &'l [u8] {
        self.record.domain.name()
    }

    fn params(&self) -> impl Iterator<Item = Param<'l>> {
        let devices = self.answers.zip(self.id());
        let devices = devices.and_then(|(answers, id)| answers.devices(id));
        let devices = devices.into_iter().flat_map(one_by_one::Told::params);
        self.record.params().chain(devices)
    }

    fn info(&self) -> Result<DomainInfo, Fault> {
        let asked = self.answers.zip(self.id());
        let asked = asked.and_then(|(answers, id)| answers.info(id));
        asked.unwrap_or_else(|| self.record.domain.info())
    }

    fn live(&self) -> Option<Domain<'l>> {
        Some(self.record.domain)
    }
}

/// Why libvirt left out what a guest's QEMU tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// It answered without it.
    NoAnswer,
    /// It was not to ask.
    NotAsked,
}

/// How records are to be read.
pub(crate) struct How {
    /// Who was asked.
    pub(crate) ask: Ask,
    /// Why a record is not whole, where a record tells that by what it lacks.
    pub(crate) left_out: Option<LeftOut>,
    /// Whether vCPUs take a call of their own.
    pub(crate) vcpus: bool,
}

/// Buffers that outlive a connection.
pub(crate) struct Buffers {
    fields: Fields,
    names: Names,
    /// Where they are wanted.
    instances: Option<Instances>,
    order: Order,
    no_answer: Arc<str>,
    not_asked: Arc<str>,
}

impl Buffers {
    /// For what is wanted.
    pub(crate) fn new(take: FieldSelection) -> Self {
        Self {
            fields: Fields::new(take),
            names: Names::default(),
            instances: take.nova.then(Instances::default),
            order: Order::default(),
            no_answer: "its QEMU does not answer: another call is waiting for it".into(),
            not_asked: "its QEMU was not asked: too many others do not answer".into(),
        }
    }
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
fn is_left_out(row: &Row, ask: Ask) -> bool {
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

/// Makes a row of each record, in ascending order of id. The records are kept in `kept`, if there is
/// such a place.
pub(crate) fn fill<'a, T: Told<'a>>(
    buffers: &mut Buffers,
    into: &mut Snapshot,
    mut kept: Option<&mut RawSample>,
    len: usize,
    how: &How,
    record: impl Fn(usize) -> T,
) -> Filled {
    let mut filled = Filled::default();
    let why = how.left_out.map(|why| match why {
        LeftOut::NoAnswer => &buffers.no_answer,
        LeftOut::NotAsked => &buffers.not_asked,
    });
    if let Some(kept) = &mut kept {
        raw::put_left_out(kept, how.left_out);
    }
    let is_unasked = matches!(how.ask, Ask::Guests(g) if g & VIR_DOMAIN_STATS_CPU_TOTAL == 0);
    into.domains.clear();
    for (id, at) in buffers.order.of(len, |at| record(at).id()) {
        let record = record(at);
        let row = into.domains.next_row();
        row.clear();
        row.identity = Identity {
            id,
            uuid: record.uuid(),
            incarnation: None,
        };
        let fields = record.params().map(|param| (param.name, param.value()));
        buffers.fields.fill(row, fields);
        if is_left_out(row, how.ask) {
            row.error = why.cloned();
        }
        let is_skipped = row.error.is_some();
        let lacks_info = row.cpu_time_ns.is_none() && !is_unasked;
        let info = lacks_info.then(|| record.info());
        if let Some(kept) = &mut kept {
            raw::put_record(kept, id, &record, info.as_ref());
        }
        let is_there = match info.map(|info| info::complete(row, info)) {
            None => true,
            Some(Ok(there)) => there,
            Some(Err(fault)) => {
                row.error = Some(fault.said().into());
                filled.refused = Some(fault);
                true
            }
        };
        if !is_there || info::has_ended(row) {
            into.domains.drop_last();
            continue;
        }
        row.name = buffers.names.of(row.identity, record.name());
        if let Some(live) = record.live() {
            if how.vcpus
                && buffers.fields.takes_vcpus()
                && let Ok(vcpus) = live.vcpus(row.vcpus_online.unwrap_or_default())
            {
                info::complete_vcpus(row, vcpus);
            }
            if let Some(instances) = &mut buffers.instances {
                row.instance = instances.of(row.identity, live);
            }
        }
        filled.skipped += usize::from(is_skipped);
    }
    if let Some(kept) = &mut kept {
        raw::put_end(&mut kept.bytes);
    }
    buffers.names.sweep();
    if let Some(instances) = &mut buffers.instances {
        instances.sweep();
    }
    filled
}
