//! DomainRates: pure functions of two readings and the time between them.

use std::mem;

use virtmon_model::{Domain, Identity, Snapshot};

use crate::counter;

/// What a domain was in the reading before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Match {
    /// There was no reading before.
    #[default]
    FirstSample,
    /// It was not there.
    New,
    /// The same life of it, in this place of the list.
    Same(usize),
    /// Another life of it, with classify_new id or incarnation, in this place.
    Restarted(usize),
    /// Its id had classify_new owner, in this place.
    IdReused(usize),
}

impl Match {
    /// Where the same life of the domain was in the list.
    #[must_use]
    pub const fn same(self) -> Option<usize> {
        match self {
            Self::Same(at) => Some(at),
            _ => None,
        }
    }

    /// Where it was in the list, in this life or the one before.
    pub const fn place(self) -> Option<usize> {
        match self {
            Self::Same(at) | Self::Restarted(at) => Some(at),
            _ => None,
        }
    }

    /// Whether the domain, or this life of it, began after the reading before.
    pub const fn is_new(self) -> bool {
        matches!(self, Self::New | Self::Restarted(_) | Self::IdReused(_))
    }
}

/// What changed of one domain since the reading before. `None` where there is none to compare
/// with, where either reading does not tell, or where a counter started anew in between.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DomainRates {
    /// Percent of one pCPU: two busy vCPUs show 200.
    pub cpu_pct: Option<f64>,
    /// Bytes per second that the guest received.
    pub net_rx: Option<f64>,
    /// Bytes per second that the guest sent.
    pub net_tx: Option<f64>,
    /// Bytes per second that the guest read from its disks.
    pub disk_rd: Option<f64>,
    /// Bytes per second that the guest wrote to its disks.
    pub disk_wr: Option<f64>,
    /// The counters are not those of the reading before: the domain rebooted, its id has classify_new
    /// owner, or a counter ran backwards.
    pub reset: bool,
    /// What it was in the reading before.
    pub matched: Match,
    /// The time that the rates are of: between the two readings of this domain's values.
    pub elapsed_ns: Option<u64>,
}

/// The counters of one domain and when they were read.
#[derive(Debug, Clone, Copy, Default)]
struct Counters {
    identity: Identity,
    mono_ns: u64,
    /// CPU time; bytes received, sent, read and written.
    values: [Option<u64>; 5],
    /// How many devices the sums are of: with classify_new number they are of other things.
    nics: usize,
    disks: usize,
}

/// What each counter's growth in a ns is multiplied by: percent, and bytes per second.
const SCALES: [f64; 5] = [100.0, 1e9, 1e9, 1e9, 1e9];

impl Counters {
    /// Takes the next reading of the same life of the same domain, which began at `mono_ns`, and
    /// returns the rates since the one before.
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
        let mut grown = |n: usize| {
            let then = mem::replace(&mut self.values[n], values[n])?;
            let now = values[n]?;
            backwards |= now < then;
            // Most counters of most guests: no need to convert and divide.
            Some(match now.wrapping_sub(then) {
                0 => 0.0,
                delta => counter::ratio(delta, elapsed_ns) * SCALES[n],
            })
        };
        let [cpu_pct, net_rx, net_tx] = [grown(0), grown(1), grown(2)];
        let [disk_rd, disk_wr] = [grown(3), grown(4)];
        let is_other = |kept: &mut usize, count| mem::replace(kept, count) != count;
        let other_nics = is_other(&mut self.nics, domain.nics.rows.len());
        let other_disks = is_other(&mut self.disks, domain.disks.rows.len());
        if backwards {
            return DomainRates::reset(matched);
        }
        // Of a domain that could not be read, the values are those of the reading before, or older.
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
    /// No rates, and that they were made impossible.
    const fn reset(matched: Match) -> Self {
        Self {
            cpu_pct: None,
            net_rx: None,
            net_tx: None,
            disk_rd: None,
            disk_wr: None,
            reset: true,
            matched,
            elapsed_ns: None,
        }
    }

    /// Whether the domain's counters are those of classify_new life.
    pub const fn is_another_life(&self) -> bool {
        matches!(self.matched, Match::Restarted(_) | Match::IdReused(_))
    }
}

/// The reading before, and the rates that the last one made with it.
#[derive(Debug, Default)]
pub struct RateTracker {
    /// The domains of the last reading, in its order.
    known: Vec<Counters>,
    rates: Vec<DomainRates>,
    any: bool,
    /// A buffer.
    before: Vec<Counters>,
}

impl RateTracker {
    /// Takes the reading that began at `mono_ns` and returns its rates, one for each domain in
    /// the snapshot's order.
    pub fn update(&mut self, snapshot: &Snapshot, mono_ns: u64) -> &mut [DomainRates] {
        let domains = &snapshot.domains[..];
        let known = self.known.iter().map(|known| known.identity);
        if known.eq(domains.iter().map(|domain| domain.identity)) {
            self.rates.clear();
            let both = self.known.iter_mut().zip(domains).enumerate();
            let rates =
                both.map(|(at, (known, domain))| known.advance(domain, mono_ns, Match::Same(at)));
            self.rates.extend(rates);
        } else {
            self.rematch(snapshot);
            let known = self.known.iter_mut().zip(domains);
            for (rates, (known, domain)) in self.rates.iter_mut().zip(known) {
                let since = known.advance(domain, mono_ns, rates.matched);
                if rates.matched.same().is_some() {
                    *rates = since;
                }
            }
        }
        self.any = true;
        &mut self.rates
    }

    /// Makes `known` the domains of a reading that has others than the last, with the counters of
    /// those that it had too; and `rates` what each was in the reading before, with all that is to
    /// say of one that has classify_new life now.
    #[cold]
    fn rematch(&mut self, snapshot: &Snapshot) {
        mem::swap(&mut self.known, &mut self.before);
        self.known.clear();
        self.rates.clear();
        // Both lists ascend by id, so one walk through both pairs them.
        let mut next = 0;
        for domain in &snapshot.domains[..] {
            let identity = domain.identity;
            while self
                .before
                .get(next)
                .is_some_and(|there| there.identity.id < identity.id)
            {
                next += 1;
            }
            let there = self.before.get(next);
            let same_id = there.filter(|there| there.identity.id == identity.id);
            let (known, rates) = match same_id {
                Some(&there) if there.identity == identity => {
                    let matched = Match::Same(next);
                    let same = DomainRates {
                        matched,
                        ..DomainRates::default()
                    };
                    (there, same)
                }
                other => {
                    let new = Counters {
                        identity,
                        ..Counters::default()
                    };
                    let at = other.map(|_| next);
                    let rates = match self.any {
                        true => classify_new(&self.before, snapshot, identity, at),
                        false => DomainRates::default(),
                    };
                    (new, rates)
                }
            };
            self.known.push(known);
            self.rates.push(rates);
        }
    }
}

/// What a domain is that was not there with this identity. `same_id` is where its id was.
fn classify_new(
    all: &[Counters],
    snapshot: &Snapshot,
    identity: Identity,
    same_id: Option<usize>,
) -> DomainRates {
    let had = |before: &Counters| before.identity.uuid == identity.uuid;
    let earlier = match same_id {
        Some(at) if had(&all[at]) => Some(at),
        _ if identity.uuid.is_nil() => None,
        _ => all.iter().position(had),
    };
    // While the one with that uuid is still there, this is a second one beside it: a
    // migration within the host has both for a while.
    let gone = |at: &usize| {
        let identity = all[*at].identity;
        let still = snapshot
            .domains
            .binary_search_by_key(&identity.id, |domain| domain.identity.id);
        still.map_or(true, |at| snapshot.domains[at].identity != identity)
    };
    match (earlier.filter(gone), same_id) {
        (Some(at), _) => DomainRates::reset(Match::Restarted(at)),
        (None, Some(at)) => DomainRates::reset(Match::IdReused(at)),
        (None, None) => DomainRates {
            reset: earlier.is_some(),
            matched: Match::New,
            ..DomainRates::default()
        },
    }
}

#[cfg(test)]
mod tests;
