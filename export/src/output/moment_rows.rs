//! Rows of a [`Moment`](crate::output::moment::Moment).

use std::sync::Arc;

use virtmon_analysis::device_rates::{DiskRates, NicRates};
use virtmon_analysis::domain_totals::{DomainTotals, guest_used_pct};
use virtmon_analysis::frame::Frame;
use virtmon_analysis::matching::Match;
use virtmon_analysis::rates::DomainRates;
use virtmon_analysis::vcpu_rates::VcpuRates;
use virtmon_model::{Domain, Identity, Instance, Role, State, VcpuState};

use crate::output::moment_number::{Number, Range};

/// One guest at one tick. Rates are those since the sample before.
#[derive(Debug, Clone)]
pub struct GuestRow {
    /// Identity of the domain.
    pub identity: Identity,
    /// Name, if it has one.
    pub name: Option<Arc<str>>,
    /// State.
    pub state: State,
    /// Reason of the state, if it is known.
    pub reason: Option<&'static str>,
    /// Role on the host.
    pub role: Option<Role>,
    /// Of a stub domain: id of the domain whose device model it runs.
    pub target_id: Option<u32>,
    /// Number of its cpupool.
    pub cpupool: Option<u32>,
    /// Number of online vCPUs.
    pub vcpus_online: Option<u32>,
    /// CPU time since the domain was created, in ns.
    pub cpu_time_ns: Option<u64>,
    /// Memory that it holds, in bytes.
    pub mem_bytes: Option<u64>,
    /// Memory that it may hold, in bytes.
    pub mem_max_bytes: Option<u64>,
    /// Memory of its process on the host, in bytes.
    pub rss_bytes: Option<u64>,
    /// OpenStack's data, if they are known.
    pub instance: Option<Arc<Instance>>,
    /// Age of the values, in ns; 0 if they were read at this tick.
    pub stale_ns: u64,
    /// Reason why a part could not be read.
    pub error: Option<Arc<str>>,
    /// True if there was a sample of the same domain before, so that its rates may be known.
    pub has_rates: bool,
    /// True if the counters are not those of the sample before.
    pub is_reset: bool,
    /// True if the ready percentage is an estimate from vCPU states.
    pub is_ready_estimated: bool,
    /// CPU time in percent of one pCPU.
    pub cpu_pct: Number,
    /// Part of it outside the host's kernel.
    pub user_pct: Number,
    /// Part of it in the host's kernel.
    pub system_pct: Number,
    /// Mean ready percentage of the vCPUs.
    pub ready_pct: Number,
    /// Used memory as the guest reports it, in percent.
    pub used_pct: Number,
    /// Bytes swapped in per second.
    pub swap_in_s: Number,
    /// Bytes received per second.
    pub net_rx: Number,
    /// Bytes sent per second.
    pub net_tx: Number,
    /// Packets per second, both ways.
    pub packets_s: Number,
    /// Packets dropped per second, both ways.
    pub drops_s: Number,
    /// Bytes read per second.
    pub disk_rd: Number,
    /// Bytes written per second.
    pub disk_wr: Number,
    /// Reads per second.
    pub rd_requests_s: Number,
    /// Writes per second.
    pub wr_requests_s: Number,
    /// Mean time of a request, in ns.
    pub latency_ns: Number,
    /// Number of times per second that a request found the queue full.
    pub queue_full_s: Number,
    pub(crate) vcpus: Range,
    pub(crate) nics: Range,
    pub(crate) disks: Range,
}

/// One vCPU.
#[derive(Debug, Clone, Copy)]
pub struct VcpuRow {
    /// Number of the vCPU in its domain.
    pub id: u32,
    /// State.
    pub state: VcpuState,
    /// True if the guest has halted it.
    pub halted: Option<bool>,
    /// pCPU that it runs on, or ran on last.
    pub pcpu: Option<u32>,
    /// CPU time in percent of a pCPU.
    pub cpu_pct: Number,
    /// Time that it could have run and did not, in percent.
    pub ready_pct: Number,
    /// True if that is an estimate from its states.
    pub is_ready_estimated: bool,
}

/// One network interface.
#[derive(Debug, Clone)]
pub struct NicRow {
    /// Name of the interface on the host.
    pub name: Arc<str>,
    /// Its rates.
    pub rates: NicRates,
    /// Number of damaged packets, both ways, since the interface was created.
    pub errors: Option<u64>,
}

/// One block device.
#[derive(Debug, Clone)]
pub struct DiskRow {
    /// Name of the device in the guest's configuration.
    pub name: Arc<str>,
    /// File, device or address behind it; empty if it is unknown.
    pub path: Arc<str>,
    /// Its rates.
    pub rates: DiskRates,
    /// Size of the device in the guest, in bytes.
    pub capacity_bytes: Option<u64>,
    /// Number of bytes that its file occupies.
    pub allocation_bytes: Option<u64>,
}

impl GuestRow {
    /// The row of a domain of a frame, without its devices.
    pub(crate) fn of(frame: &Frame<'_>, at: usize, domain: &Domain, rates: &DomainRates) -> Self {
        let totals = DomainTotals::of(frame, domain, rates);
        Self {
            identity: domain.identity,
            name: domain.name.clone(),
            state: domain.state,
            reason: domain.reason,
            role: domain.role,
            target_id: domain.target_id,
            cpupool: domain.cpupool,
            vcpus_online: domain.vcpus_online,
            cpu_time_ns: domain.cpu_time_ns,
            mem_bytes: domain.mem_bytes,
            mem_max_bytes: domain.mem_max_bytes,
            rss_bytes: domain.memory.rss_bytes,
            instance: domain.instance.clone(),
            stale_ns: domain.stale_ns,
            error: domain.error.clone(),
            has_rates: matches!(rates.matched, Match::Same(_)),
            is_reset: rates.reset,
            is_ready_estimated: domain.vcpus.rows.iter().all(|vcpu| vcpu.delay_ns.is_none()),
            cpu_pct: rates.cpu_pct.into(),
            user_pct: totals.user_pct.into(),
            system_pct: totals.system_pct.into(),
            ready_pct: frame.ready_pct_of(at).into(),
            used_pct: guest_used_pct(&domain.memory).into(),
            swap_in_s: totals.swap_in_s.into(),
            net_rx: rates.net_rx.into(),
            net_tx: rates.net_tx.into(),
            packets_s: totals.packets_s.into(),
            drops_s: totals.drops_s.into(),
            disk_rd: rates.disk_rd.into(),
            disk_wr: rates.disk_wr.into(),
            rd_requests_s: totals.rd_requests_s.into(),
            wr_requests_s: totals.wr_requests_s.into(),
            latency_ns: totals.latency_ns.into(),
            queue_full_s: totals.queue_full_s.into(),
            vcpus: (0, 0),
            nics: (0, 0),
            disks: (0, 0),
        }
    }
}

impl VcpuRow {
    /// Rows of the vCPUs of a domain.
    pub(crate) fn all<'a>(
        domain: &'a Domain,
        rates: &'a [VcpuRates],
    ) -> impl Iterator<Item = Self> + use<'a> {
        domain.vcpus.rows.iter().enumerate().map(|(n, vcpu)| {
            let rates = rates.get(n).unwrap_or(&VcpuRates::UNKNOWN);
            Self {
                id: vcpu.id,
                state: vcpu.state,
                halted: vcpu.halted,
                pcpu: vcpu.pcpu,
                cpu_pct: rates.cpu_pct.into(),
                ready_pct: rates.ready_pct.into(),
                is_ready_estimated: vcpu.delay_ns.is_none(),
            }
        })
    }
}

impl NicRow {
    /// Rows of the network interfaces of a domain. `before` are those of an earlier moment, whose names
    /// are shared.
    pub(crate) fn all<'a>(
        domain: &'a Domain,
        rates: &'a [NicRates],
        before: &'a [Self],
    ) -> impl Iterator<Item = Self> + use<'a> {
        domain
            .nics
            .rows
            .iter()
            .enumerate()
            .map(move |(n, nic)| Self {
                name: shared(&nic.name, before.get(n).map(|row| &row.name)),
                rates: *rates.get(n).unwrap_or(&NicRates::UNKNOWN),
                errors: nic
                    .rx_errors
                    .zip(nic.tx_errors)
                    .and_then(|(rx, tx)| rx.checked_add(tx)),
            })
    }
}

impl DiskRow {
    /// Rows of the block devices of a domain. `before` are those of an earlier moment, whose names are
    /// shared.
    pub(crate) fn all<'a>(
        domain: &'a Domain,
        rates: &'a [DiskRates],
        before: &'a [Self],
    ) -> impl Iterator<Item = Self> + use<'a> {
        domain
            .disks
            .rows
            .iter()
            .enumerate()
            .map(move |(n, disk)| Self {
                name: shared(&disk.name, before.get(n).map(|row| &row.name)),
                path: shared(&disk.path, before.get(n).map(|row| &row.path)),
                rates: *rates.get(n).unwrap_or(&DiskRates::UNKNOWN),
                capacity_bytes: disk.capacity_bytes,
                allocation_bytes: disk.allocation_bytes,
            })
    }
}

/// The text, in the memory of the same text of an earlier moment if there is one.
fn shared(text: &str, before: Option<&Arc<str>>) -> Arc<str> {
    match before {
        Some(before) if **before == *text => Arc::clone(before),
        _ => Arc::from(text),
    }
}
