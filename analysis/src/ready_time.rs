//! How long vCPUs have waited for a pCPU: an estimate, made of what they were doing at each
//! reading. Half of an interval counts for each end of it at which a vCPU was ready; one that was
//! paused, blocked or offline waited for nobody.

use virtmon_model::{Domain, Snapshot, VcpuState};

use crate::rates::Rates;

/// The sums, for the vCPUs of each domain of the last reading.
#[derive(Debug, Default)]
pub struct Ready {
    now: Sums,
    before: Sums,
    /// Whether any vCPU was ever ready: not every hypervisor tells that state.
    told: bool,
}

#[derive(Debug, Default)]
struct Sums {
    ns: Vec<Option<u64>>,
    /// Where each domain's begin; one more than there are domains.
    begins: Vec<usize>,
}

/// The sums as a sink sees them.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadyView<'a> {
    ns: &'a [Option<u64>],
    begins: &'a [usize],
}

impl<'a> ReadyView<'a> {
    /// Those of the domain in this place.
    pub fn of(&self, domain: usize) -> &'a [Option<u64>] {
        match self.begins.get(domain..domain + 2) {
            Some(&[begin, end]) => self.ns.get(begin..end).unwrap_or_default(),
            _ => &[],
        }
    }
}

impl Sums {
    fn view(&self) -> ReadyView<'_> {
        ReadyView {
            ns: &self.ns,
            begins: &self.begins,
        }
    }
}

impl Ready {
    /// Takes a reading and the one before, with the domains' rates between them.
    pub fn take(&mut self, before: Option<&Snapshot>, now: &Snapshot, rates: &[Rates]) {
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
                let at = rates.past.same()?;
                Some((before.domains.get(at)?, self.before.view().of(at)))
            });
            for (n, vcpu) in domain.vcpus.rows.iter().enumerate() {
                let ready = vcpu.state == VcpuState::Ready;
                self.told |= ready;
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

    /// The sums of the last reading.
    pub fn view(&self) -> ReadyView<'_> {
        if self.told {
            self.now.view()
        } else {
            ReadyView::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::rates::Deltas;

    use super::*;

    const STATES: [VcpuState; 6] = [
        VcpuState::Running,
        VcpuState::Ready,
        VcpuState::Blocked,
        VcpuState::Paused,
        VcpuState::Offline,
        VcpuState::Unknown,
    ];

    /// The sums after each reading: of each vCPU, whose states are given reading by reading.
    fn sums(readings: &[(u64, Vec<VcpuState>)]) -> Vec<Vec<Option<u64>>> {
        let (mut ready, mut deltas) = (Ready::default(), Deltas::default());
        let mut before: Option<Snapshot> = None;
        let mut mono_ns = 1;
        let mut after = Vec::new();
        for (elapsed_ns, states) in readings {
            mono_ns += elapsed_ns;
            let mut now = Snapshot::default();
            let domain = now.domains.next_row();
            domain.vcpus.complete = true;
            for (id, &state) in (0..).zip(states) {
                let vcpu = domain.vcpus.rows.next_row();
                (vcpu.id, vcpu.state) = (id, state);
            }
            let rates = deltas.take(&now, mono_ns).to_vec();
            ready.take(before.as_ref(), &now, &rates);
            after.push(ready.now.view().of(0).to_vec());
            before = Some(now);
        }
        after
    }

    #[test]
    fn a_domain_that_is_paused_for_a_while_does_not_wait_meanwhile() {
        let second = 1_000_000_000;
        let states = [
            VcpuState::Running,
            VcpuState::Paused,
            VcpuState::Paused,
            VcpuState::Ready,
            VcpuState::Ready,
        ];
        let readings: Vec<_> = states.iter().map(|&state| (second, vec![state])).collect();
        let sums: Vec<_> = sums(&readings).concat();
        assert_eq!(sums, [0, 0, 0, second / 2, second / 2 + second].map(Some));
    }

    proptest! {
        #[test]
        fn only_what_could_run_waits_and_never_longer_than_there_was_time(
            readings in (1usize..5).prop_flat_map(|vcpus| {
                let states = proptest::collection::vec(proptest::sample::select(&STATES[..]), vcpus);
                proptest::collection::vec((1u64..1 << 40, states), 2..20)
            })
        ) {
            let sums = sums(&readings);
            for (n, pair) in readings.windows(2).enumerate() {
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
