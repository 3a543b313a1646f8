//! Rates of the host between two samples: busy time of its pCPUs, and closure of its CPU time.

use virtmon_model::{Domain, Host, Snapshot};

use crate::counter::{percent, ratio};
use crate::matching::Match;

/// Rates of the host since the sample before.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HostRates {
    /// Idle time of all pCPUs that are online, in ns, cumulative.
    pub idle_ns: Option<u64>,
    /// Time that the pCPUs were not idle, in percent of one pCPU: two busy ones show 200.
    pub busy_pct: Option<f64>,
    /// CPU time of all domains and idle time, in percent of the time of all pCPUs: 100 if all time is
    /// accounted for.
    pub closure_pct: Option<f64>,
}

/// Makes the rates of the host.
#[derive(Debug, Default)]
pub(crate) struct HostTracker {
    rates: HostRates,
    pcpu_busy_pct: Vec<Option<f64>>,
}

impl HostTracker {
    pub(crate) fn rates(&self) -> HostRates {
        self.rates
    }

    /// Busy time of each pCPU, in percent; `None` for one that is offline or unknown.
    pub(crate) fn pcpu_busy_pct(&self) -> &[Option<f64>] {
        &self.pcpu_busy_pct
    }

    /// Adds a sample. `elapsed_ns` is the time since the one before, `closure` has its domains.
    pub(crate) fn update(
        &mut self,
        previous: Option<&Snapshot>,
        now: &Snapshot,
        elapsed_ns: Option<u64>,
        closure: Option<Closure>,
    ) {
        self.pcpu_busy_pct.clear();
        self.rates = HostRates::default();
        let idle_ns = &now.host.pcpu_idle_ns;
        if idle_ns.iter().all(Option::is_none) {
            self.rates = HostRates {
                idle_ns: now.host.idle_ns,
                busy_pct: busy_pct_of_sum(previous, now, elapsed_ns),
                closure_pct: closure.and_then(Closure::percent),
            };
            return;
        }
        let previous = previous.map(|previous| &previous.host.pcpu_idle_ns);
        self.pcpu_busy_pct
            .extend(idle_ns.iter().enumerate().map(|(pcpu, &idle)| {
                let previous = previous?.get(pcpu).copied().flatten();
                Some(100.0 - percent(idle, previous, elapsed_ns?)?)
            }));
        let online = || (0..idle_ns.len()).filter(|&pcpu| idle_ns[pcpu].is_some());
        self.rates = HostRates {
            idle_ns: online().try_fold(0u64, |sum, pcpu| sum.checked_add(idle_ns[pcpu]?)),
            busy_pct: online().map(|pcpu| self.pcpu_busy_pct[pcpu]).sum(),
            closure_pct: closure.and_then(Closure::percent),
        };
    }
}

/// Busy time of all pCPUs of a host that reports the sum of their idle times only.
fn busy_pct_of_sum(
    previous: Option<&Snapshot>,
    now: &Snapshot,
    elapsed_ns: Option<u64>,
) -> Option<f64> {
    let previous = &previous?.host;
    let pcpus = now
        .host
        .pcpus
        .filter(|_| now.host.pcpus == previous.pcpus)?;
    let idle_pct = percent(now.host.idle_ns, previous.idle_ns, elapsed_ns?)?;
    Some(f64::from(pcpus) * 100.0 - idle_pct)
}

/// Sum of the CPU time that domains and idle pCPUs account for between two samples.
#[derive(Debug)]
pub(crate) struct Closure {
    /// `None` once a part is unknown.
    used_ns: Option<u64>,
    all_ns: u64,
    /// Number of domains of the sample before that are still there.
    stayed: usize,
    previous_domains: usize,
}

impl Closure {
    /// Begins with the idle time. `None` if there is no sample before, if a part of the idle time is
    /// unknown, or if the set of pCPUs has changed: time of a pCPU that came or went is in no counter.
    pub(crate) fn begin(
        previous: Option<&Snapshot>,
        now: &Snapshot,
        elapsed_ns: Option<u64>,
    ) -> Option<Self> {
        let (previous, elapsed_ns) = (previous?, elapsed_ns?);
        let (used_ns, pcpus) = idle_since(&previous.host, &now.host)?;
        Some(Self {
            used_ns: Some(used_ns),
            all_ns: pcpus.checked_mul(elapsed_ns).filter(|&ns| ns > 0)?,
            stayed: 0,
            previous_domains: previous.domains.len(),
        })
    }

    /// Adds a domain. `previous` is the same domain in the sample before.
    pub(crate) fn add(&mut self, domain: &Domain, previous: Option<&Domain>, matched: Match) {
        self.stayed += usize::from(previous.is_some());
        self.used_ns = self.used_ns.and_then(|sum| {
            let before_ns = match previous {
                Some(previous) => previous.cpu_time_ns.filter(|_| previous.stale_ns == 0)?,
                // A new domain used all of its CPU time since the sample before.
                None if matched.is_new() => 0,
                None => return None,
            };
            let now_ns = domain.cpu_time_ns.filter(|_| domain.stale_ns == 0)?;
            sum.checked_add(now_ns.checked_sub(before_ns)?)
        });
    }

    fn percent(self) -> Option<f64> {
        let used_ns = self.used_ns?;
        (self.stayed == self.previous_domains).then(|| ratio(used_ns, self.all_ns) * 100.0)
    }
}

/// Idle time between two samples, and the number of pCPUs that it covers.
fn idle_since(previous: &Host, now: &Host) -> Option<(u64, u64)> {
    if now.pcpu_idle_ns.is_empty() && previous.pcpu_idle_ns.is_empty() {
        let pcpus = now.pcpus.filter(|_| now.pcpus == previous.pcpus)?;
        let idle_ns = now.idle_ns?.checked_sub(previous.idle_ns?)?;
        return Some((idle_ns, pcpus.into()));
    }
    if now.pcpu_idle_ns.len() != previous.pcpu_idle_ns.len() {
        return None;
    }
    let (mut idle_ns, mut pcpus) = (0u64, 0u64);
    for pair in now.pcpu_idle_ns.iter().zip(&previous.pcpu_idle_ns) {
        match pair {
            (Some(now), Some(previous)) => {
                idle_ns = idle_ns.checked_add(now.checked_sub(*previous)?)?;
                pcpus += 1;
            }
            (None, None) => {}
            _ => return None,
        }
    }
    Some((idle_ns, pcpus))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_is_no_time_is_unknown() {
        let idle_ns = |pcpus: &[Option<u64>]| {
            let mut snapshot = Snapshot::default();
            snapshot.host.pcpu_idle_ns.extend(pcpus);
            let mut tracker = HostTracker::default();
            tracker.update(None, &snapshot, None, None);
            tracker.rates().idle_ns
        };
        assert_eq!(idle_ns(&[Some(3), None, Some(4)]), Some(7));
        assert_eq!(idle_ns(&[Some(u64::MAX), Some(1)]), None);
        assert_eq!(idle_ns(&[None]), None);
    }

    /// A sample of a host that reports the sum of its idle times, with one domain.
    fn with_sum(idle_ns: Option<u64>, pcpus: u32, cpu_time_ns: u64) -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.host.pcpus = Some(pcpus);
        snapshot.host.idle_ns = idle_ns;
        snapshot.domains.next_row().cpu_time_ns = Some(cpu_time_ns);
        snapshot
    }

    /// Rates of that host 1 s after it had 4 pCPUs and an idle time of 5 s.
    fn rates_of_sum(idle_ns: Option<u64>, pcpus: u32) -> HostRates {
        let before = with_sum(Some(5_000_000_000), 4, 7);
        let now = with_sum(idle_ns, pcpus, 250_000_007);
        let elapsed_ns = Some(1_000_000_000);
        let mut closure = Closure::begin(Some(&before), &now, elapsed_ns);
        if let Some(closure) = &mut closure {
            closure.add(&now.domains[0], Some(&before.domains[0]), Match::Same(0));
        }
        let mut tracker = HostTracker::default();
        tracker.update(Some(&before), &now, elapsed_ns, closure);
        assert_eq!(tracker.pcpu_busy_pct(), []);
        tracker.rates()
    }

    #[test]
    fn a_sum_of_idle_times_makes_the_rates_of_the_host() {
        let rates = rates_of_sum(Some(7_500_000_000), 4);
        let expected = HostRates {
            idle_ns: Some(7_500_000_000),
            busy_pct: Some(150.0),
            closure_pct: Some(68.75),
        };
        assert_eq!(rates, expected);
        for (idle_ns, pcpus) in [(Some(4_000_000_000), 4), (Some(7_500_000_000), 8)] {
            let unknown = HostRates {
                idle_ns,
                ..HostRates::default()
            };
            assert_eq!(rates_of_sum(idle_ns, pcpus), unknown);
        }
        assert_eq!(rates_of_sum(None, 4), HostRates::default());
    }
}
