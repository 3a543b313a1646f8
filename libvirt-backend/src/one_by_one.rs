//! Devices of a driver whose bulk call tells of none: each is asked for by a call of its own, and
//! what it tells gets the bulk call's names, so that rows and recordings are made of it alike.

mod list;

use std::time::{Duration, Instant};

use virtmon_model::{Identity, Rows};

use crate::fault::Fault;
use crate::ffi::{Domain, VIR_ERR_NO_SUPPORT};
use crate::targets;
use crate::value::Param;
use list::{KINDS, List};

/// How often a domain's XML is read again for devices that were added to it. One that is taken away
/// refuses, which is noticed at once.
const AGE: Duration = Duration::from_secs(10);

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
                (Err(fault), _) if fault.is_no_domain() => {}
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
            if wanted[n] {
                known.is_old |= list.ask(kind, domain, |fault| match fault.code() {
                    VIR_ERR_NO_SUPPORT => self.lacks[n] = true,
                    _ if fault.is_no_domain() => {}
                    _ => {
                        self.refused[n].0 += 1;
                        self.refused[n].1 = Some(fault);
                    }
                });
            }
            list.asked = wanted[n] && !self.lacks[n];
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

/// What the devices of a domain told.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a>(&'a [List; 2]);

impl<'a> Told<'a> {
    /// The fields, as the bulk call has them.
    pub(crate) fn params(self) -> impl Iterator<Item = Param<'a>> {
        let asked = self.0.iter().filter(|list| list.asked);
        asked.flat_map(List::params)
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
