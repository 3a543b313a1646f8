//! A domain's devices of one kind, and what they tell.

use std::ffi::{CStr, CString};

use crate::connection::error::Fault;
use crate::ffi::params::Param;
use crate::ffi::{
    Counters, Domain, VIR_DOMAIN_STATS_BLOCK, VIR_DOMAIN_STATS_INTERFACE, VIR_TYPED_PARAM_LLONG,
    VIR_TYPED_PARAM_STRING,
};
use crate::per_domain::domain_xml::Target;

/// A kind of device.
pub(super) struct Kind {
    /// The group of the bulk call that it belongs to.
    pub(super) group: u32,
    /// The first part of its fields' names.
    prefix: &'static str,
    /// The last part, in the order of [`Counters`].
    fields: [&'static str; 8],
    pub(super) call: &'static str,
    /// What warnings call such devices.
    pub(super) plural: &'static str,
    pub(super) ask: fn(Domain<'_>, &CStr) -> Result<Counters, Fault>,
}

pub(super) const KINDS: [Kind; 2] = [
    Kind {
        group: VIR_DOMAIN_STATS_INTERFACE,
        prefix: "net",
        fields: [
            "rx.bytes", "rx.pkts", "rx.errs", "rx.drop", "tx.bytes", "tx.pkts", "tx.errs",
            "tx.drop",
        ],
        call: "virDomainInterfaceStats",
        plural: "NICs",
        ask: |domain, target| domain.nic(target),
    },
    Kind {
        group: VIR_DOMAIN_STATS_BLOCK,
        prefix: "block",
        fields: [
            "rd.bytes", "rd.reqs", "rd.times", "wr.bytes", "wr.reqs", "wr.times", "fl.reqs",
            "fl.times",
        ],
        call: "virDomainBlockStatsFlags",
        plural: "disks",
        ask: |domain, target| domain.disk(target),
    },
];

/// A domain's devices of one kind.
pub(super) struct List {
    /// What they have told, in the bulk call's order.
    fields: Vec<Field>,
    devices: Vec<Device>,
    /// Whether they were asked for in this reading.
    pub(super) asked: bool,
}

struct Device {
    target: CString,
    /// Where its counters are among the fields.
    at: usize,
    answers: bool,
}

struct Field {
    name: String,
    bits: u64,
    text: Option<Box<[u8]>>,
    told: bool,
}

impl List {
    pub(super) fn of(kind: &Kind, targets: &[Option<Target>]) -> Self {
        let field = |name: String, bits, text: Option<&str>| Field {
            name,
            bits,
            text: text.map(|text| text.as_bytes().into()),
            told: true,
        };
        let count = format!("{}.count", kind.prefix);
        let mut fields = vec![field(count, targets.len() as u64, None)];
        let mut devices = Vec::new();
        for (number, target) in targets.iter().enumerate() {
            let Some(Target { name, path }) = target else {
                continue;
            };
            let Ok(target) = CString::new(&**name) else {
                continue;
            };
            let named = |name: &str| format!("{}.{number}.{name}", kind.prefix);
            fields.push(field(named("name"), 0, Some(name)));
            if let Some(path) = path {
                fields.push(field(named("path"), 0, Some(path)));
            }
            devices.push(Device {
                target,
                at: fields.len(),
                answers: false,
            });
            fields.extend(kind.fields.map(|name| Field {
                told: false,
                ..field(named(name), 0, None)
            }));
        }
        Self {
            fields,
            devices,
            asked: false,
        }
    }

    /// Asks for each device. Says whether one refuses that had answered.
    pub(super) fn ask(
        &mut self,
        kind: &Kind,
        domain: Domain<'_>,
        mut refused: impl FnMut(Fault),
    ) -> bool {
        let mut is_one_gone = false;
        for device in &mut self.devices {
            let told = (kind.ask)(domain, &device.target);
            is_one_gone |= device.answers && told.is_err();
            device.answers = told.is_ok();
            let fields = &mut self.fields[device.at..][..kind.fields.len()];
            let counters = told.map_err(&mut refused).ok();
            for (n, field) in fields.iter_mut().enumerate() {
                field.told = counters.is_some();
                field.bits = counters.map_or(0, |counters| counters[n].cast_unsigned());
            }
        }
        is_one_gone
    }

    /// What they have told.
    pub(super) fn params(&self) -> impl Iterator<Item = Param<'_>> {
        let told = self.fields.iter().filter(|field| field.told);
        told.map(|field| {
            let kind = match field.text {
                Some(_) => VIR_TYPED_PARAM_STRING,
                None => VIR_TYPED_PARAM_LLONG,
            };
            Param {
                name: &field.name,
                kind: kind.cast_signed(),
                bits: field.bits,
                text: field.text.as_deref(),
            }
        })
    }
}
