//! The frame: everything that outputs get at one tick.

use std::time::SystemTime;

use virtmon_model::{Domain, Snapshot};

use crate::device_rates::{DiskRates, NicRates};
use crate::event::Event;
use crate::host_rates::HostRates;
use crate::rates::DomainRates;
use crate::run_info::{RunInfo, UNKNOWN_RUN};
use crate::self_stats::SelfStats;
use crate::subsamples::Distributions;
use crate::totals::{NO_TOTALS, Totals};
use crate::vcpu_rates::VcpuRates;
use virtmon_model::timestamps::since_1970_ns;

/// Number and times of one tick.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    /// Number of the tick, from 0. The tick was due at t0 + `number` x interval.
    pub number: u64,
    /// Start of the sample: `CLOCK_MONOTONIC`, in ns.
    pub mono_ns: u64,
    /// Start of the sample by the wall clock.
    pub wall: SystemTime,
    /// Delay of the start of the sample after the due time, in ns.
    pub late_ns: u64,
    /// Duration of the sample, in ns.
    pub sample_ns: u64,
    /// Number of ticks without rows between the tick written before and this one.
    pub missed: u64,
}

/// An earlier sample.
#[derive(Debug, Clone, Copy)]
pub struct PreviousSample<'a> {
    /// Decoded result of the sample.
    pub snapshot: &'a Snapshot,
    /// Start of the sample: `CLOCK_MONOTONIC`, in ns.
    pub mono_ns: u64,
}

/// Everything that is known at one tick: snapshot, derived values, events and tick facts.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Identity of the run.
    pub run: &'a RunInfo,
    /// The tick.
    pub tick: Tick,
    /// True if the sample failed: the frame has events and no snapshot.
    pub failed: bool,
    /// Decoded result of the sample.
    pub snapshot: &'a Snapshot,
    /// Sample of the frame before.
    pub previous: Option<PreviousSample<'a>>,
    /// Rates of each domain of the snapshot, in the snapshot's order, since the sample before.
    pub rates: &'a [DomainRates],
    /// For each domain of the snapshot: true if the filter selects it. Empty if it selects all.
    pub selected: &'a [bool],
    /// Rates of all vCPUs, domain by domain; see [`vcpus_of`](Self::vcpus_of).
    pub vcpu_rates: &'a [VcpuRates],
    /// Mean ready percentage of the vCPUs of each domain, by its index; see
    /// [`ready_pct_of`](Self::ready_pct_of).
    pub ready_pct: &'a [Option<f64>],
    /// Rates of all network interfaces, domain by domain; empty if no output needs them.
    pub nic_rates: &'a [NicRates],
    /// Rates of all block devices, domain by domain; empty if no output needs them.
    pub disk_rates: &'a [DiskRates],
    /// Rates of the host.
    pub host_rates: HostRates,
    /// Busy time of each pCPU in percent; `None` for one that is offline or unknown.
    pub pcpu_busy_pct: &'a [Option<f64>],
    /// Changes since the sample before, and notifications.
    pub events: &'a [Event],
    /// Distributions of each domain's rates within the interval; empty if the interval has one
    /// sample.
    pub subsamples: &'a [Distributions],
    /// virtmon's own cost, if the self table is requested.
    pub self_stats: Option<SelfStats>,
    /// Sums over all ticks of the run, this one included.
    pub totals: &'a Totals,
    /// Raw samples since the frame before, encoded for a recording; empty if none is made.
    pub recorded: &'a [u8],
}

impl Tick {
    /// Start of the sample by the wall clock, in ns since 1970.
    #[must_use]
    pub fn wall_ns(&self) -> u64 {
        since_1970_ns(self.wall)
    }
}

impl<'a> Frame<'a> {
    /// Creates a frame of a snapshot and its rates.
    #[must_use]
    pub fn new(tick: Tick, snapshot: &'a Snapshot, rates: &'a [DomainRates]) -> Self {
        Self {
            run: &UNKNOWN_RUN,
            tick,
            failed: false,
            snapshot,
            previous: None,
            rates,
            selected: &[],
            vcpu_rates: &[],
            ready_pct: &[],
            nic_rates: &[],
            disk_rates: &[],
            host_rates: HostRates::default(),
            pcpu_busy_pct: &[],
            events: &[],
            subsamples: &[],
            self_stats: None,
            totals: &NO_TOTALS,
            recorded: &[],
        }
    }

    /// Selected domains, with their indices in the snapshot.
    pub fn domains(&self) -> impl Iterator<Item = (usize, &'a Domain, &'a DomainRates)> + use<'a> {
        let selected = self.selected;
        let rows = self.snapshot.domains.iter().zip(self.rates).enumerate();
        rows.filter(move |(at, _)| selected.get(*at).copied().unwrap_or(true))
            .map(|(at, (domain, rates))| (at, domain, rates))
    }

    /// Rates of the vCPUs of a domain with these rates, in the order of its vCPUs. Empty if unknown.
    #[must_use]
    pub fn vcpus_of(&self, domain: &Domain, rates: &DomainRates) -> &'a [VcpuRates] {
        rows_of(self.vcpu_rates, rates.first.vcpu, domain.vcpus.rows.len())
    }

    /// Mean ready percentage of the vCPUs of the domain with this index; `None` if unknown.
    #[must_use]
    pub fn ready_pct_of(&self, at: usize) -> Option<f64> {
        self.ready_pct.get(at).copied().flatten()
    }

    /// Rates of the network interfaces of a domain with these rates, in their order. Empty if unknown.
    #[must_use]
    pub fn nics_of(&self, domain: &Domain, rates: &DomainRates) -> &'a [NicRates] {
        rows_of(self.nic_rates, rates.first.nic, domain.nics.rows.len())
    }

    /// Rates of the block devices of a domain with these rates, in their order. Empty if unknown.
    #[must_use]
    pub fn disks_of(&self, domain: &Domain, rates: &DomainRates) -> &'a [DiskRates] {
        rows_of(self.disk_rates, rates.first.disk, domain.disks.rows.len())
    }
}

fn rows_of<T>(rows: &[T], first: u32, count: usize) -> &[T] {
    let first = first as usize;
    rows.get(first..first.saturating_add(count))
        .unwrap_or_default()
}
