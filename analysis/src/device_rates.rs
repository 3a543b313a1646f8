//! Rates of network interfaces and block devices between two samples.

use virtmon_model::{Devices, Disk, Nic};

use crate::counter::{self, any_backwards, per_second};
use crate::event::EventKind;

/// Rates of one network interface since the sample before, from the guest's side. A rate is `None` if
/// a value is unknown in either sample, or if the counters were reset in between.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NicRates {
    /// Bytes received per second.
    pub rx_bytes_s: Option<f64>,
    /// Bytes sent per second.
    pub tx_bytes_s: Option<f64>,
    /// Packets received per second.
    pub rx_packets_s: Option<f64>,
    /// Packets sent per second.
    pub tx_packets_s: Option<f64>,
    /// Packets for the guest that were dropped, per second.
    pub rx_drops_s: Option<f64>,
    /// Packets of the guest that were dropped, per second.
    pub tx_drops_s: Option<f64>,
    /// True if the counters are not those of the sample before.
    pub reset: bool,
}

impl NicRates {
    /// Rates that are all unknown.
    pub const UNKNOWN: Self = Self {
        rx_bytes_s: None,
        tx_bytes_s: None,
        rx_packets_s: None,
        tx_packets_s: None,
        rx_drops_s: None,
        tx_drops_s: None,
        reset: false,
    };
}

/// Rates of one block device since the sample before. A rate is `None` if a value is unknown in either
/// sample, or if the counters were reset in between.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DiskRates {
    /// Bytes read per second.
    pub rd_bytes_s: Option<f64>,
    /// Bytes written per second.
    pub wr_bytes_s: Option<f64>,
    /// Reads per second.
    pub rd_requests_s: Option<f64>,
    /// Writes per second.
    pub wr_requests_s: Option<f64>,
    /// Mean time of the reads of the interval, in ns; `None` also if there was no read.
    pub rd_latency_ns: Option<u64>,
    /// Mean time of the writes of the interval, in ns; `None` also if there was no write.
    pub wr_latency_ns: Option<u64>,
    /// Number of times per second that a request found the queue full.
    pub queue_full_s: Option<f64>,
    /// True if the counters are not those of the sample before.
    pub reset: bool,
}

impl DiskRates {
    /// Rates that are all unknown.
    pub const UNKNOWN: Self = Self {
        rd_bytes_s: None,
        wr_bytes_s: None,
        rd_requests_s: None,
        wr_requests_s: None,
        rd_latency_ns: None,
        wr_latency_ns: None,
        queue_full_s: None,
        reset: false,
    };
}

/// A kind of device.
pub(crate) trait Device: Default {
    /// Event of a device that was added.
    const ADDED: EventKind;
    /// Event of a device that was removed.
    const REMOVED: EventKind;
    /// Rates of a device of this kind.
    type Rates;

    /// Name of the device; the same in both samples.
    fn name(&self) -> &str;

    /// True if a counter is less than in the sample before.
    fn is_backwards(&self, previous: &Self) -> bool;

    /// Rates since the sample before, `elapsed_ns` ago. `pair` is `None` if there is no such sample, or
    /// if its counters are not comparable; `reset` is true if they were reset.
    fn rates(&self, pair: Option<(&Self, u64)>, reset: bool) -> Self::Rates;
}

impl Device for Nic {
    const ADDED: EventKind = EventKind::NicAdded;
    const REMOVED: EventKind = EventKind::NicRemoved;
    type Rates = NicRates;

    fn name(&self) -> &str {
        &self.name
    }

    fn is_backwards(&self, previous: &Self) -> bool {
        any_backwards([
            (previous.rx_bytes, self.rx_bytes),
            (previous.rx_packets, self.rx_packets),
            (previous.tx_bytes, self.tx_bytes),
            (previous.tx_packets, self.tx_packets),
        ])
    }

    fn rates(&self, pair: Option<(&Self, u64)>, reset: bool) -> NicRates {
        let Some((previous, elapsed_ns)) = pair else {
            return NicRates {
                reset,
                ..NicRates::default()
            };
        };
        NicRates {
            rx_bytes_s: per_second(self.rx_bytes, previous.rx_bytes, elapsed_ns),
            tx_bytes_s: per_second(self.tx_bytes, previous.tx_bytes, elapsed_ns),
            rx_packets_s: per_second(self.rx_packets, previous.rx_packets, elapsed_ns),
            tx_packets_s: per_second(self.tx_packets, previous.tx_packets, elapsed_ns),
            rx_drops_s: per_second(self.rx_drops, previous.rx_drops, elapsed_ns),
            tx_drops_s: per_second(self.tx_drops, previous.tx_drops, elapsed_ns),
            reset,
        }
    }
}

impl Device for Disk {
    const ADDED: EventKind = EventKind::DiskAdded;
    const REMOVED: EventKind = EventKind::DiskRemoved;
    type Rates = DiskRates;

    fn name(&self) -> &str {
        &self.name
    }

    fn is_backwards(&self, previous: &Self) -> bool {
        any_backwards([
            (previous.rd_bytes, self.rd_bytes),
            (previous.rd_requests, self.rd_requests),
            (previous.wr_bytes, self.wr_bytes),
            (previous.wr_requests, self.wr_requests),
        ])
    }

    fn rates(&self, pair: Option<(&Self, u64)>, reset: bool) -> DiskRates {
        let Some((previous, elapsed_ns)) = pair else {
            return DiskRates {
                reset,
                ..DiskRates::default()
            };
        };
        DiskRates {
            rd_bytes_s: per_second(self.rd_bytes, previous.rd_bytes, elapsed_ns),
            wr_bytes_s: per_second(self.wr_bytes, previous.wr_bytes, elapsed_ns),
            rd_requests_s: per_second(self.rd_requests, previous.rd_requests, elapsed_ns),
            wr_requests_s: per_second(self.wr_requests, previous.wr_requests, elapsed_ns),
            rd_latency_ns: counter::mean(
                [previous.rd_time_ns, self.rd_time_ns],
                [previous.rd_requests, self.rd_requests],
            ),
            wr_latency_ns: counter::mean(
                [previous.wr_time_ns, self.wr_time_ns],
                [previous.wr_requests, self.wr_requests],
            ),
            queue_full_s: per_second(self.queue_full, previous.queue_full, elapsed_ns),
            reset,
        }
    }
}

/// Compares the devices of one kind of a domain in two samples, `elapsed_ns` apart. Adds their rates to
/// `rows`, if it is given, and calls `change` for each change. Returns true if a sum over the devices
/// covers others than in the sample before.
pub(crate) fn compare<D: Device>(
    previous: &Devices<D>,
    now: &Devices<D>,
    elapsed_ns: Option<u64>,
    mut rows: Option<&mut Vec<D::Rates>>,
    mut change: impl FnMut(EventKind, &str),
) -> bool {
    if previous.rows.is_empty() && now.rows.is_empty() {
        return false;
    }
    // An incomplete list does not show which devices were added or removed.
    let complete = previous.complete && now.complete;
    if !complete && rows.is_none() {
        return false;
    }
    let (mut changed, mut moved) = (false, false);
    for (n, device) in now.rows.iter().enumerate() {
        let same = counter::find(&previous.rows, n, |row| row.name() == device.name());
        moved |= same != Some(n);
        let same = same.map(|at| &previous.rows[at]);
        let backwards = same.is_some_and(|same| device.is_backwards(same));
        if complete && (backwards || same.is_none()) {
            changed = true;
            let kind = match same {
                None => D::ADDED,
                Some(_) => EventKind::CounterReset,
            };
            change(kind, device.name());
        }
        if let Some(rows) = &mut rows {
            let pair = same.filter(|_| !backwards).zip(elapsed_ns);
            rows.push(device.rates(pair, backwards && elapsed_ns.is_some()));
        }
    }
    if complete && (moved || previous.rows.len() != now.rows.len()) {
        for (n, device) in previous.rows.iter().enumerate() {
            if counter::find(&now.rows, n, |row| row.name() == device.name()).is_none() {
                changed = true;
                change(D::REMOVED, device.name());
            }
        }
    }
    changed
}

/// Adds the rows of devices that have no sample before. `reset` is true if the domain had another life
/// before.
pub(crate) fn push_unmatched<D: Device>(now: &Devices<D>, rows: &mut Vec<D::Rates>, reset: bool) {
    rows.extend(now.rows.iter().map(|device| device.rates(None, reset)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_mean_latency_of_an_interval() {
        let previous = Disk {
            rd_bytes: Some(1_000),
            rd_requests: Some(10),
            rd_time_ns: Some(5_000_000),
            wr_requests: Some(7),
            wr_time_ns: Some(9),
            ..Disk::default()
        };
        let disk = Disk {
            rd_bytes: Some(5_000),
            rd_requests: Some(14),
            rd_time_ns: Some(13_000_000),
            ..previous.clone()
        };
        let rates = disk.rates(Some((&previous, 500_000_000)), false);
        assert_eq!(rates.rd_bytes_s, Some(8_000.0));
        assert_eq!(rates.rd_requests_s, Some(8.0));
        assert_eq!(rates.rd_latency_ns, Some(2_000_000));
        assert_eq!(
            (rates.wr_requests_s, rates.wr_latency_ns),
            (Some(0.0), None)
        );
        assert_eq!(rates.wr_bytes_s, None);
    }
}
