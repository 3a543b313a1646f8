//! Rates of domains between two samples.

use std::mem;

use virtmon_model::{Domain, Identity, Snapshot};

use crate::counter;
use crate::creation::Creation;
use crate::matching::{HasIdentity, Match, classify_new};

/// Rates of one domain since the sample before. A rate is `None` if there is no sample before, if a
/// value is unknown in either sample, or if a counter was reset in between.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DomainRates {
    /// CPU time in percent of one pCPU: two busy vCPUs show 200.
    pub cpu_pct: Option<f64>,
    /// Bytes per second that the guest received.
    pub net_rx: Option<f64>,
    /// Bytes per second that the guest sent.
    pub net_tx: Option<f64>,
    /// Bytes per second that the guest read from its disks.
    pub disk_rd: Option<f64>,
    /// Bytes per second that the guest wrote to its disks.
    pub disk_wr: Option<f64>,
    /// True if the counters are not those of the sample before: the domain was started again, its id
    /// belonged to another domain, a device changed, or a counter decreased.
    pub reset: bool,
    /// Match with the sample before.
    pub matched: Match,
    /// Time that the rates cover, in ns: between the two reads of this domain's values.
    pub elapsed_ns: Option<u64>,
    /// Indices of its first rows among the rates of vCPUs, NICs and disks.
    pub first: FirstRows,
}

/// A larger value is copied with a call of memcpy, for each domain at each tick.
const _: () = assert!(size_of::<DomainRates>() <= 128);

/// Indices of a domain's first rows among the rates of vCPUs, NICs and disks of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FirstRows {
    /// Index of the first vCPU.
    pub vcpu: u32,
    /// Index of the first network interface.
    pub nic: u32,
    /// Index of the first block device.
    pub disk: u32,
}

/// Counters of one domain and the time of their read.
#[derive(Debug, Clone, Copy, Default)]
struct Counters {
    identity: Identity,
    mono_ns: u64,
    /// CPU time; bytes received, sent, read and written.
    values: [Option<u64>; 5],
    /// Numbers of devices that the sums cover: sums over different devices are not comparable.
    nics: usize,
    disks: usize,
    /// Creation of the domain, if it was not in the first sample.
    creation: Option<Creation>,
}

impl HasIdentity for Counters {
    fn identity(&self) -> Identity {
        self.identity
    }
}

/// Factors of the growth of each counter per ns: percent, and bytes per second.
const SCALES: [f64; 5] = [100.0, 1e9, 1e9, 1e9, 1e9];

impl Counters {
    /// Replaces the counters by those of the next sample of the same domain, which began at
    /// `mono_ns`, and returns the rates between the two.
    #[inline(always)]
    fn advance(&mut self, domain: &Domain, mono_ns: u64, matched: Match) -> DomainRates {
        let read_ns = mono_ns.saturating_sub(domain.stale_ns);
        let elapsed_ns = read_ns.saturating_sub(mem::replace(&mut self.mono_ns, read_ns));
        let values = [
            domain.cpu_time_ns,
            domain.nics.sum(|nic| nic.rx_bytes),
            domain.nics.sum(|nic| nic.tx_bytes),
            domain.disks.sum(|disk| disk.rd_bytes),
            domain.disks.sum(|disk| disk.wr_bytes),
        ];
        let mut backwards = false;
        let mut rate = |n: usize| {
            let previous = mem::replace(&mut self.values[n], values[n])?;
            let current = values[n]?;
            backwards |= current < previous;
            // Most counters of most guests do not change: no conversion and no division.
            Some(match current.wrapping_sub(previous) {
                0 => 0.0,
                delta => counter::ratio(delta, elapsed_ns) * SCALES[n],
            })
        };
        let [cpu_pct, net_rx, net_tx] = [rate(0), rate(1), rate(2)];
        let [disk_rd, disk_wr] = [rate(3), rate(4)];
        let differs = |known: &mut usize, count| mem::replace(known, count) != count;
        let other_nics = differs(&mut self.nics, domain.nics.rows.len());
        let other_disks = differs(&mut self.disks, domain.disks.rows.len());
        if backwards {
            return DomainRates::reset(matched);
        }
        // The values of a domain that could not be read are those of the sample before, or older.
        if elapsed_ns == 0 || domain.stale_ns > 0 {
            return DomainRates {
                matched,
                reset: elapsed_ns > 0 && (other_nics || other_disks),
                ..DomainRates::default()
            };
        }
        let mut rates = DomainRates {
            cpu_pct,
            net_rx,
            net_tx,
            disk_rd,
            disk_wr,
            reset: other_nics || other_disks,
            matched,
            elapsed_ns: Some(elapsed_ns),
            ..DomainRates::default()
        };
        if other_nics {
            (rates.net_rx, rates.net_tx) = (None, None);
        }
        if other_disks {
            (rates.disk_rd, rates.disk_wr) = (None, None);
        }
        rates
    }
}

impl DomainRates {
    /// Rates of a domain whose counters were reset: all unknown.
    fn reset(matched: Match) -> Self {
        Self {
            reset: true,
            matched,
            ..Self::default()
        }
    }

    /// True if the domain's counters are those of another life.
    #[must_use]
    pub const fn is_another_life(&self) -> bool {
        self.matched.is_another_life()
    }
}

/// Matches each sample with the one before, and makes the rates of the domains.
#[derive(Debug, Default)]
pub struct RateTracker {
    /// Counters of the domains of the last sample, in its order.
    known: Vec<Counters>,
    rates: Vec<DomainRates>,
    has_sample: bool,
    /// Counters of the sample before; a buffer.
    previous: Vec<Counters>,
}

impl RateTracker {
    /// Adds the sample that began at `mono_ns` and returns its rates, one for each domain in the
    /// snapshot's order.
    pub fn update(&mut self, snapshot: &Snapshot, mono_ns: u64) -> &mut [DomainRates] {
        self.walk(snapshot, mono_ns, |_, _, _| {});
        &mut self.rates
    }

    /// Adds the sample that began at `mono_ns`. Calls `visit` for each domain in the snapshot's order
    /// with its rates and its creation.
    #[inline(always)]
    pub(crate) fn walk(
        &mut self,
        snapshot: &Snapshot,
        mono_ns: u64,
        mut visit: impl FnMut(&Domain, &mut DomainRates, Option<Creation>),
    ) {
        let domains = &snapshot.domains[..];
        let known = self.known.iter().map(|known| known.identity);
        let is_same_list = known.eq(domains.iter().map(|domain| domain.identity));
        if !is_same_list {
            self.rematch(snapshot, mono_ns);
        }
        // One loop for both cases: `visit` is inlined once.
        let rows = self.known.iter_mut().zip(&mut self.rates).zip(domains);
        for (at, ((known, rates), domain)) in rows.enumerate() {
            let matched = match is_same_list {
                true => Match::Same(at),
                false => rates.matched,
            };
            let advanced = known.advance(domain, mono_ns, matched);
            if matched.same().is_some() {
                *rates = advanced;
            }
            visit(domain, rates, known.creation);
        }
        self.has_sample = true;
    }

    /// Rates of the last sample.
    #[must_use]
    pub fn rates(&self) -> &[DomainRates] {
        &self.rates
    }

    /// Makes `known` the domains of a sample whose list differs from the last one. A domain that is in
    /// both keeps its counters. `rates` gets the match of each domain, and the reset of one that has
    /// another life.
    #[cold]
    fn rematch(&mut self, snapshot: &Snapshot, mono_ns: u64) {
        mem::swap(&mut self.known, &mut self.previous);
        self.known.clear();
        self.rates.clear();
        // Both lists ascend by id, so one pass over both pairs them.
        let mut next = 0;
        for domain in &snapshot.domains[..] {
            let identity = domain.identity;
            while self
                .previous
                .get(next)
                .is_some_and(|row| row.identity.id < identity.id)
            {
                next += 1;
            }
            let same_id = self.previous.get(next);
            let same_id = same_id.filter(|row| row.identity.id == identity.id);
            let (known, matched, reset) = match same_id {
                Some(&row) if row.identity == identity => (row, Match::Same(next), false),
                other => {
                    let at = other.map(|_| next);
                    let (matched, reset) = match self.has_sample {
                        true => classify_new(&self.previous, &snapshot.domains, identity, at),
                        false => (Match::FirstSample, false),
                    };
                    let creation = matched.is_new().then_some(Creation {
                        mono_ns,
                        is_restart: matches!(matched, Match::Restarted(_)),
                    });
                    let new = Counters {
                        identity,
                        creation,
                        ..Counters::default()
                    };
                    (new, matched, reset)
                }
            };
            self.known.push(known);
            self.rates.push(DomainRates {
                matched,
                reset,
                ..DomainRates::default()
            });
        }
    }
}

#[cfg(test)]
mod tests;
