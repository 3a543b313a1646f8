//! Distributions of rates within an interval that has several samples.

use virtmon_model::{Identity, Snapshot};

use crate::distribution::Distribution;
use crate::rates::{DomainRates, RateTracker};

mod window;

use window::RateWindow;

/// Distributions of the rates of one domain; `None` for a rate that is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Distributions {
    /// Number of samples of the domain.
    pub samples: u64,
    /// CPU time, in percent of a pCPU.
    pub cpu_pct: Option<Distribution>,
    /// Bytes received per second.
    pub net_rx: Option<Distribution>,
    /// Bytes sent per second.
    pub net_tx: Option<Distribution>,
    /// Bytes read per second.
    pub disk_rd: Option<Distribution>,
    /// Bytes written per second.
    pub disk_wr: Option<Distribution>,
}

/// Rates of one domain since the last row.
#[derive(Debug, Default)]
struct Window {
    identity: Identity,
    samples: u64,
    rates: [RateWindow; 5],
}

/// Collects the rates between all samples, and summarizes them once an interval.
#[derive(Debug, Default)]
pub struct SubsampleStats {
    /// Number of the greatest values kept of each rate: enough for the 99th percentile of an
    /// interval, and of one that is twice as long because a row could not be written.
    greatest: usize,
    tracker: RateTracker,
    domains: Vec<Window>,
    distributions: Vec<Distributions>,
}

impl SubsampleStats {
    /// Creates statistics for an interval of `samples` samples.
    #[must_use]
    pub fn new(samples: u64) -> Self {
        Self {
            greatest: usize::try_from(samples / 50).map_or(usize::MAX, |count| count + 2),
            ..Self::default()
        }
    }

    /// Adds a sample.
    pub fn update(&mut self, snapshot: &Snapshot, mono_ns: u64) {
        let rates = self.tracker.update(snapshot, mono_ns);
        for (at, (domain, rates)) in snapshot.domains.iter().zip(&*rates).enumerate() {
            move_to(&mut self.domains, at, domain.identity).add(rates, self.greatest);
        }
        // A domain that has disappeared has no row.
        for collected in self.domains.iter_mut().skip(snapshot.domains.len()) {
            collected.clear(Identity::default());
        }
    }

    /// Distributions since the last call, one for each domain of the last sample.
    pub fn distributions(&mut self, domains: usize) -> &[Distributions] {
        self.distributions.clear();
        for collected in self.domains.iter_mut().take(domains) {
            self.distributions.push(collected.distributions());
            collected.clear(collected.identity);
        }
        &self.distributions
    }
}

/// Moves the rates of a domain to index `at` of the list, and returns them.
fn move_to(domains: &mut Vec<Window>, at: usize, identity: Identity) -> &mut Window {
    if domains
        .get(at)
        .is_none_or(|entry| entry.identity != identity)
    {
        match domains
            .iter()
            .skip(at)
            .position(|entry| entry.identity == identity)
        {
            Some(further) => domains.swap(at, at + further),
            None => {
                domains.push(Window::default());
                let last = domains.len() - 1;
                domains.swap(at, last);
                domains[at].clear(identity);
            }
        }
    }
    &mut domains[at]
}

impl Window {
    fn clear(&mut self, identity: Identity) {
        self.identity = identity;
        self.samples = 0;
        self.rates.iter_mut().for_each(RateWindow::clear);
    }

    fn add(&mut self, rates: &DomainRates, greatest: usize) {
        self.samples += 1;
        let Some(elapsed_ns) = rates.elapsed_ns else {
            return;
        };
        let known = [
            rates.cpu_pct,
            rates.net_rx,
            rates.net_tx,
            rates.disk_rd,
            rates.disk_wr,
        ];
        for (collector, rate) in self.rates.iter_mut().zip(known) {
            if let Some(rate) = rate {
                collector.add(rate, elapsed_ns, greatest);
            }
        }
    }

    fn distributions(&mut self) -> Distributions {
        let [cpu_pct, net_rx, net_tx, disk_rd, disk_wr] =
            self.rates.each_mut().map(RateWindow::distribution);
        Distributions {
            samples: self.samples,
            cpu_pct,
            net_rx,
            net_tx,
            disk_rd,
            disk_wr,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_keep_their_rates_when_others_come_and_go() {
        let sample = |ids: &[u32], second: u64| {
            let mut snapshot = Snapshot::default();
            for &id in ids {
                let domain = snapshot.domains.next_row();
                domain.identity.id = id;
                domain.cpu_time_ns = Some(second * u64::from(id) * 10_000_000);
            }
            (snapshot, second * 1_000_000_000)
        };
        let mut stats = SubsampleStats::new(3);
        for (ids, second) in [
            (&[1, 2, 3][..], 0),
            (&[1, 2, 3], 1),
            (&[0, 2, 3, 9], 2),
            (&[0, 3, 9], 3),
        ] {
            let (snapshot, mono_ns) = sample(ids, second);
            stats.update(&snapshot, mono_ns);
        }
        let distributions = stats.distributions(3).to_vec();
        let samples: Vec<u64> = distributions.iter().map(|s| s.samples).collect();
        assert_eq!(samples, [2, 4, 2]);
        for (distribution, pct) in distributions.iter().zip([0.0, 3.0, 9.0]) {
            let cpu = distribution.cpu_pct.unwrap();
            assert!((cpu.mean - pct).abs() < 1e-9 && (cpu.max - pct).abs() < 1e-9);
        }
    }
}
