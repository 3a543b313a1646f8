use std::ffi::CStr;

use virtmon_model::{Capabilities, Host, Snapshot, Uuid};

use crate::connection::error::Fault;
use crate::connection::host;
use crate::connection::phase::{Phase, Progress};
use crate::connection::stats_api::{self, Way};
use crate::ffi::{Connection, Library, StatsRecords, VIR_ERR_NO_SUPPORT};
use crate::per_domain::stats::OneByOne;
use crate::recording::encode as raw;
use crate::recording::encode::RawSample;
use crate::records::decode::{Buffers, How, LeftOut, Live, fill};

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The daemon, and each guest's QEMU by it, for these groups.
    Guests(u32),
    /// The daemon alone, for what it knows by itself, while no guest may be asked.
    Daemon,
    /// The daemon alone, before some guests are asked apart from the others.
    Base,
}

/// An open connection and what is known of it.
pub(crate) struct Session {
    connection: Connection,
    facts: Facts,
    one_by_one: OneByOne,
    /// Whether the driver tells of free memory.
    tells_free_memory: bool,
    guests_at_open: usize,
}

/// What the first session finds out, and the later ones of the same daemon need not ask for again.
#[derive(Clone)]
pub(crate) struct Facts {
    way: Way,
    host: Host,
    /// Whether a record without `balloon.rss` is one that QEMU was not asked for: libvirt's QEMU
    /// driver reads it only together with what it asks QEMU's monitor.
    tells_rss: bool,
}

/// A call that failed, by its name.
pub(crate) type Failed = (&'static str, Fault);

impl Session {
    /// Connects, read-only, and finds out what can be asked, unless `facts` has that: on a busy
    /// host each question may take seconds.
    pub(crate) fn open(
        library: &'static Library,
        uri: Option<&CStr>,
        facts: Option<Facts>,
    ) -> Result<Self, Fault> {
        let connection = Connection::open(library, uri)?;
        let mut guests_at_open = 0;
        let facts = match facts {
            Some(facts) => facts,
            None => {
                let (way, guests) = Way::find(&connection)?;
                guests_at_open = guests;
                Facts {
                    way,
                    host: host::facts(&connection),
                    tells_rss: connection.driver().is_ok_and(|driver| driver == "QEMU"),
                }
            }
        };
        let mut one_by_one = OneByOne::default();
        if !facts.way.tells_devices() {
            let domains = connection.active_domains()?;
            guests_at_open = domains.len();
            if guests_at_open > 0 {
                one_by_one.find(domains.get(0).domain);
            }
        }
        Ok(Self {
            facts,
            one_by_one,
            tells_free_memory: true,
            guests_at_open,
            connection,
        })
    }

    /// What it found out.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How many guests there were when it was opened, where opening told.
    pub(crate) fn guests_at_open(&self) -> usize {
        self.guests_at_open
    }

    /// Whether it is worth another call.
    pub(crate) fn is_alive(&self) -> bool {
        self.connection.is_alive()
    }

    /// What the driver can tell. Where the bulk call has no devices, each takes a call of its own,
    /// and so do each domain's vCPUs.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let [nics, disks] = match self.facts.way.tells_devices() {
            true => [true; 2],
            false => self.one_by_one.tells(),
        };
        Capabilities {
            nics,
            disks,
            vcpus: true,
        }
    }

    /// Reads the host and its active domains, or `only` those where there are some. Returns how
    /// many of them are not whole, since libvirt left out what their QEMU tells. What libvirt
    /// returned is kept in `kept`, if there is such a place.
    pub(crate) fn sample(
        &mut self,
        ask: Ask,
        only: &[Uuid],
        buffers: &mut Buffers,
        into: &mut Snapshot,
        mut kept: Option<&mut RawSample>,
        progress: &Progress,
    ) -> Result<usize, Failed> {
        into.warnings.clear();
        // First, since a daemon that answers this is one that answers.
        into.host.mem_free_bytes = self.free_memory();
        let host = &mut into.host;
        host.hypervisor.clone_from(&self.facts.host.hypervisor);
        host.pcpus = self.facts.host.pcpus;
        host.mem_bytes = self.facts.host.mem_bytes;
        if let Some(kept) = &mut kept {
            kept.clear();
            raw::put_host(&mut kept.bytes, host);
        }
        let groups = match ask {
            // Of a driver that leaves out what it does not know, no more is enforced.
            Ask::Guests(groups) => groups,
            Ask::Daemon | Ask::Base => stats_api::DAEMON_GROUPS,
        };
        let one_by_one = &mut self.one_by_one;
        let filled = match self.facts.way {
            Way::Bulk { nowait, devices } => {
                let may_be_held = nowait && matches!(ask, Ask::Guests(_));
                let records = records(&self.connection, groups, nowait, only, || {
                    if may_be_held {
                        progress.is_at(Phase::Guests);
                    }
                })?;
                progress.is_at(Phase::Daemon);
                let how = How {
                    ask,
                    left_out: self.facts.tells_rss.then_some(match ask {
                        Ask::Guests(_) | Ask::Base => LeftOut::NoAnswer,
                        Ask::Daemon => LeftOut::NotAsked,
                    }),
                    // A recording has no calls beside the bulk one.
                    vcpus: !devices && kept.is_none(),
                };
                let answers = (!devices).then(|| {
                    let domains = (0..records.len()).map(|at| records.get(at).domain);
                    one_by_one.ask(domains, groups, &mut into.warnings)
                });
                fill(buffers, into, kept, records.len(), &how, |at| Live {
                    record: records.get(at),
                    answers: answers.as_ref(),
                })
            }
            Way::Each => {
                let domains = self
                    .connection
                    .active_domains()
                    .map_err(|fault| ("virConnectListAllDomains", fault))?;
                let how = How {
                    ask: Ask::Guests(!0),
                    left_out: None,
                    vcpus: kept.is_none(),
                };
                let each = (0..domains.len()).map(|at| domains.get(at).domain);
                let answers = one_by_one.ask(each, groups, &mut into.warnings);
                fill(buffers, into, kept, domains.len(), &how, |at| Live {
                    record: domains.get(at),
                    answers: Some(&answers),
                })
            }
        };
        // One domain that refuses costs the others nothing; a lost connection refuses them all.
        if let Some(fault) = filled.refused
            && !self.is_alive()
        {
            return Err(("virDomainGetInfo", fault));
        }
        Ok(filled.skipped)
    }

    /// Free memory now. A driver that can't tell is asked once.
    fn free_memory(&mut self) -> Option<u64> {
        if !self.tells_free_memory {
            return None;
        }
        let free = self.connection.free_memory();
        if let Err(fault) = &free {
            self.tells_free_memory = fault.code() != VIR_ERR_NO_SUPPORT;
        }
        free.ok()
    }
}

/// The records of all active domains, or of `only` those where there are some. `begins` is called
/// before the call that may wait for guests.
fn records<'c>(
    connection: &'c Connection,
    groups: u32,
    nowait: bool,
    only: &[Uuid],
    begins: impl FnOnce(),
) -> Result<StatsRecords<'c>, Failed> {
    if only.is_empty() {
        begins();
        let records = connection.stats(groups, Way::flags(nowait));
        return records.map_err(|fault| ("virConnectGetAllDomainStats", fault));
    }
    // One that has ended since is not found.
    let found = only.iter().filter_map(|&uuid| connection.find(uuid).ok());
    let found: Vec<_> = found.collect();
    begins();
    let records = connection.stats_of(&found, groups, Way::list_flags(nowait));
    records.map_err(|fault| ("virDomainListGetStats", fault))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::fields::FieldSelection;

    /// What the test driver tells in this way, or in the way that it has.
    fn sampled(way: Option<Way>) -> Snapshot {
        let library = Library::load().unwrap();
        let mut session = Session::open(library, Some(c"test:///default"), None).unwrap();
        session.facts.way = way.unwrap_or(session.facts.way);
        let mut snapshot = Snapshot::default();
        for _ in 0..100 {
            let mut buffers = Buffers::new(FieldSelection::default());
            let ask = Ask::Guests(stats_api::DAEMON_GROUPS);
            let progress = Progress::new();
            let read = session.sample(ask, &[], &mut buffers, &mut snapshot, None, &progress);
            read.map_err(|(call, fault)| fault.on_call(call)).unwrap();
        }
        snapshot
    }

    #[test]
    fn one_by_one_tells_what_all_at_once_does() {
        let (bulk, each) = (sampled(None), sampled(Some(Way::Each)));
        let (bulk, each) = (&bulk.domains[0], &each.domains[0]);
        assert_eq!(each.name.as_deref(), Some("test"));
        assert_eq!((each.identity, each.state), (bulk.identity, bulk.state));
        assert_eq!(each.vcpus_online, Some(2));
        assert_eq!(each.mem_bytes, Some(2 << 30));
        assert_eq!(each.mem_max_bytes, Some(8 << 30));
        assert!(each.cpu_time_ns >= bulk.cpu_time_ns);
        let nics = |row: &virtmon_model::Domain| {
            row.nics
                .rows
                .iter()
                .map(|nic| nic.name.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (nics(each), nics(bulk)),
            (vec!["testnet0".into()], vec!["testnet0".into()])
        );
        assert!(each.nics.sum(|nic| nic.rx_bytes) >= bulk.nics.sum(|nic| nic.rx_bytes));
        // They were not asked for.
        assert!(each.nics.complete && !each.disks.complete);
    }
}
