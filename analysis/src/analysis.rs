//! The analysis of a sample: one walk over the pairs of domains of two samples makes all rates, resets
//! and events.

use virtmon_model::{Domain, Notification, Snapshot};

use crate::changes;
use crate::device_rates::{self, DiskRates, NicRates};
use crate::event::{Event, EventKind, Value};
use crate::filter::DomainFilter;
use crate::frame::{Frame, PreviousSample, Tick};
use crate::host_rates::{Closure, HostTracker};
use crate::notifications::NotificationMerger;
use crate::rates::{DomainRates, RateTracker};
use crate::vcpu_rates::VcpuTracker;

/// Turns samples into frames.
///
/// ```
/// use virtmon_analysis::analysis::Analysis;
/// use virtmon_analysis::frame::PreviousSample;
/// use virtmon_model::Snapshot;
///
/// let sample = |cpu_time_ns| {
///     let mut snapshot = Snapshot::default();
///     snapshot.domains.next_row().cpu_time_ns = Some(cpu_time_ns);
///     snapshot
/// };
/// let (first, second) = (sample(0), sample(500_000_000));
/// let (mut analysis, mut events) = (Analysis::default(), Vec::new());
/// analysis.update(None, &first, 0, Vec::new(), &mut events);
/// let previous = PreviousSample { snapshot: &first, mono_ns: 0 };
/// analysis.update(Some(previous), &second, 1_000_000_000, Vec::new(), &mut events);
/// assert_eq!(analysis.rates()[0].cpu_pct, Some(50.0));
/// ```
#[derive(Debug, Default)]
pub struct Analysis {
    domains: RateTracker,
    vcpus: VcpuTracker,
    nics: Vec<NicRates>,
    disks: Vec<DiskRates>,
    host: HostTracker,
    notifications: NotificationMerger,
    filter: DomainFilter,
    skips_device_rates: bool,
    /// A buffer.
    seen: Vec<bool>,
}

impl Analysis {
    /// Sets the filter.
    pub fn set_filter(&mut self, filter: DomainFilter) {
        self.filter = filter;
    }

    /// Sets whether frames have the rates of NICs and disks; they have at first.
    pub fn set_device_rates(&mut self, wanted: bool) {
        self.skips_device_rates = !wanted;
    }

    /// Adds the sample `now`, which began at `mono_ns`. `previous` is the sample of the last call, `None`
    /// in the first one. Adds the events between the two to `events`, and those of `notifications`.
    /// Removes the events of domains that the filter does not select.
    pub fn update(
        &mut self,
        previous: Option<PreviousSample<'_>>,
        now: &Snapshot,
        mono_ns: u64,
        notifications: Vec<Notification>,
        events: &mut Vec<Event>,
    ) {
        let elapsed_ns = previous.and_then(|previous| mono_ns.checked_sub(previous.mono_ns));
        let elapsed_ns = elapsed_ns.filter(|&ns| ns > 0);
        let same = self.walk(previous, now, mono_ns, elapsed_ns, events);
        if let Some(previous) = previous {
            let previous = previous.snapshot;
            if same != previous.domains.len() {
                changes::add_destroyed(previous, self.domains.rates(), &mut self.seen, events);
            }
            self.notifications
                .merge(notifications, previous, now, events);
        }
        self.filter.update(now);
        self.filter.retain(events);
    }

    /// Makes the rates and events of all pairs of domains. Returns the number of domains with the same
    /// identity in both samples.
    fn walk(
        &mut self,
        previous: Option<PreviousSample<'_>>,
        now: &Snapshot,
        mono_ns: u64,
        elapsed_ns: Option<u64>,
        events: &mut Vec<Event>,
    ) -> usize {
        let previous_snapshot = previous.map(|previous| previous.snapshot);
        let was_reported = self.vcpus.is_ready_reported();
        self.vcpus.begin(elapsed_ns);
        self.nics.clear();
        self.disks.clear();
        let mut closure = Closure::begin(previous_snapshot, now, elapsed_ns);
        let with_devices = !self.skips_device_rates;
        let (vcpus, nics, disks) = (&mut self.vcpus, &mut self.nics, &mut self.disks);
        let (mut at, mut same) = (0, 0);
        self.domains.walk(now, mono_ns, |domain, rates, creation| {
            let pair = previous.and_then(|previous| {
                let at = rates.matched.same()?;
                Some((at, previous.snapshot.domains.get(at)?))
            });
            let old_events = events.len();
            let device_rows = with_devices.then_some((&mut *nics, &mut *disks));
            match (pair, previous) {
                (Some((_, old)), _) => {
                    same += 1;
                    changes::compare(old, domain, events);
                    compare_vcpus(vcpus, at, domain, pair, rates, events);
                    // Most of a host's domains may have no devices that are counted.
                    if has_devices(domain) || has_devices(old) {
                        compare_devices(old, domain, rates, device_rows, events);
                    }
                }
                (None, previous) => {
                    if let Some(previous) = previous {
                        changes::add_unmatched(previous.snapshot, domain, rates, events);
                    }
                    compare_vcpus(vcpus, at, domain, None, rates, events);
                    add_unmatched_devices(domain, rates, device_rows);
                }
            }
            if let Some(closure) = &mut closure {
                closure.add(domain, pair.map(|(_, old)| old), rates.matched);
            }
            if events.len() > old_events
                && let Some(creation) = creation
            {
                creation.mark(mono_ns, &mut events[old_events..]);
            }
            at += 1;
        });
        self.vcpus.finish(was_reported, now, self.domains.rates());
        self.host
            .update(previous_snapshot, now, elapsed_ns, closure);
        same
    }

    /// Rates of the domains of the last sample.
    #[must_use]
    pub fn rates(&self) -> &[DomainRates] {
        self.domains.rates()
    }

    /// Creates the frame of the last sample, which `snapshot` has. `previous` and `events` are those of the
    /// last call of [`update`](Self::update).
    #[must_use]
    pub fn frame<'a>(
        &'a self,
        tick: Tick,
        snapshot: &'a Snapshot,
        previous: Option<PreviousSample<'a>>,
        events: &'a [Event],
    ) -> Frame<'a> {
        Frame {
            previous,
            selected: self.filter.selected(),
            vcpu_rates: self.vcpus.rows(),
            ready_pct: self.vcpus.ready_pct(),
            nic_rates: &self.nics,
            disk_rates: &self.disks,
            host_rates: self.host.rates(),
            pcpu_busy_pct: self.host.pcpu_busy_pct(),
            events,
            ..Frame::new(tick, snapshot, self.domains.rates())
        }
    }
}

fn add_unmatched_devices(
    domain: &Domain,
    rates: &mut DomainRates,
    rows: Option<(&mut Vec<NicRates>, &mut Vec<DiskRates>)>,
) {
    if let Some((nics, disks)) = rows {
        set_first_rows(rates, nics, disks);
        let reset = rates.is_another_life();
        device_rates::push_unmatched(&domain.nics, nics, reset);
        device_rates::push_unmatched(&domain.disks, disks, reset);
    }
}

fn has_devices(domain: &Domain) -> bool {
    !(domain.nics.rows.is_empty() && domain.disks.rows.is_empty())
}

fn set_first_rows(rates: &mut DomainRates, nics: &[NicRates], disks: &[DiskRates]) {
    rates.first.nic = u32::try_from(nics.len()).unwrap_or(u32::MAX);
    rates.first.disk = u32::try_from(disks.len()).unwrap_or(u32::MAX);
}

#[inline]
fn compare_vcpus(
    vcpus: &mut VcpuTracker,
    at: usize,
    domain: &Domain,
    pair: Option<(usize, &Domain)>,
    rates: &mut DomainRates,
    events: &mut Vec<Event>,
) {
    if !domain.vcpus.rows.is_empty() {
        add_vcpus(vcpus, at, domain, pair, rates, events);
    }
}

#[inline(never)]
fn add_vcpus(
    vcpus: &mut VcpuTracker,
    at: usize,
    domain: &Domain,
    pair: Option<(usize, &Domain)>,
    rates: &mut DomainRates,
    events: &mut Vec<Event>,
) {
    vcpus.add(at, domain, pair, rates, |vcpu| {
        let event = Event::of(
            domain,
            EventKind::CounterReset,
            Value::Nothing,
            Value::Nothing,
        );
        let device = format!("vcpu {}", vcpu.id);
        events.push(event.about(&device).because("it ran backwards"));
    });
}

/// Compares the devices of a domain. Its rates over devices that have changed become unknown: the sums
/// cover other devices.
fn compare_devices(
    old: &Domain,
    domain: &Domain,
    rates: &mut DomainRates,
    rows: Option<(&mut Vec<NicRates>, &mut Vec<DiskRates>)>,
    events: &mut Vec<Event>,
) {
    let elapsed_ns = rates.elapsed_ns;
    if let Some((nics, disks)) = &rows {
        set_first_rows(rates, nics, disks);
    }
    let (nic_rows, disk_rows) = rows.unzip();
    let mut change = |kind, name: &str| {
        events.push(Event::of(domain, kind, Value::Nothing, Value::Nothing).about(name));
    };
    if device_rates::compare(&old.nics, &domain.nics, elapsed_ns, nic_rows, &mut change) {
        (rates.net_rx, rates.net_tx, rates.reset) = (None, None, true);
    }
    if device_rates::compare(
        &old.disks,
        &domain.disks,
        elapsed_ns,
        disk_rows,
        &mut change,
    ) {
        (rates.disk_rd, rates.disk_wr, rates.reset) = (None, None, true);
    }
}

/// Events that two samples show.
#[cfg(test)]
pub(crate) fn events_between(before: &Snapshot, now: &Snapshot) -> Vec<Event> {
    let (mut analysis, mut events) = (Analysis::default(), Vec::new());
    analysis.update(None, before, 1, Vec::new(), &mut events);
    let previous = PreviousSample {
        snapshot: before,
        mono_ns: 1,
    };
    analysis.update(Some(previous), now, 2, Vec::new(), &mut events);
    events
}
