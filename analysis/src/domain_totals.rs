//! Values of a domain that follow from several others: sums over its devices, and shares of its CPU time.
//!
//! A view asks for them, domain by domain, in its own thread. A tick that nobody looks at has no cost.

use virtmon_model::{Domain, Memory};

use crate::counter::{per_second, percent, ratio};
use crate::device_rates::{DiskRates, NicRates};
use crate::frame::Frame;
use crate::rates::DomainRates;

/// Values of one domain since the sample before. A sum is `None` if any of its parts is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DomainTotals {
    /// CPU time outside the host's kernel, in percent of one pCPU.
    pub user_pct: Option<f64>,
    /// CPU time in the host's kernel, in percent of one pCPU.
    pub system_pct: Option<f64>,
    /// Bytes per second that the guest swapped in.
    pub swap_in_s: Option<f64>,
    /// Packets per second, received and sent.
    pub packets_s: Option<f64>,
    /// Packets dropped per second, in both directions.
    pub drops_s: Option<f64>,
    /// Reads per second.
    pub rd_requests_s: Option<f64>,
    /// Writes per second.
    pub wr_requests_s: Option<f64>,
    /// Mean time of the reads and writes of the interval, in ns; `None` also if there was none.
    pub latency_ns: Option<f64>,
    /// Number of times per second that a request found the queue full.
    pub queue_full_s: Option<f64>,
}

impl DomainTotals {
    /// Values of the domain with this index, in a frame with the rates of devices.
    #[must_use]
    pub fn of(frame: &Frame<'_>, domain: &Domain, rates: &DomainRates) -> Self {
        let mut totals = Self::default();
        // The counters of a stale row, and of another life, are not comparable.
        let Some(elapsed_ns) = rates.elapsed_ns else {
            return totals;
        };
        let before = frame.previous.zip(rates.matched.same());
        let before = before.and_then(|(previous, at)| previous.snapshot.domains.get(at));
        if let Some(before) = before {
            totals.user_pct = percent(domain.cpu_user_ns, before.cpu_user_ns, elapsed_ns);
            totals.system_pct = percent(domain.cpu_system_ns, before.cpu_system_ns, elapsed_ns);
            let swapped = (domain.memory.swap_in_bytes, before.memory.swap_in_bytes);
            totals.swap_in_s = per_second(swapped.0, swapped.1, elapsed_ns);
        }
        if domain.nics.complete && rates.net_rx.is_some() {
            let nics = frame.nics_of(domain, rates);
            totals.add_nics(nics, domain.nics.rows.len());
        }
        if domain.disks.complete && rates.disk_rd.is_some() {
            let disks = frame.disks_of(domain, rates);
            totals.add_disks(disks, domain.disks.rows.len());
        }
        totals
    }

    fn add_nics(&mut self, nics: &[NicRates], count: usize) {
        if nics.len() != count {
            return;
        }
        self.packets_s = sum(nics, |nic| Some(nic.rx_packets_s? + nic.tx_packets_s?));
        self.drops_s = sum(nics, |nic| Some(nic.rx_drops_s? + nic.tx_drops_s?));
    }

    fn add_disks(&mut self, disks: &[DiskRates], count: usize) {
        if disks.len() != count {
            return;
        }
        self.rd_requests_s = sum(disks, |disk| disk.rd_requests_s);
        self.wr_requests_s = sum(disks, |disk| disk.wr_requests_s);
        self.queue_full_s = sum(disks, |disk| disk.queue_full_s);
        self.latency_ns = latency_ns(disks);
    }
}

/// Used memory in percent, as the guest reports it: total less usable memory, or less unused memory if the
/// guest does not report the usable one. `None` if the guest does not report it.
#[must_use]
pub fn guest_used_pct(memory: &Memory) -> Option<f64> {
    let total = memory.guest_total_bytes.filter(|&total| total > 0)?;
    let free = memory.guest_usable_bytes.or(memory.guest_unused_bytes)?;
    Some(ratio(total.checked_sub(free)?, total) * 100.0)
}

/// Mean time of the requests of some disks, weighted by their number, in ns. `None` if there was no
/// request, or if the time of some is unknown.
fn latency_ns(disks: &[DiskRates]) -> Option<f64> {
    let (mut time, mut requests) = (0.0, 0.0);
    for disk in disks {
        for (rate, mean_ns) in [
            (disk.rd_requests_s?, disk.rd_latency_ns),
            (disk.wr_requests_s?, disk.wr_latency_ns),
        ] {
            if rate > 0.0 {
                time += rate * ratio(mean_ns?, 1);
                requests += rate;
            }
        }
    }
    (requests > 0.0).then(|| time / requests)
}

fn sum<T>(rows: &[T], value: impl Fn(&T) -> Option<f64>) -> Option<f64> {
    rows.iter()
        .try_fold(0.0, |sum, row| Some(sum + value(row)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latency_of_several_disks_is_weighted_by_their_requests() {
        let disk = |rd_requests_s, rd_latency_ns, wr_requests_s, wr_latency_ns| DiskRates {
            rd_requests_s: Some(rd_requests_s),
            wr_requests_s: Some(wr_requests_s),
            rd_latency_ns,
            wr_latency_ns,
            ..DiskRates::UNKNOWN
        };
        let disks = [
            disk(3.0, Some(1_000), 0.0, None),
            disk(0.0, None, 1.0, Some(9_000)),
        ];
        assert_eq!(latency_ns(&disks), Some(3_000.0));
        assert_eq!(latency_ns(&[disk(0.0, None, 0.0, None)]), None);
        // Xen reports requests, and no times.
        assert_eq!(latency_ns(&[disk(2.0, None, 0.0, None)]), None);
        assert_eq!(latency_ns(&[DiskRates::UNKNOWN]), None);
    }

    #[test]
    fn used_memory_is_what_the_guest_reports() {
        let mut memory = Memory {
            guest_total_bytes: Some(400),
            guest_unused_bytes: Some(100),
            ..Memory::default()
        };
        assert_eq!(guest_used_pct(&memory), Some(75.0));
        memory.guest_usable_bytes = Some(300);
        assert_eq!(guest_used_pct(&memory), Some(25.0));
        memory.guest_usable_bytes = Some(500);
        assert_eq!(guest_used_pct(&memory), None);
        memory.guest_total_bytes = Some(0);
        assert_eq!(guest_used_pct(&memory), None);
    }

    #[test]
    fn a_sum_with_an_unknown_part_is_unknown() {
        let nic = |drops| NicRates {
            rx_drops_s: drops,
            tx_drops_s: Some(1.0),
            ..NicRates::UNKNOWN
        };
        let mut totals = DomainTotals::default();
        totals.add_nics(&[nic(Some(2.0)), nic(Some(0.5))], 2);
        assert_eq!((totals.drops_s, totals.packets_s), (Some(4.5), None));
        let mut totals = DomainTotals::default();
        totals.add_nics(&[nic(Some(2.0)), nic(None)], 2);
        assert_eq!(totals.drops_s, None);
        totals.add_nics(&[], 0);
        assert_eq!(totals.drops_s, Some(0.0), "no NIC drops nothing");
    }
}
