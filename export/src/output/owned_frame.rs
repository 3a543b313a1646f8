//! A frame that owns its values.

use virtmon_analysis::device_rates::{DiskRates, NicRates};
use virtmon_analysis::event::Event;
use virtmon_analysis::frame::{Frame, PreviousSample, Tick};
use virtmon_analysis::host_rates::HostRates;
use virtmon_analysis::rates::DomainRates;
use virtmon_analysis::run_info::RunInfo;
use virtmon_analysis::self_stats::SelfStats;
use virtmon_analysis::subsamples::Distributions;
use virtmon_analysis::totals::Totals;
use virtmon_analysis::vcpu_rates::VcpuRates;
use virtmon_model::Snapshot;

/// A copy of a frame, without the raw samples.
#[derive(Debug, Clone)]
pub struct OwnedFrame {
    run: RunInfo,
    tick: Tick,
    failed: bool,
    snapshot: Snapshot,
    /// The snapshot before, and its start in ns of `CLOCK_MONOTONIC`.
    previous: Option<(Snapshot, u64)>,
    rates: Vec<DomainRates>,
    selected: Vec<bool>,
    vcpu_rates: Vec<VcpuRates>,
    ready_pct: Vec<Option<f64>>,
    nic_rates: Vec<NicRates>,
    disk_rates: Vec<DiskRates>,
    host_rates: HostRates,
    pcpu_busy_pct: Vec<Option<f64>>,
    events: Vec<Event>,
    subsamples: Vec<Distributions>,
    self_stats: Option<SelfStats>,
    totals: Totals,
}

impl OwnedFrame {
    /// Copies a frame.
    #[must_use]
    pub fn copy(frame: &Frame<'_>) -> Self {
        let previous = frame
            .previous
            .map(|previous| (previous.snapshot.clone(), previous.mono_ns));
        Self {
            run: frame.run.clone(),
            tick: frame.tick,
            failed: frame.failed,
            snapshot: frame.snapshot.clone(),
            previous,
            rates: frame.rates.to_vec(),
            selected: frame.selected.to_vec(),
            vcpu_rates: frame.vcpu_rates.to_vec(),
            ready_pct: frame.ready_pct.to_vec(),
            nic_rates: frame.nic_rates.to_vec(),
            disk_rates: frame.disk_rates.to_vec(),
            host_rates: frame.host_rates,
            pcpu_busy_pct: frame.pcpu_busy_pct.to_vec(),
            events: frame.events.to_vec(),
            subsamples: frame.subsamples.to_vec(),
            self_stats: frame.self_stats,
            totals: frame.totals.clone(),
        }
    }

    /// The frame, to be encoded.
    #[must_use]
    pub fn frame(&self) -> Frame<'_> {
        let previous = self.previous.as_ref();
        Frame {
            run: &self.run,
            failed: self.failed,
            previous: previous.map(|(snapshot, mono_ns)| PreviousSample {
                snapshot,
                mono_ns: *mono_ns,
            }),
            selected: &self.selected,
            vcpu_rates: &self.vcpu_rates,
            ready_pct: &self.ready_pct,
            nic_rates: &self.nic_rates,
            disk_rates: &self.disk_rates,
            host_rates: self.host_rates,
            pcpu_busy_pct: &self.pcpu_busy_pct,
            events: &self.events,
            subsamples: &self.subsamples,
            self_stats: self.self_stats,
            totals: &self.totals,
            ..Frame::new(self.tick, &self.snapshot, &self.rates)
        }
    }
}
