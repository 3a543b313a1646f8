//! What takes calls for each domain, of drivers whose bulk call tells of no devices, or that have
//! none: `virDomainGetInfo`, and a call for each device. What devices tell gets the bulk call's names,
//! so that rows and recordings are made of it alike.

mod list;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use virtmon_model::{Identity, Rows};

use crate::connection::error::Fault;
use crate::ffi::params::Param;
use crate::ffi::{Domain, DomainInfo, VIR_ERR_NO_SUPPORT};
use crate::per_domain::domain_xml as targets;
use list::{KINDS, List};

/// How often a domain's XML is read again for devices that were added to it. One that is taken away
/// refuses, which is noticed at once.
const AGE: Duration = Duration::from_secs(10);

/// How many domains are asked at once, over one connection. libvirt's daemon takes five calls of a
/// client at a time (`max_client_requests`); more wait there.
const AT_ONCE: usize = 4;

/// So few domains are asked one after the other: threads would cost more.
const FEW: usize = 4;

/// What is known of all domains.
#[derive(Default)]
pub(crate) struct OneByOne {
    /// In ascending order of id.
    known: Vec<Known>,
    /// By kind: whether the driver turned out to have no such call.
    lacks: [bool; 2],
}

/// What is known of a domain.
struct Known {
    identity: Identity,
    /// When its XML was read.
    read: Instant,
    /// Whether a device that had answered did not any more.
    is_old: bool,
    lists: [List; 2],
}

/// What one domain is to be asked, and what came of it.
struct Job<'l> {
    domain: Domain<'l>,
    identity: Identity,
    known: Option<Known>,
    info: Option<Result<DomainInfo, Fault>>,
    /// By kind: whether the driver has no such call, devices that were refused, the last reason.
    lacks: [bool; 2],
    refused: [(usize, Option<Fault>); 2],
    /// Why its XML could not be read.
    unread: Option<Fault>,
}

/// What all of them told in a reading, in ascending order of id.
pub(crate) struct Answers<'a> {
    known: &'a [Known],
    infos: Vec<(u32, Result<DomainInfo, Fault>)>,
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

    /// Asks these domains, and for the devices of these groups. What was refused is among the
    /// warnings.
    pub(crate) fn ask<'l>(
        &mut self,
        domains: impl Iterator<Item = Domain<'l>>,
        groups: u32,
        warnings: &mut Rows<String>,
    ) -> Answers<'_> {
        let wanted = [0, 1].map(|kind| groups & KINDS[kind].group != 0 && !self.lacks[kind]);
        let before = std::mem::take(&mut self.known).into_iter();
        let mut before: HashMap<_, _> = before.map(|known| (known.identity, known)).collect();
        let mut jobs: Vec<_> = domains
            .filter_map(|domain| {
                let id = domain.id()?;
                let uuid = domain.uuid();
                let identity = Identity {
                    id,
                    uuid,
                    incarnation: None,
                };
                Some(Job {
                    domain,
                    identity,
                    known: before.remove(&identity),
                    info: None,
                    lacks: [false; 2],
                    refused: Default::default(),
                    unread: None,
                })
            })
            .collect();
        jobs.sort_unstable_by_key(|job| job.identity.id);
        let now = Instant::now();
        at_once(&mut jobs, |job| job.run(wanted, now));
        self.take(jobs, warnings)
    }

    fn take(&mut self, jobs: Vec<Job<'_>>, warnings: &mut Rows<String>) -> Answers<'_> {
        let mut refused: [(usize, Option<Fault>); 2] = Default::default();
        let (mut unread, mut infos) = (None, Vec::with_capacity(jobs.len()));
        for job in jobs {
            infos.extend(job.info.map(|info| (job.identity.id, info)));
            self.known.extend(job.known);
            unread = job.unread.or(unread);
            for (n, (count, fault)) in job.refused.into_iter().enumerate() {
                self.lacks[n] |= job.lacks[n];
                refused[n].0 += count;
                refused[n].1 = fault.or(refused[n].1.take());
            }
        }
        for (kind, (count, fault)) in KINDS.iter().zip(refused) {
            if let Some(fault) = fault {
                let (call, plural, said) = (kind.call, kind.plural, fault.said());
                *warnings.next_row() = format!("{call}: {count} {plural} are not told of: {said}");
            }
        }
        if let Some(fault) = unread {
            *warnings.next_row() = format!("virDomainGetXMLDesc: {}", fault.said());
        }
        Answers {
            known: &self.known,
            infos,
        }
    }
}

/// Does all jobs, a few at a time.
fn at_once<J: Send>(jobs: &mut [J], run: impl Fn(&mut J) + Sync) {
    let others = match jobs.len() {
        0..=FEW => 0,
        many => many.min(AT_ONCE) - 1,
    };
    let jobs = Mutex::new(jobs.iter_mut());
    let work = || {
        loop {
            let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(job) = next else { return };
            run(job);
        }
    };
    thread::scope(|scope| {
        for _ in 0..others {
            let name = "virtmon-asks".to_owned();
            // Without another thread this one does it all.
            let _ = thread::Builder::new().name(name).spawn_scoped(scope, work);
        }
        work();
    });
}

impl Job<'_> {
    fn run(&mut self, wanted: [bool; 2], now: Instant) {
        self.info = Some(self.domain.info());
        // Xen's domain 0 has the host's own devices, of which its XML knows nothing: not none.
        if self.identity.id == 0 && self.identity.uuid.is_nil() {
            return;
        }
        let is_new = self.known.as_ref().is_some_and(|known| known.is_new(now));
        if wanted.contains(&true) && !is_new {
            match Known::read(self.domain, self.identity, now) {
                Ok(read) => self.known = Some(read),
                // Its devices are those of before, or unknown, until it can be read.
                Err(fault) if fault.is_no_domain() => {}
                Err(fault) => self.unread = Some(fault),
            }
        }
        let Some(known) = &mut self.known else {
            return;
        };
        for (n, kind) in KINDS.iter().enumerate() {
            let list = &mut known.lists[n];
            if wanted[n] {
                known.is_old |= list.ask(kind, self.domain, |fault| match fault.code() {
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
}

impl Answers<'_> {
    /// What the devices of the domain with this id told.
    pub(crate) fn devices(&self, id: u32) -> Option<Told<'_>> {
        let by_id = |known: &Known| known.identity.id;
        let at = self.known.binary_search_by_key(&id, by_id).ok()?;
        Some(Told(&self.known[at].lists))
    }

    /// As [`Domain::info`], asked already.
    pub(crate) fn info(&self, id: u32) -> Option<Result<DomainInfo, Fault>> {
        let at = self.infos.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.infos[at].1.clone())
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
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn four_are_asked_at_once_and_a_few_by_one() {
        for (jobs, threads) in [(0, 1), (1, 1), (FEW, 1), (AT_ONCE * 2, AT_ONCE)] {
            // Each job waits for as many as are to be at work with it.
            let meets = Barrier::new(threads);
            let mut done = vec![0; jobs];
            at_once(&mut done, |job| {
                meets.wait();
                *job += 1;
            });
            assert_eq!(done, vec![1; jobs]);
        }
    }
}
