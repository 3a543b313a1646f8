//! Rates: pure functions of two readings and the time between them.

use virtmon_model::{Domain, Identity, Snapshot};

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
}

/// The counters of one domain and when they were read.
#[derive(Debug, Clone, Copy)]
struct Counters {
    identity: Identity,
    mono_ns: u64,
    cpu_time_ns: Option<u64>,
    net_rx: Option<u64>,
    net_tx: Option<u64>,
    disk_rd: Option<u64>,
    disk_wr: Option<u64>,
}

impl Counters {
    fn of(domain: &Domain, mono_ns: u64) -> Self {
        Self {
            identity: domain.identity,
            mono_ns: mono_ns.saturating_sub(domain.stale_ns),
            cpu_time_ns: domain.cpu_time_ns,
            net_rx: domain.nics.sum(|nic| nic.rx_bytes),
            net_tx: domain.nics.sum(|nic| nic.tx_bytes),
            disk_rd: domain.disks.sum(|disk| disk.rd_bytes),
            disk_wr: domain.disks.sum(|disk| disk.wr_bytes),
        }
    }

    /// The rates between `before` and this reading of the same life of the same domain.
    fn since(&self, before: &Self) -> Rates {
        let pairs = [
            (self.cpu_time_ns, before.cpu_time_ns),
            (self.net_rx, before.net_rx),
            (self.net_tx, before.net_tx),
            (self.disk_rd, before.disk_rd),
            (self.disk_wr, before.disk_wr),
        ];
        if pairs
            .iter()
            .any(|(now, before)| matches!((now, before), (Some(n), Some(b)) if n < b))
        {
            return Rates::RESET;
        }
        let Some(elapsed_ns) = self
            .mono_ns
            .checked_sub(before.mono_ns)
            .filter(|&ns| ns > 0)
        else {
            return Rates::default();
        };
        let [cpu, net_rx, net_tx, disk_rd, disk_wr] = pairs.map(|(now, before)| {
            let delta = now?.checked_sub(before?)?;
            Some(ratio(delta, elapsed_ns))
        });
        let per_second = |per_ns: f64| per_ns * 1e9;
        Rates {
            cpu_pct: cpu.map(|share| share * 100.0),
            net_rx: net_rx.map(per_second),
            net_tx: net_tx.map(per_second),
            disk_rd: disk_rd.map(per_second),
            disk_wr: disk_wr.map(per_second),
            reset: false,
        }
    }
}

impl Rates {
    const RESET: Self = Self {
        cpu_pct: None,
        net_rx: None,
        net_tx: None,
        disk_rd: None,
        disk_wr: None,
        reset: true,
    };
}

#[expect(
    clippy::cast_precision_loss,
    reason = "53 bits of a difference are exact up to 104 days of ns and 8 PiB"
)]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// The reading before, and the rates that the last one made with it.
#[derive(Debug, Default)]
pub struct Deltas {
    before: Vec<Counters>,
    now: Vec<Counters>,
    rates: Vec<Rates>,
}

impl Deltas {
    /// Takes the reading that began at `mono_ns` and returns its rates, one for each domain in
    /// the snapshot's order.
    pub fn take(&mut self, snapshot: &Snapshot, mono_ns: u64) -> &[Rates] {
        self.rates.clear();
        self.now.clear();
        // Both lists ascend by id, so one walk through both pairs them.
        let mut next = 0;
        for domain in snapshot.domains.iter() {
            let now = Counters::of(domain, mono_ns);
            while self
                .before
                .get(next)
                .is_some_and(|b| b.identity.id < now.identity.id)
            {
                next += 1;
            }
            let same_id = self
                .before
                .get(next)
                .filter(|b| b.identity.id == now.identity.id);
            let rates = match same_id {
                // Its values are those of the reading before, or older.
                Some(before) if before.identity == now.identity && domain.stale_ns > 0 => {
                    Rates::default()
                }
                Some(before) if before.identity == now.identity => now.since(before),
                Some(_) => Rates::RESET,
                None if self.rebooted(&now) => Rates::RESET,
                None => Rates::default(),
            };
            self.rates.push(rates);
            self.now.push(now);
        }
        std::mem::swap(&mut self.before, &mut self.now);
        &self.rates
    }

    /// Whether a domain with a new id is one that had another id before.
    fn rebooted(&self, now: &Counters) -> bool {
        !now.identity.uuid.is_nil()
            && self
                .before
                .iter()
                .any(|before| before.identity.uuid == now.identity.uuid)
    }
}

#[cfg(test)]
mod tests;
