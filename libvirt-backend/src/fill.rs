//! Rows out of what libvirt told, live or in a recording.

use std::sync::Arc;

use virtmon_model::{Identity, Snapshot, Uuid, Wanted};

use crate::fault::Fault;
use crate::ffi::{DomainInfo, Record};
use crate::fields::Fields;
use crate::names::Names;
use crate::order::Order;
use crate::value::Param;
use crate::{info, raw};

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
}

impl<'l> Told<'l> for Record<'l> {
    fn id(&self) -> Option<u32> {
        self.domain.id()
    }

    fn uuid(&self) -> Uuid {
        self.domain.uuid()
    }

    fn name(&self) -> &'l [u8] {
        self.domain.name()
    }

    fn params(&self) -> impl Iterator<Item = Param<'l>> {
        Record::params(*self)
    }

    fn info(&self) -> Result<DomainInfo, Fault> {
        self.domain.info()
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

/// Buffers that outlive a connection.
pub(crate) struct Buffers {
    fields: Fields,
    names: Names,
    order: Order,
    no_answer: Arc<str>,
    not_asked: Arc<str>,
}

impl Buffers {
    /// For what is wanted.
    pub(crate) fn new(wanted: Wanted) -> Self {
        Self {
            fields: Fields::new(wanted),
            names: Names::default(),
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

/// Makes a row of each record, in ascending order of id. `left_out` says why a record without
/// `balloon.rss` is not whole, where that is the reason. The records are kept in `kept`, if there
/// is such a place.
pub(crate) fn fill<'a, T: Told<'a>>(
    buffers: &mut Buffers,
    into: &mut Snapshot,
    mut kept: Option<&mut Vec<u8>>,
    len: usize,
    left_out: Option<LeftOut>,
    record: impl Fn(usize) -> T,
) -> Filled {
    let mut filled = Filled::default();
    let why = left_out.map(|why| match why {
        LeftOut::NoAnswer => &buffers.no_answer,
        LeftOut::NotAsked => &buffers.not_asked,
    });
    if let Some(kept) = &mut kept {
        raw::put_left_out(kept, left_out);
    }
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
        if row.memory.rss_bytes.is_none() {
            row.error = why.cloned();
        }
        let is_skipped = row.error.is_some();
        let info = row.cpu_time_ns.is_none().then(|| record.info());
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
        filled.skipped += usize::from(is_skipped);
    }
    if let Some(kept) = &mut kept {
        raw::put_end(kept);
    }
    buffers.names.sweep();
    filled
}
