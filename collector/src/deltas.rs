//! Rates: pure functions of two readings and the time between them.

use virtmon_model::{Domain, Identity, Snapshot};

use crate::rate;

/// What a domain was in the reading before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Before {
    /// There was no reading before.
    #[default]
    Nothing,
    /// It was not there.
    New,
    /// The same life of it, in this place of the list.
    Same(usize),
    /// Another life of it, with another id or incarnation, in this place.
    Rebooted(usize),
    /// Its id had another owner, in this place.
    Reused(usize),
}

impl Before {
    /// Where the same life of the domain was in the list.
    #[must_use]
    pub const fn same(self) -> Option<usize> {
        match self {
            Self::Same(at) => Some(at),
            _ => None,
        }
    }

    /// Where it was in the list, in this life or the one before.
    pub(crate) const fn place(self) -> Option<usize> {
        match self {
            Self::Same(at) | Self::Rebooted(at) => Some(at),
            _ => None,
        }
    }

    /// Whether the domain, or this life of it, began after the reading before.
    pub(crate) const fn is_new(self) -> bool {
        matches!(self, Self::New | Self::Rebooted(_) | Self::Reused(_))
    }
}

/// What changed of one domain since the reading before. `None` where there is none to compare
/// with, where either reading does not tell, or where a counter started anew in between.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
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
    /// The counters are not those of the reading before: the domain rebooted, its id has another
    /// owner, or a counter ran backwards.
    pub reset: bool,
    /// What it was in the reading before.
    pub past: Before,
    /// The time that the rates are of: between the two readings of this domain's values.
    pub elapsed_ns: Option<u64>,
}

/// The counters of one domain and when they were read.
#[derive(Debug, Clone, Copy)]
struct Counters {
    identity: Identity,
    mono_ns: u64,
    /// CPU time; bytes received, sent, read and written.
    values: [Option<u64>; 5],
    /// How many devices the sums are of: with another number they are of other things.
    nics: usize,
    disks: usize,
}

/// What each counter's growth in a ns is multiplied by: percent, and bytes per second.
const SCALES: [f64; 5] = [100.0, 1e9, 1e9, 1e9, 1e9];

impl Counters {
    #[inline]
    fn of(domain: &Domain, mono_ns: u64) -> Self {
        Self {
            identity: domain.identity,
            mono_ns: mono_ns.saturating_sub(domain.stale_ns),
            values: [
                domain.cpu_time_ns,
                domain.nics.sum(|nic| nic.rx_bytes),
                domain.nics.sum(|nic| nic.tx_bytes),
                domain.disks.sum(|disk| disk.rd_bytes),
                domain.disks.sum(|disk| disk.wr_bytes),
            ],
            nics: domain.nics.rows.len(),
            disks: domain.disks.rows.len(),
        }
    }

    /// The rates between `before` and this reading of the same life of the same domain.
    #[inline]
    fn since(&self, before: &Self, past: Before) -> Rates {
        let elapsed_ns = self.mono_ns.saturating_sub(before.mono_ns);
        let mut grown = [None; 5];
        for (n, grown) in grown.iter_mut().enumerate() {
            if let (Some(then), Some(now)) = (before.values[n], self.values[n]) {
                let Some(delta) = now.checked_sub(then) else {
                    return Rates::reset(past);
                };
                // Most counters of most guests: no need to convert and divide.
                *grown = Some(match delta {
                    0 => 0.0,
                    delta => rate::ratio(delta, elapsed_ns) * SCALES[n],
                });
            }
        }
        if elapsed_ns == 0 {
            return Rates {
                past,
                ..Rates::default()
            };
        }
        let [cpu_pct, net_rx, net_tx, disk_rd, disk_wr] = grown;
        let mut rates = Rates {
            cpu_pct,
            net_rx,
            net_tx,
            disk_rd,
            disk_wr,
            reset: false,
            past,
            elapsed_ns: Some(elapsed_ns),
        };
        if self.nics != before.nics {
            (rates.net_rx, rates.net_tx, rates.reset) = (None, None, true);
        }
        if self.disks != before.disks {
            (rates.disk_rd, rates.disk_wr, rates.reset) = (None, None, true);
        }
        rates
    }
}

impl Rates {
    /// No rates, and that they were made impossible.
    const fn reset(past: Before) -> Self {
        Self {
            cpu_pct: None,
            net_rx: None,
            net_tx: None,
            disk_rd: None,
            disk_wr: None,
            reset: true,
            past,
            elapsed_ns: None,
        }
    }

    /// Whether the domain's counters are those of another life.
    pub(crate) const fn is_another_life(&self) -> bool {
        matches!(self.past, Before::Rebooted(_) | Before::Reused(_))
    }
}

/// The reading before, and the rates that the last one made with it.
#[derive(Debug, Default)]
pub struct Deltas {
    before: Vec<Counters>,
    now: Vec<Counters>,
    rates: Vec<Rates>,
    any: bool,
}

impl Deltas {
    /// Takes the reading that began at `mono_ns` and returns its rates, one for each domain in
    /// the snapshot's order.
    pub fn take(&mut self, snapshot: &Snapshot, mono_ns: u64) -> &mut [Rates] {
        let Self {
            before,
            now,
            rates,
            any,
        } = self;
        now.clear();
        let counters = |domain| Counters::of(domain, mono_ns);
        now.extend(snapshot.domains.iter().map(counters));
        rates.clear();
        // Both lists ascend by id, so one walk through both pairs them.
        let mut next = 0;
        rates.extend(now.iter().zip(&snapshot.domains[..]).map(|(now, domain)| {
            let mut there = before.get(next);
            while there.is_some_and(|there| there.identity.id < now.identity.id) {
                next += 1;
                there = before.get(next);
            }
            let same_id = there.filter(|there| there.identity.id == now.identity.id);
            match same_id {
                Some(there) if there.identity == now.identity => {
                    let rates = now.since(there, Before::Same(next));
                    if domain.stale_ns == 0 {
                        return rates;
                    }
                    // Its values are those of the reading before, or older.
                    Rates {
                        past: rates.past,
                        reset: rates.reset,
                        ..Rates::default()
                    }
                }
                _ if *any => another(before, snapshot, now, same_id.map(|_| next)),
                _ => Rates::default(),
            }
        }));
        std::mem::swap(before, now);
        *any = true;
        rates
    }
}

/// What a domain is that was not there with this identity. `same_id` is where its id was.
#[cold]
fn another(all: &[Counters], snapshot: &Snapshot, now: &Counters, same_id: Option<usize>) -> Rates {
    let had = |before: &Counters| before.identity.uuid == now.identity.uuid;
    let earlier = match same_id {
        Some(at) if had(&all[at]) => Some(at),
        _ if now.identity.uuid.is_nil() => None,
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
        (Some(at), _) => Rates::reset(Before::Rebooted(at)),
        (None, Some(at)) => Rates::reset(Before::Reused(at)),
        (None, None) => Rates {
            reset: earlier.is_some(),
            past: Before::New,
            ..Rates::default()
        },
    }
}

#[cfg(test)]
mod tests;
