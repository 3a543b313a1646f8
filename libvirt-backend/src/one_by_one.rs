//! Devices of a driver whose bulk call tells of none: each is asked for by a call of its own, and
//! what it tells gets the bulk call's names, so that rows and recordings are made of it alike.

use std::ffi::{CStr, CString};
use std::time::{Duration, Instant};

use virtmon_model::{Identity, Rows};

use crate::fault::Fault;
use crate::ffi::{
    Counters, Domain, VIR_DOMAIN_STATS_BLOCK, VIR_DOMAIN_STATS_INTERFACE, VIR_ERR_NO_SUPPORT,
    VIR_ERR_OPERATION_INVALID, VIR_TYPED_PARAM_LLONG, VIR_TYPED_PARAM_STRING,
};
use crate::targets::{self, Target};
use crate::value::Param;

/// How often a domain's XML is read again for devices that were added to it. One that is taken away
/// refuses, which is noticed at once.
const AGE: Duration = Duration::from_secs(10);

/// A kind of device.
struct Kind {
    /// The group of the bulk call that it belongs to.
    group: u32,
    /// The first part of its fields' names.
    prefix: &'static str,
    /// The last part, in the order of [`Counters`].
    fields: [&'static str; 8],
    call: &'static str,
    /// What troubles call such devices.
    plural: &'static str,
    ask: fn(Domain<'_>, &CStr) -> Result<Counters, Fault>,
}

const KINDS: [Kind; 2] = [
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

/// What is known of the devices of all domains.
#[derive(Default)]
pub(crate) struct OneByOne {
    /// In ascending order of id.
    known: Vec<Known>,
    /// By kind: whether the driver turned out to have no such call.
    lacks: [bool; 2],
    /// By kind, since the last sweep: devices that were refused, and the last reason.
    refused: [(usize, Option<Fault>); 2],
    /// Why a domain's XML could not be read, since the last sweep.
    unread: Option<Fault>,
}

/// A domain's devices.
struct Known {
    identity: Identity,
    /// When its XML was read.
    read: Instant,
    /// Whether a device that had answered did not any more.
    is_old: bool,
    lists: [List; 2],
    seen: bool,
}

/// A domain's devices of one kind.
struct List {
    /// What they have told, in the bulk call's order.
    fields: Vec<Field>,
    devices: Vec<Device>,
    /// Whether they were asked for in this reading.
    asked: bool,
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

impl OneByOne {
    /// Whether the driver has calls for NICs and for disks, in this order, found out of a domain
    /// that has no such device.
    pub(crate) fn find(&mut self, domain: Domain<'_>) {
        for (kind, lacks) in KINDS.iter().zip(&mut self.lacks) {
            let told = (kind.ask)(domain, c"virtmon's question");
            *lacks = told.is_err_and(|fault| fault.code() == VIR_ERR_NO_SUPPORT);
        }
    }

    /// Whether NICs and disks can be asked for.
    pub(crate) fn tells(&self) -> [bool; 2] {
        self.lacks.map(|lacks| !lacks)
    }

    /// Asks for the devices of a domain, those of these groups.
    pub(crate) fn ask(
        &mut self,
        domain: Domain<'_>,
        identity: Identity,
        groups: u32,
        now: Instant,
    ) {
        let wanted = [0, 1].map(|kind| groups & KINDS[kind].group != 0 && !self.lacks[kind]);
        let mut found = self.find_known(identity.id);
        if let Ok(at) = found
            && self.known[at].identity != identity
        {
            self.known.remove(at);
            found = Err(at);
        }
        let is_new = found.is_ok_and(|at| self.known[at].is_new(now));
        if wanted.contains(&true) && !is_new {
            match (Known::read(domain, identity, now), found) {
                (Ok(read), Ok(at)) => self.known[at] = read,
                (Ok(read), Err(at)) => self.known.insert(at, read),
                // Its devices are those of before, or unknown, until it can be read.
                (Err(fault), _) if is_over(&fault) => {}
                (Err(fault), _) => self.unread = Some(fault),
            }
        }
        let Ok(at) = self.find_known(identity.id) else {
            return;
        };
        let known = &mut self.known[at];
        known.seen = true;
        for (n, kind) in KINDS.iter().enumerate() {
            let list = &mut known.lists[n];
            list.asked = wanted[n];
            if !wanted[n] {
                continue;
            }
            for device in &mut list.devices {
                let told = (kind.ask)(domain, &device.target);
                let fields = &mut list.fields[device.at..][..kind.fields.len()];
                let counters = told.as_ref().ok();
                for (n, field) in fields.iter_mut().enumerate() {
                    field.told = counters.is_some();
                    field.bits = counters.map_or(0, |counters| counters[n].cast_unsigned());
                }
                known.is_old |= device.answers && told.is_err();
                device.answers = told.is_ok();
                match told {
                    Err(fault) if fault.code() == VIR_ERR_NO_SUPPORT => self.lacks[n] = true,
                    Err(fault) if !is_over(&fault) => {
                        self.refused[n].0 += 1;
                        self.refused[n].1 = Some(fault);
                    }
                    _ => {}
                }
            }
            list.asked = !self.lacks[n];
        }
    }

    /// What the devices of the domain with this id told.
    pub(crate) fn of(&self, id: u32) -> Option<Told<'_>> {
        let at = self.find_known(id).ok()?;
        Some(Told(&self.known[at].lists))
    }

    /// Ends a reading: forgets the domains that were not asked for in it, and says what was refused.
    pub(crate) fn sweep(&mut self, troubles: &mut Rows<String>) {
        self.known
            .retain_mut(|known| std::mem::take(&mut known.seen));
        for (kind, refused) in KINDS.iter().zip(&mut self.refused) {
            let (count, fault) = std::mem::take(refused);
            if let Some(fault) = fault {
                let trouble = troubles.next_row();
                *trouble = format!(
                    "{}: {count} {} are not told of: {}",
                    kind.call,
                    kind.plural,
                    fault.said()
                );
            }
        }
        if let Some(fault) = self.unread.take() {
            *troubles.next_row() = format!("virDomainGetXMLDesc: {}", fault.said());
        }
    }

    fn find_known(&self, id: u32) -> Result<usize, usize> {
        self.known
            .binary_search_by_key(&id, |known| known.identity.id)
    }
}

/// Whether the domain is there no more, which its row's absence says.
fn is_over(fault: &Fault) -> bool {
    fault.is_no_domain() || fault.code() == VIR_ERR_OPERATION_INVALID
}

/// What the devices of a domain told.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a>(&'a [List; 2]);

impl<'a> Told<'a> {
    /// The fields, as the bulk call has them.
    pub(crate) fn params(self) -> impl Iterator<Item = Param<'a>> {
        let asked = self.0.iter().filter(|list| list.asked);
        let fields = asked.flat_map(|list| &list.fields);
        fields.filter(|field| field.told).map(|field| {
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

impl Known {
    /// Whether there is no reason yet to read its XML again.
    fn is_new(&self, now: Instant) -> bool {
        !self.is_old && now - self.read < AGE
    }

    fn read(domain: Domain<'_>, identity: Identity, now: Instant) -> Result<Self, Fault> {
        let targets = targets::parse(&domain.xml()?)
            .ok_or_else(|| Fault::new(0, 0, "what it returned is no XML"))?;
        Ok(Self {
            identity,
            read: now,
            is_old: false,
            lists: [
                List::of(&KINDS[0], &targets.nics),
                List::of(&KINDS[1], &targets.disks),
            ],
            seen: true,
        })
    }
}

impl List {
    fn of(kind: &Kind, targets: &[Option<Target>]) -> Self {
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
}
