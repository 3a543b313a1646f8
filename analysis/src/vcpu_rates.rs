//! Rates of vCPUs between two samples, and their ready time.

use virtmon_model::{Domain, Snapshot, Vcpu, VcpuState};

use crate::counter::{self, any_backwards, percent};
use crate::rates::DomainRates;
use crate::ready_time::{NOT_RUNNABLE, ReadyTime, WINDOW, is_runnable, waited_ns};

/// Rates of one vCPU since the sample before. A rate is `None` if a value is unknown in either sample,
/// or if the counters were reset in between.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct VcpuRates {
    /// CPU time in percent of a pCPU.
    pub cpu_pct: Option<f64>,
    /// Steal (libvirt's `vcpu.<n>.delay`) in percent of the elapsed time.
    pub delay_pct: Option<f64>,
    /// Estimated time that the vCPU has waited for a pCPU since it was first sampled, in ns. `None`
    /// until any vCPU has been ready: not every hypervisor reports that state.
    pub ready_est_ns: Option<u64>,
    /// Time that the vCPU could have run and did not, in percent of the window: steal, else the estimate.
    /// `None` while it may not run.
    pub ready_pct: Option<f64>,
    /// Time that `ready_pct` covers, in ns.
    pub ready_window_ns: Option<u64>,
    /// True if the counters are not those of the sample before.
    pub reset: bool,
}

impl VcpuRates {
    /// Rates that are all unknown.
    pub const UNKNOWN: Self = Self {
        cpu_pct: None,
        delay_pct: None,
        ready_est_ns: None,
        ready_pct: None,
        ready_window_ns: None,
        reset: false,
    };
}

/// Makes the rates of all vCPUs, sample by sample.
#[derive(Debug, Default)]
pub(crate) struct VcpuTracker {
    now: Sample,
    previous: Sample,
    /// True once a vCPU was ready.
    is_ready_reported: bool,
    /// Lengths of the last intervals in ns, the newest first.
    intervals: [u64; WINDOW],
    /// Length of the interval that has just left the window, in ns.
    left_ns: u64,
}

#[derive(Debug, Default)]
struct Sample {
    rows: Vec<VcpuRates>,
    /// Ready time of each vCPU.
    ready: Vec<ReadyTime>,
    /// Index of the first vCPU of each domain; shorter than the list of domains if the last ones have
    /// no vCPUs.
    first: Vec<usize>,
    /// Mean ready percentage of the vCPUs of each domain; as long as `first`.
    ready_pct: Vec<Option<f64>>,
}

/// True if a counter is less than in the sample before.
fn is_backwards(vcpu: &Vcpu, previous: &Vcpu) -> bool {
    any_backwards([
        (previous.cpu_time_ns, vcpu.cpu_time_ns),
        (previous.wait_ns, vcpu.wait_ns),
        (previous.delay_ns, vcpu.delay_ns),
    ])
}

impl VcpuTracker {
    /// Rates of the last sample, domain by domain.
    pub(crate) fn rows(&self) -> &[VcpuRates] {
        &self.now.rows
    }

    /// Mean ready percentage of the vCPUs of each domain of the last sample, by its index; shorter than
    /// the list of domains if the last ones have no vCPUs.
    pub(crate) fn ready_pct(&self) -> &[Option<f64>] {
        &self.now.ready_pct
    }

    /// Begins a sample, `elapsed_ns` after the one before.
    pub(crate) fn begin(&mut self, elapsed_ns: Option<u64>) {
        std::mem::swap(&mut self.now, &mut self.previous);
        self.now.rows.clear();
        self.now.ready.clear();
        self.now.first.clear();
        self.now.ready_pct.clear();
        self.left_ns = self.intervals[WINDOW - 1];
        self.intervals.copy_within(..WINDOW - 1, 1);
        self.intervals[0] = elapsed_ns.unwrap_or(0);
    }

    /// Adds the vCPUs of the domain with index `at`. `previous` is the same domain in the sample before,
    /// with its index. Calls `on_reset` with each vCPU that has a counter less than before.
    pub(crate) fn add(
        &mut self,
        at: usize,
        domain: &Domain,
        previous: Option<(usize, &Domain)>,
        rates: &mut DomainRates,
        mut on_reset: impl FnMut(&Vcpu),
    ) {
        let first = self.now.rows.len();
        self.now.first.resize(at, first);
        self.now.first.push(first);
        rates.first.vcpu = u32::try_from(first).unwrap_or(u32::MAX);
        let elapsed_ns = rates.elapsed_ns;
        let previous_first = previous.and_then(|(at, _)| self.previous.first.get(at).copied());
        for (n, vcpu) in domain.vcpus.rows.iter().enumerate() {
            let same = previous.and_then(|(_, domain)| {
                let at = counter::find(&domain.vcpus.rows, n, |row| row.id == vcpu.id)?;
                Some((at, &domain.vcpus.rows[at]))
            });
            let backwards = same.is_some_and(|(_, same)| is_backwards(vcpu, same));
            if backwards {
                on_reset(vcpu);
            }
            let ready_before = same.zip(previous_first).and_then(|((at, same), first)| {
                Some((same.state, *self.previous.ready.get(first + at)?))
            });
            let ready = self.ready_time(vcpu.state, ready_before, elapsed_ns);
            self.now.ready.push(ready);
            let pair = same.filter(|_| !backwards).zip(elapsed_ns);
            let rate = |counter: fn(&Vcpu) -> Option<u64>| {
                let ((_, same), elapsed_ns) = pair?;
                percent(counter(vcpu), counter(same), elapsed_ns)
            };
            let mut row = VcpuRates {
                cpu_pct: rate(|vcpu| vcpu.cpu_time_ns),
                delay_pct: rate(|vcpu| vcpu.delay_ns),
                reset: (backwards && elapsed_ns.is_some()) || rates.is_another_life(),
                ..VcpuRates::default()
            };
            self.set_ready(&mut row, vcpu, &ready, elapsed_ns);
            self.now.rows.push(row);
        }
        self.now.ready_pct.resize(at, None);
        let mean = mean_ready_pct(&self.now.rows[first..]);
        self.now.ready_pct.push(mean);
    }

    /// Ready time of a vCPU at this sample. `previous` is its state and ready time at the one before.
    fn ready_time(
        &mut self,
        state: VcpuState,
        previous: Option<(VcpuState, ReadyTime)>,
        elapsed_ns: Option<u64>,
    ) -> ReadyTime {
        let is_ready = state == VcpuState::Ready;
        self.is_ready_reported |= is_ready;
        let (previous_state, mut ready) = previous.unwrap_or((VcpuState::Unknown, ReadyTime::NONE));
        let ends = u32::from(is_ready) + u32::from(previous_state == VcpuState::Ready);
        let waited_ns = waited_ns(ends, elapsed_ns.unwrap_or(0));
        ready.total_ns = ready.total_ns.saturating_add(waited_ns);
        let interval_ns = self.intervals[0];
        let counts =
            is_runnable(state) && is_runnable(previous_state) && elapsed_ns == Some(interval_ns);
        let ends = if counts { ends } else { NOT_RUNNABLE };
        ready.push(ends, interval_ns, self.left_ns);
        ready
    }

    #[inline]
    fn set_ready(
        &self,
        row: &mut VcpuRates,
        vcpu: &Vcpu,
        ready: &ReadyTime,
        elapsed_ns: Option<u64>,
    ) {
        if vcpu.delay_ns.is_some() {
            row.ready_pct = row.delay_pct;
            row.ready_window_ns = elapsed_ns.filter(|_| row.delay_pct.is_some());
        }
        if self.is_ready_reported {
            row.ready_est_ns = Some(ready.total_ns);
            if vcpu.delay_ns.is_none() && is_runnable(vcpu.state) {
                row.ready_pct = ready.share();
                row.ready_window_ns = row.ready_pct.map(|_| ready.window_ns);
            }
        }
    }

    /// Ends a sample. In the first one with a ready vCPU, the rows before it get their ready times too.
    pub(crate) fn finish(&mut self, was_reported: bool, now: &Snapshot, rates: &[DomainRates]) {
        if was_reported || !self.is_ready_reported {
            return;
        }
        let mut rows = std::mem::take(&mut self.now.rows);
        let mut means = std::mem::take(&mut self.now.ready_pct);
        let domains = now.domains.iter().zip(rates);
        for ((domain, rates), ready_pct) in domains.zip(&mut means) {
            let first = rates.first.vcpu as usize;
            let range = first..first.saturating_add(domain.vcpus.rows.len());
            let ready = self.now.ready.get(range.clone()).unwrap_or_default();
            let Some(rows) = rows.get_mut(range) else {
                continue;
            };
            for ((row, vcpu), ready) in rows.iter_mut().zip(&domain.vcpus.rows[..]).zip(ready) {
                self.set_ready(row, vcpu, ready, rates.elapsed_ns);
            }
            *ready_pct = mean_ready_pct(rows);
        }
        (self.now.rows, self.now.ready_pct) = (rows, means);
    }

    /// True once a vCPU was ready.
    pub(crate) fn is_ready_reported(&self) -> bool {
        self.is_ready_reported
    }
}

/// Mean of the known ready percentages.
fn mean_ready_pct(rows: &[VcpuRates]) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0u32);
    for pct in rows.iter().filter_map(|row| row.ready_pct) {
        sum += pct;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests;
