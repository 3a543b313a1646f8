use std::ffi::CStr;

use virtmon_model::{Capabilities, Host, Identity, Snapshot};

use crate::fault::Fault;
use crate::ffi::{Connection, Library, Record, VIR_ERR_NO_SUPPORT};
use crate::fields::Fields;
use crate::names::Names;
use crate::order::Order;
use crate::way::{self, Way};
use crate::{host, info};

/// Buffers that outlive a connection.
#[derive(Default)]
pub(crate) struct Buffers {
    fields: Fields,
    names: Names,
    order: Order,
}

/// An open connection and what is known of it.
pub(crate) struct Session {
    connection: Connection,
    way: Way,
    host: Host,
    /// Whether the driver tells of free memory.
    tells_free_memory: bool,
}

/// A call that failed, by its name.
pub(crate) type Failed = (&'static str, Fault);

impl Session {
    /// Connects, read-only, and finds out what can be asked.
    pub(crate) fn open(library: &'static Library, uri: Option<&CStr>) -> Result<Self, Fault> {
        let connection = Connection::open(library, uri)?;
        Ok(Self {
            way: Way::find(&connection)?,
            host: host::facts(&connection),
            tells_free_memory: true,
            connection,
        })
    }

    /// Whether it is worth another call.
    pub(crate) fn is_alive(&self) -> bool {
        self.connection.is_alive()
    }

    /// What the driver can tell. Where domains are read one by one, their devices are not: that
    /// would take each domain's XML and a call for each device.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let devices = matches!(self.way, Way::Bulk { devices: true, .. });
        Capabilities {
            nics: devices,
            disks: devices,
            vcpus: false,
        }
    }

    /// Reads the host and its active domains.
    pub(crate) fn sample(
        &mut self,
        buffers: &mut Buffers,
        into: &mut Snapshot,
    ) -> Result<(), Failed> {
        let refused = match self.way {
            Way::Bulk { nowait, .. } => {
                let records = self
                    .connection
                    .stats(way::GROUPS, Way::flags(nowait))
                    .map_err(|fault| ("virConnectGetAllDomainStats", fault))?;
                fill(buffers, into, records.len(), |at| records.get(at))
            }
            Way::Each => {
                let domains = self
                    .connection
                    .active_domains()
                    .map_err(|fault| ("virConnectListAllDomains", fault))?;
                fill(buffers, into, domains.len(), |at| domains.get(at))
            }
        };
        // One domain that refuses costs the others nothing; a lost connection refuses them all.
        if let Some(fault) = refused
            && !self.is_alive()
        {
            return Err(("virDomainGetInfo", fault));
        }
        let host = &mut into.host;
        host.hypervisor.clone_from(&self.host.hypervisor);
        host.pcpus = self.host.pcpus;
        host.mem_bytes = self.host.mem_bytes;
        host.mem_free_bytes = self.free_memory();
        Ok(())
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

/// Makes a row of each record, in ascending order of id. Returns the last refusal of a domain.
fn fill<'l>(
    buffers: &mut Buffers,
    into: &mut Snapshot,
    len: usize,
    record: impl Fn(usize) -> Record<'l>,
) -> Option<Fault> {
    let mut refused = None;
    into.domains.clear();
    for (id, at) in buffers.order.of(len, |at| record(at).domain.id()) {
        let record = record(at);
        let row = into.domains.next_row();
        row.clear();
        row.identity = Identity {
            id,
            uuid: record.domain.uuid(),
            incarnation: None,
        };
        buffers.fields.fill(row, record.fields());
        let mut is_there = true;
        if row.cpu_time_ns.is_none() {
            match info::complete(row, record.domain.info()) {
                Ok(there) => is_there = there,
                Err(fault) => refused = Some(fault),
            }
        }
        if !is_there || info::has_ended(row) {
            into.domains.drop_last();
            continue;
        }
        row.name = buffers.names.of(row.identity, record.domain.name());
    }
    buffers.names.sweep();
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the test driver tells in this way, or in the way that it has.
    fn sampled(way: Option<Way>) -> Snapshot {
        let library = Library::load().unwrap();
        let mut session = Session::open(library, Some(c"test:///default")).unwrap();
        session.way = way.unwrap_or(session.way);
        let mut snapshot = Snapshot::default();
        for _ in 0..100 {
            let read = session.sample(&mut Buffers::default(), &mut snapshot);
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
        assert!(!each.nics.complete && !each.disks.complete);
    }
}
