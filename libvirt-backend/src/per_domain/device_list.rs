//! A domain's devices of one kind, and their counters.

use std::ffi::{CStr, CString};

use super::domain_xml::DeviceTarget;
use crate::ffi::bindings::{
    VIR_DOMAIN_STATS_BLOCK, VIR_DOMAIN_STATS_INTERFACE, VIR_TYPED_PARAM_LLONG,
    VIR_TYPED_PARAM_STRING,
};
use crate::ffi::counters::Counters;
use crate::ffi::domain::Domain;
use crate::ffi::error::LibvirtError;
use crate::ffi::params::Param;

/// A kind of device.
pub(super) struct DeviceKind {
    /// The group of the bulk call that the kind belongs to.
    pub(super) group: u32,
    /// First part of the field names.
    prefix: &'static str,
    /// Last part of the field names, in the order of [`Counters`].
    fields: [&'static str; 8],
    /// Name of the call for a device.
    pub(super) call: &'static str,
    /// Plural of the kind, for warnings.
    pub(super) plural: &'static str,
    /// The call for a device.
    pub(super) counters: fn(Domain<'_>, &CStr) -> Result<Counters, LibvirtError>,
}

/// The kinds of devices: NICs and disks.
pub(super) const KINDS: [DeviceKind; 2] = [
    DeviceKind {
        group: VIR_DOMAIN_STATS_INTERFACE,
        prefix: "net",
        fields: [
            "rx.bytes", "rx.pkts", "rx.errs", "rx.drop", "tx.bytes", "tx.pkts", "tx.errs",
            "tx.drop",
        ],
        call: "virDomainInterfaceStats",
        plural: "NICs",
        counters: |domain, target| domain.nic(target),
    },
    DeviceKind {
        group: VIR_DOMAIN_STATS_BLOCK,
        prefix: "block",
        fields: [
            "rd.bytes", "rd.reqs", "rd.times", "wr.bytes", "wr.reqs", "wr.times", "fl.reqs",
            "fl.times",
        ],
        call: "virDomainBlockStatsFlags",
        plural: "disks",
        counters: |domain, target| domain.disk(target),
    },
];

/// A domain's devices of one kind.
pub(super) struct DeviceList {
    /// The values of all devices, in the bulk call's order.
    fields: Vec<Field>,
    devices: Vec<Device>,
    /// True if the devices were queried in this sample.
    pub(super) was_queried: bool,
}

struct Device {
    target: CString,
    /// Index of the first counter in the fields.
    first_field: usize,
    /// True if the last call for the device succeeded.
    answers: bool,
}

struct Field {
    name: String,
    bits: u64,
    text: Option<Box<[u8]>>,
    is_known: bool,
}

impl Field {
    fn known(name: String, bits: u64, text: Option<&str>) -> Self {
        Self {
            name,
            bits,
            text: text.map(|text| text.as_bytes().into()),
            is_known: true,
        }
    }

    fn unknown(name: String) -> Self {
        Self {
            is_known: false,
            ..Self::known(name, 0, None)
        }
    }
}

impl DeviceList {
    /// The devices with these targets, without counters.
    pub(super) fn new(kind: &DeviceKind, targets: &[Option<DeviceTarget>]) -> Self {
        let count = format!("{}.count", kind.prefix);
        let mut fields = vec![Field::known(count, targets.len() as u64, None)];
        let mut devices = Vec::new();
        for (number, target) in targets.iter().enumerate() {
            let Some(DeviceTarget { name, path }) = target else {
                continue;
            };
            let Ok(target) = CString::new(&**name) else {
                continue;
            };
            let field_name = |field: &str| format!("{}.{number}.{field}", kind.prefix);
            fields.push(Field::known(field_name("name"), 0, Some(name)));
            if let Some(path) = path {
                fields.push(Field::known(field_name("path"), 0, Some(path)));
            }
            devices.push(Device {
                target,
                first_field: fields.len(),
                answers: false,
            });
            fields.extend(kind.fields.map(|field| Field::unknown(field_name(field))));
        }
        Self {
            fields,
            devices,
            was_queried: false,
        }
    }

    /// Queries each device. Returns true if a device refuses that had answered before.
    pub(super) fn query(
        &mut self,
        kind: &DeviceKind,
        domain: Domain<'_>,
        mut refused: impl FnMut(LibvirtError),
    ) -> bool {
        let mut has_lost_one = false;
        for device in &mut self.devices {
            let answer = (kind.counters)(domain, &device.target);
            has_lost_one |= device.answers && answer.is_err();
            device.answers = answer.is_ok();
            let fields = &mut self.fields[device.first_field..][..kind.fields.len()];
            let counters = answer.map_err(&mut refused).ok();
            for (n, field) in fields.iter_mut().enumerate() {
                field.is_known = counters.is_some();
                field.bits = counters.map_or(0, |counters| counters[n].cast_unsigned());
            }
        }
        has_lost_one
    }

    /// The known values of the devices.
    pub(super) fn params(&self) -> impl Iterator<Item = Param<'_>> {
        let known = self.fields.iter().filter(|field| field.is_known);
        known.map(|field| {
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
