//! How rates are spread within an interval that has many readings.

use virtmon_model::{Identity, Snapshot};

use crate::rates::{Deltas, Rates};

mod window;

use window::Collector;

/// One rate's spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The mean, weighted by time.
    pub mean: f64,
    /// The greatest.
    pub max: f64,
    /// The smallest that 99 of 100 do not exceed; `None` where the readings were more than was
    /// reckoned with.
    pub p99: Option<f64>,
}

/// The spreads of a domain's rates, `None` where none is known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spreads {
    /// How many readings of it there were.
    pub readings: u64,
    /// Of the CPU time, in percent of a pCPU.
    pub cpu_pct: Option<Spread>,
    /// Of the bytes that it received, a second.
    pub net_rx: Option<Spread>,
    /// Of the bytes that it sent.
    pub net_tx: Option<Spread>,
    /// Of the bytes that it read.
    pub disk_rd: Option<Spread>,
    /// Of the bytes that it wrote.
    pub disk_wr: Option<Spread>,
}

/// The rates of one domain since the last row.
#[derive(Debug, Default)]
struct Collected {
    identity: Identity,
    readings: u64,
    rates: [Collector; 5],
}

/// Collects the rates between all readings, and spreads them once an interval.
#[derive(Debug, Default)]
pub struct Burst {
    /// Of each kind of rate, so many of the greatest are kept: with them the 99th percentile of an
    /// interval is known, and of one that is twice as long where a row could not be written.
    greatest: usize,
    deltas: Deltas,
    domains: Vec<Collected>,
    spreads: Vec<Spreads>,
}

impl Burst {
    /// Collects so many readings an interval.
    #[must_use]
    pub fn of(readings: u64) -> Self {
        Self {
            greatest: usize::try_from(readings / 50).map_or(usize::MAX, |some| some + 2),
            ..Self::default()
        }
    }

    /// Takes a reading.
    pub fn take(&mut self, snapshot: &Snapshot, mono_ns: u64) {
        let rates = self.deltas.take(snapshot, mono_ns);
        for (at, (domain, rates)) in snapshot.domains.iter().zip(&*rates).enumerate() {
            place(&mut self.domains, at, domain.identity).add(rates, self.greatest);
        }
        // Those that are gone have no row to be in.
        for collected in self.domains.iter_mut().skip(snapshot.domains.len()) {
            collected.clear(Identity::default());
        }
    }

    /// The spreads since the last call, one for each domain of the last reading.
    pub fn spreads(&mut self, domains: usize) -> &[Spreads] {
        self.spreads.clear();
        for collected in self.domains.iter_mut().take(domains) {
            self.spreads.push(collected.spreads());
            collected.clear(collected.identity);
        }
        &self.spreads
    }
}

/// The rates of this domain, brought to this place of the list.
fn place(domains: &mut Vec<Collected>, at: usize, identity: Identity) -> &mut Collected {
    if domains.get(at).is_none_or(|have| have.identity != identity) {
        match domains
            .iter()
            .skip(at)
            .position(|have| have.identity == identity)
        {
            Some(further) => domains.swap(at, at + further),
            None => {
                domains.push(Collected::default());
                let last = domains.len() - 1;
                domains.swap(at, last);
                domains[at].clear(identity);
            }
        }
    }
    &mut domains[at]
}

impl Collected {
    fn clear(&mut self, identity: Identity) {
        self.identity = identity;
        self.readings = 0;
        self.rates.iter_mut().for_each(Collector::clear);
    }

    fn add(&mut self, rates: &Rates, greatest: usize) {
        self.readings += 1;
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

    fn spreads(&mut self) -> Spreads {
        let [cpu_pct, net_rx, net_tx, disk_rd, disk_wr] =
            self.rates.each_mut().map(Collector::spread);
        Spreads {
            readings: self.readings,
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
        let reading = |ids: &[u32], second: u64| {
            let mut snapshot = Snapshot::default();
            for &id in ids {
                let domain = snapshot.domains.next_row();
                domain.identity.id = id;
                domain.cpu_time_ns = Some(second * u64::from(id) * 10_000_000);
            }
            (snapshot, second * 1_000_000_000)
        };
        let mut burst = Burst::of(3);
        for (ids, second) in [
            (&[1, 2, 3][..], 0),
            (&[1, 2, 3], 1),
            (&[0, 2, 3, 9], 2),
            (&[0, 3, 9], 3),
        ] {
            let (snapshot, mono_ns) = reading(ids, second);
            burst.take(&snapshot, mono_ns);
        }
        let spreads = burst.spreads(3).to_vec();
        let readings: Vec<u64> = spreads.iter().map(|s| s.readings).collect();
        assert_eq!(readings, [2, 4, 2]);
        for (spread, pct) in spreads.iter().zip([0.0, 3.0, 9.0]) {
            let cpu = spread.cpu_pct.unwrap();
            assert!((cpu.mean - pct).abs() < 1e-9 && (cpu.max - pct).abs() < 1e-9);
        }
    }
}
