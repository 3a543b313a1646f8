use std::ffi::CStr;

use virtmon_model::{Capabilities, Host, Snapshot};

use crate::fault::Fault;
use crate::ffi::{Connection, Library, VIR_ERR_NO_SUPPORT};
use crate::fill::{Buffers, How, LeftOut, Live, fill};
use crate::one_by_one::OneByOne;
use crate::progress::{Phase, Progress};
use crate::way::{self, Way};
use crate::{host, raw};

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The daemon, and each guest's QEMU by it, for these groups.
    Guests(u32),
    /// The daemon alone, for what it knows by itself.
    Daemon,
}

/// An open connection and what is known of it.
pub(crate) struct Session {
    connection: Connection,
    way: Way,
    one_by_one: OneByOne,
    host: Host,
    /// Whether the driver tells of free memory.
    tells_free_memory: bool,
    /// Whether a record without `balloon.rss` is one that QEMU was not asked for: libvirt's QEMU
    /// driver reads it only together with what it asks QEMU's monitor.
    tells_rss: bool,
    guests_at_open: usize,
}

/// A call that failed, by its name.
pub(crate) type Failed = (&'static str, Fault);

impl Session {
    /// Connects, read-only, and finds out what can be asked.
    pub(crate) fn open(library: &'static Library, uri: Option<&CStr>) -> Result<Self, Fault> {
        let connection = Connection::open(library, uri)?;
        let (way, mut guests_at_open) = Way::find(&connection)?;
        let mut one_by_one = OneByOne::default();
        if !way.tells_devices() {
            let domains = connection.active_domains()?;
            guests_at_open = domains.len();
            if guests_at_open > 0 {
                one_by_one.find(domains.get(0).domain);
            }
        }
        Ok(Self {
            way,
            one_by_one,
            host: host::facts(&connection),
            tells_free_memory: true,
            tells_rss: connection.driver().is_ok_and(|driver| driver == "QEMU"),
            guests_at_open,
            connection,
        })
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
        let [nics, disks] = match self.way.tells_devices() {
            true => [true; 2],
            false => self.one_by_one.tells(),
        };
        Capabilities {
            nics,
            disks,
            vcpus: true,
        }
    }

    /// Reads the host and its active domains. Returns how many of them are not whole, since
    /// libvirt left out what their QEMU tells. What libvirt told is kept in `kept`, if there is
    /// such a place.
    pub(crate) fn sample(
        &mut self,
        ask: Ask,
        buffers: &mut Buffers,
        into: &mut Snapshot,
        mut kept: Option<&mut Vec<u8>>,
        progress: &Progress,
    ) -> Result<usize, Failed> {
        into.troubles.clear();
        // First, since a daemon that answers this is one that answers.
        into.host.mem_free_bytes = self.free_memory();
        let host = &mut into.host;
        host.hypervisor.clone_from(&self.host.hypervisor);
        host.pcpus = self.host.pcpus;
        host.mem_bytes = self.host.mem_bytes;
        if let Some(kept) = &mut kept {
            kept.clear();
            raw::put_host(kept, host);
        }
        let groups = match ask {
            // Of a driver that leaves out what it does not know, no more is enforced.
            Ask::Guests(groups) => groups,
            Ask::Daemon => way::DAEMON_GROUPS,
        };
        let one_by_one = &mut self.one_by_one;
        let filled = match self.way {
            Way::Bulk { nowait, devices } => {
                if nowait && matches!(ask, Ask::Guests(_)) {
                    progress.is_at(Phase::Guests);
                }
                let records = self
                    .connection
                    .stats(groups, Way::flags(nowait))
                    .map_err(|fault| ("virConnectGetAllDomainStats", fault))?;
                progress.is_at(Phase::Daemon);
                let how = How {
                    ask,
                    left_out: self.tells_rss.then_some(match ask {
                        Ask::Guests(_) => LeftOut::NoAnswer,
                        Ask::Daemon => LeftOut::NotAsked,
                    }),
                    // A recording has no calls beside the bulk one.
                    vcpus: !devices && kept.is_none(),
                };
                let answers = (!devices).then(|| {
                    let domains = (0..records.len()).map(|at| records.get(at).domain);
                    one_by_one.ask(domains, groups, &mut into.troubles)
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
                let answers = one_by_one.ask(each, groups, &mut into.troubles);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Take;

    /// What the test driver tells in this way, or in the way that it has.
    fn sampled(way: Option<Way>) -> Snapshot {
        let library = Library::load().unwrap();
        let mut session = Session::open(library, Some(c"test:///default")).unwrap();
        session.way = way.unwrap_or(session.way);
        let mut snapshot = Snapshot::default();
        for _ in 0..100 {
            let mut buffers = Buffers::new(Take::default());
            let ask = Ask::Guests(way::DAEMON_GROUPS);
            let progress = Progress::new();
            let read = session.sample(ask, &mut buffers, &mut snapshot, None, &progress);
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
