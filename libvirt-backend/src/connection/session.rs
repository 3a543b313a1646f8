//! An open connection, and the samples that are taken over it.

use std::ffi::CStr;

use virtmon_model::{Capabilities, Host, Snapshot, Uuid};

use super::cpu_stats::CpuStats;
use super::driver::Driver;
use super::live_record::LiveRecord;
use super::phase::{Phase, PhaseCell};
use super::stats_api::StatsApi;
use crate::ffi::bindings::VIR_ERR_NO_SUPPORT;
use crate::ffi::connection::Connection;
use crate::ffi::error::LibvirtError;
use crate::ffi::library::Library;
use crate::ffi::lists::StatsRecordList;
use crate::per_domain::stats::PerDomainStats;
use crate::recording::raw_sample::RawSample;
use crate::records::decode::{Buffers, DecodeContext, DecodeReport, decode};
use crate::records::record::Omitted;
use crate::stats_groups::Scope;

/// An open connection and the facts about its driver.
pub(crate) struct Session {
    connection: Connection,
    driver: Driver,
    per_domain: PerDomainStats,
    /// True if the driver reports free memory.
    reports_free_memory: bool,
    cpu_stats: CpuStats,
    guests_at_open: usize,
}

/// A failed call: its name and its error.
pub(crate) type FailedCall = (&'static str, LibvirtError);

/// The buffers that a sample is written to.
pub(crate) struct Destination<'d> {
    /// Buffers of the decoder.
    pub(crate) buffers: &'d mut Buffers,
    /// The snapshot to fill.
    pub(crate) snapshot: &'d mut Snapshot,
    /// True if the CPU time of the host is read.
    pub(crate) reads_cpu_stats: bool,
    /// The place for the records that libvirt returns, if the sample is recorded.
    pub(crate) raw: Option<&'d mut RawSample>,
}

impl Session {
    /// Opens a read-only connection. Finds out the facts about its driver unless they are given: on a
    /// busy host each of these calls may take seconds.
    pub(crate) fn open(
        library: &'static Library,
        uri: Option<&CStr>,
        driver: Option<Driver>,
    ) -> Result<Self, LibvirtError> {
        let connection = Connection::open(library, uri)?;
        let mut guests_at_open = 0;
        let driver = match driver {
            Some(driver) => driver,
            None => {
                let (driver, guests) = Driver::probe(&connection)?;
                guests_at_open = guests;
                driver
            }
        };
        let mut per_domain = PerDomainStats::default();
        if !driver.api.reports_devices() {
            let domains = connection.active_domains()?;
            guests_at_open = domains.len();
            if guests_at_open > 0 {
                per_domain.probe(domains.get(0).domain);
            }
        }
        Ok(Self {
            connection,
            driver,
            per_domain,
            reports_free_memory: true,
            cpu_stats: CpuStats::default(),
            guests_at_open,
        })
    }

    /// Facts about the driver.
    pub(crate) fn driver(&self) -> &Driver {
        &self.driver
    }

    /// Number of guests when the connection was opened; 0 if opening did not find it out.
    pub(crate) fn guests_at_open(&self) -> usize {
        self.guests_at_open
    }

    /// True if another call may succeed on the connection.
    pub(crate) fn is_alive(&self) -> bool {
        self.connection.is_alive()
    }

    /// The kinds of values that the driver reports. If the bulk call has no devices, each device takes
    /// a call of its own, and so do each domain's vCPUs.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let [nics, disks] = match self.driver.api.reports_devices() {
            true => [true; 2],
            false => self.per_domain.reports(),
        };
        Capabilities {
            nics,
            disks,
            vcpus: true,
        }
    }

    /// Reads the host and its active domains; only the domains of `uuids` unless that is empty. Returns
    /// the number of incomplete rows: those for which libvirt omitted the values of QEMU.
    pub(crate) fn sample(
        &mut self,
        scope: Scope,
        uuids: &[Uuid],
        mut to: Destination<'_>,
        phase: &PhaseCell,
    ) -> Result<usize, FailedCall> {
        to.snapshot.warnings.clear();
        // First, since a daemon that does not answer this call does not answer the others.
        self.read_host(&mut to.snapshot.host);
        to.snapshot.host.idle_ns = match to.reads_cpu_stats {
            true => self.cpu_stats.idle_ns(&self.connection),
            false => None,
        };
        if let Some(raw) = &mut to.raw {
            raw.begin_sample(&to.snapshot.host);
        }
        let report = match self.driver.api {
            StatsApi::Bulk { nowait, devices } => {
                // A driver leaves out the groups that it lacks: nothing is enforced here.
                let groups = scope.groups();
                let records = bulk_records(
                    &self.connection,
                    (groups, nowait),
                    uuids,
                    match scope {
                        Scope::Guests(_) if nowait => Some(phase),
                        _ => None,
                    },
                )?;
                phase.set(Phase::Daemon);
                let per_domain = (!devices).then_some(&mut self.per_domain);
                let context = DecodeContext {
                    scope,
                    omitted: self.driver.reports_rss.then_some(match scope {
                        Scope::Guests(_) | Scope::DaemonFirst => Omitted::NoAnswer,
                        Scope::Daemon => Omitted::NotQueried,
                    }),
                    // A recording has no calls beside the bulk one.
                    queries_vcpus: !devices && to.raw.is_none(),
                };
                decode_bulk(&records, groups, per_domain, to, &context)
            }
            StatsApi::PerDomain => self.sample_domains(scope.groups(), to)?,
        };
        // An error of one domain does not affect the others; a lost connection affects all of them.
        if let Some(error) = report.refused
            && !self.is_alive()
        {
            return Err(("virDomainGetInfo", error));
        }
        Ok(report.incomplete)
    }

    /// Reads the domains of a driver that has no bulk call.
    fn sample_domains(
        &mut self,
        groups: u32,
        to: Destination<'_>,
    ) -> Result<DecodeReport, FailedCall> {
        let domains = self
            .connection
            .active_domains()
            .map_err(|error| ("virConnectListAllDomains", error))?;
        let context = DecodeContext {
            scope: Scope::Guests(!0),
            omitted: None,
            queries_vcpus: to.raw.is_none(),
        };
        let each = (0..domains.len()).map(|index| domains.get(index).domain);
        let warnings = &mut to.snapshot.warnings;
        let answers = self.per_domain.query(each, groups, warnings);
        let Destination {
            buffers,
            snapshot,
            raw,
            ..
        } = to;
        let record = |index| LiveRecord {
            record: domains.get(index),
            answers: Some(&answers),
        };
        Ok(decode(
            buffers,
            snapshot,
            raw,
            domains.len(),
            &context,
            record,
        ))
    }

    /// Reads the host's values, without its CPU time. They do not change, but for its free memory.
    fn read_host(&mut self, host: &mut Host) {
        host.mem_free_bytes = self.free_memory();
        let facts = &self.driver.host;
        host.hypervisor.clone_from(&facts.hypervisor);
        host.pcpus = facts.pcpus;
        host.mem_bytes = facts.mem_bytes;
    }

    /// Free memory now. A driver that does not report it is called once.
    fn free_memory(&mut self) -> Option<u64> {
        if !self.reports_free_memory {
            return None;
        }
        let free = self.connection.free_memory();
        if let Err(error) = &free {
            self.reports_free_memory = error.code() != VIR_ERR_NO_SUPPORT;
        }
        free.ok()
    }
}

/// Makes rows of the records of the bulk call, and of the answers for each domain if the records have no
/// devices.
fn decode_bulk(
    records: &StatsRecordList<'_>,
    groups: u32,
    per_domain: Option<&mut PerDomainStats>,
    to: Destination<'_>,
    context: &DecodeContext,
) -> DecodeReport {
    let Destination {
        buffers,
        snapshot,
        raw,
        ..
    } = to;
    let warnings = &mut snapshot.warnings;
    let answers = per_domain.map(|per_domain| {
        let domains = (0..records.len()).map(|index| records.get(index).domain);
        per_domain.query(domains, groups, warnings)
    });
    decode(buffers, snapshot, raw, records.len(), context, |index| {
        LiveRecord {
            record: records.get(index),
            answers: answers.as_ref(),
        }
    })
}

/// The records of all active domains; only those of `uuids` unless that is empty. `phase` enters
/// [`Phase::Guests`] before the call that may wait for guests.
fn bulk_records<'c>(
    connection: &'c Connection,
    (groups, nowait): (u32, bool),
    uuids: &[Uuid],
    phase: Option<&PhaseCell>,
) -> Result<StatsRecordList<'c>, FailedCall> {
    let enter = || phase.into_iter().for_each(|phase| phase.set(Phase::Guests));
    if uuids.is_empty() {
        enter();
        let records = connection.stats(groups, StatsApi::bulk_flags(nowait));
        return records.map_err(|error| ("virConnectGetAllDomainStats", error));
    }
    // A domain that has ended in the meantime is not found.
    let found = uuids.iter().filter_map(|&uuid| connection.find(uuid).ok());
    let found: Vec<_> = found.collect();
    enter();
    let records = connection.stats_of(&found, groups, StatsApi::list_flags(nowait));
    records.map_err(|error| ("virDomainListGetStats", error))
}

#[cfg(test)]
mod tests;
