//! Ready time: an estimate of the time that vCPUs have waited for a pCPU, from their states at each
//! sample. Half of an interval counts for each end of it at which a vCPU was ready. A vCPU that was
//! paused, blocked or offline did not wait.

use virtmon_model::{Domain, Snapshot, VcpuState};

use crate::rates::DomainRates;

/// Ready time of the vCPUs of each domain of the last sample.
#[derive(Debug, Default)]
pub struct ReadyTimeEstimator {
    now: Sums,
    before: Sums,
    /// True once a vCPU was ready: not every hypervisor reports that state.
    is_reported: bool,
}

#[derive(Debug, Default)]
struct Sums {
    ns: Vec<Option<u64>>,
    /// Index of the first vCPU of each domain, and the number of all vCPUs at the end.
    begins: Vec<usize>,
}

/// Ready times as encoders see them.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadyTimes<'a> {
    ns: &'a [Option<u64>],
    begins: &'a [usize],
}

impl<'a> ReadyTimes<'a> {
    /// The times of the parts that [`parts`](Self::parts) returned.
    #[must_use]
    pub fn from_parts(ns: &'a [Option<u64>], begins: &'a [usize]) -> Self {
        Self { ns, begins }
    }

    /// The times of all vCPUs, and the index of each domain's first one.
    #[must_use]
    pub fn parts(&self) -> (&'a [Option<u64>], &'a [usize]) {
        (self.ns, self.begins)
    }

    /// Ready times of the vCPUs of the domain with this index.
    pub fn of(&self, domain: usize) -> &'a [Option<u64>] {
        match self.begins.get(domain..domain + 2) {
            Some(&[begin, end]) => self.ns.get(begin..end).unwrap_or_default(),
            _ => &[],
        }
    }
}

impl Sums {
    fn view(&self) -> ReadyTimes<'_> {
        ReadyTimes {
            ns: &self.ns,
            begins: &self.begins,
        }
    }
}

impl ReadyTimeEstimator {
    /// Adds a sample. `before` is the sample before, `rates` the domains' rates between the two.
    pub fn update(&mut self, before: Option<&Snapshot>, now: &Snapshot, rates: &[DomainRates]) {
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.ns.clear();
        self.now.begins.clear();
        let has_none = |domain: &Domain| domain.vcpus.rows.is_empty();
        if now.domains.iter().all(has_none) {
            return;
        }
        self.now.begins.push(0);
        for (domain, rates) in now.domains.iter().zip(rates) {
            let past = before.and_then(|before| {
                let at = rates.matched.same()?;
                Some((before.domains.get(at)?, self.before.view().of(at)))
            });
            for (n, vcpu) in domain.vcpus.rows.iter().enumerate() {
                let ready = vcpu.state == VcpuState::Ready;
                self.is_reported |= ready;
                let then = past.and_then(|(past, sums)| {
                    let place =
                        |at: &usize| past.vcpus.rows.get(*at).is_some_and(|v| v.id == vcpu.id);
                    let at = Some(n)
                        .filter(place)
                        .or_else(|| (0..past.vcpus.rows.len()).find(place))?;
                    Some((
                        past.vcpus.rows[at].state == VcpuState::Ready,
                        *sums.get(at)?,
                    ))
                });
                let ends = u64::from(ready) + u64::from(then.is_some_and(|(ready, _)| ready));
                let sum = then.and_then(|(_, sum)| sum).unwrap_or(0);
                let waited = rates.elapsed_ns.unwrap_or(0) / 2 * ends;
                let sum = sum.saturating_add(waited);
                self.now.ns.push(Some(sum));
            }
            self.now.begins.push(self.now.ns.len());
        }
    }

    /// Ready times at the last sample.
    pub fn view(&self) -> ReadyTimes<'_> {
        if self.is_reported {
            self.now.view()
        } else {
            ReadyTimes::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::rates::RateTracker;

    use super::*;

    const STATES: [VcpuState; 6] = [
        VcpuState::Running,
        VcpuState::Ready,
        VcpuState::Blocked,
        VcpuState::Paused,
        VcpuState::Offline,
        VcpuState::Unknown,
    ];

    /// Ready time of each vCPU after each sample, for the given states.
    fn sums(samples: &[(u64, Vec<VcpuState>)]) -> Vec<Vec<Option<u64>>> {
        let (mut ready, mut tracker) = (ReadyTimeEstimator::default(), RateTracker::default());
        let mut before: Option<Snapshot> = None;
        let mut mono_ns = 1;
        let mut after = Vec::new();
        for (elapsed_ns, states) in samples {
            mono_ns += elapsed_ns;
            let mut now = Snapshot::default();
            let domain = now.domains.next_row();
            domain.vcpus.complete = true;
            for (id, &state) in (0..).zip(states) {
                let vcpu = domain.vcpus.rows.next_row();
                (vcpu.id, vcpu.state) = (id, state);
            }
            let rates = tracker.update(&now, mono_ns).to_vec();
            ready.update(before.as_ref(), &now, &rates);
            after.push(ready.now.view().of(0).to_vec());
            before = Some(now);
        }
        after
    }

    #[test]
    fn a_paused_domain_does_not_wait() {
        let second = 1_000_000_000;
        let states = [
            VcpuState::Running,
            VcpuState::Paused,
            VcpuState::Paused,
            VcpuState::Ready,
            VcpuState::Ready,
        ];
        let samples: Vec<_> = states.iter().map(|&state| (second, vec![state])).collect();
        let sums: Vec<_> = sums(&samples).concat();
        assert_eq!(sums, [0, 0, 0, second / 2, second / 2 + second].map(Some));
    }

    proptest! {
        #[test]
        fn only_ready_vcpus_wait_and_at_most_the_elapsed_time(
            samples in (1usize..5).prop_flat_map(|vcpus| {
                let states = proptest::collection::vec(proptest::sample::select(&STATES[..]), vcpus);
                proptest::collection::vec((1u64..1 << 40, states), 2..20)
            })
        ) {
            let sums = sums(&samples);
            for (n, pair) in samples.windows(2).enumerate() {
                let [(_, then), (elapsed_ns, now)] = pair else {
                    unreachable!()
                };
                let mut grown = 0;
                let mut could_run = 0;
                for vcpu in 0..now.len() {
                    let sum = |at: usize| sums[at][vcpu].unwrap();
                    let more = sum(n + 1).checked_sub(sum(n)).unwrap();
                    let ready = [then[vcpu], now[vcpu]].contains(&VcpuState::Ready);
                    prop_assert!(ready || more == 0, "{:?} to {:?}: {more}", then[vcpu], now[vcpu]);
                    prop_assert!(more <= *elapsed_ns);
                    grown += more;
                    could_run += u64::from(ready);
                }
                prop_assert!(grown <= elapsed_ns * could_run);
            }
        }
    }
}
