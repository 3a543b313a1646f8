//! Means over the vCPUs or disks of each guest at a tick.

use crate::rows::disk::DiskRow;

/// Rows of guests at a tick that is read.
#[derive(Debug, Default)]
pub(super) struct Pending {
    guests: Vec<(usize, [Mean; 2])>,
    is_estimate: bool,
}

/// A mean of values with weights.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: f64,
    weight: f64,
}

impl Mean {
    fn add(&mut self, value: f64, weight: f64) {
        self.sum += value * weight;
        self.weight += weight;
    }

    fn value(self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

impl Pending {
    pub(super) fn clear(&mut self) {
        self.guests.clear();
        self.is_estimate = false;
    }

    pub(super) fn is_estimate(&self) -> bool {
        self.is_estimate
    }

    fn of(&mut self, guest: usize) -> &mut [Mean; 2] {
        // The rows of a guest lie side by side.
        if self.guests.last().is_none_or(|last| last.0 != guest) {
            self.guests.push((guest, [Mean::default(); 2]));
        }
        let last = self.guests.len() - 1;
        &mut self.guests[last].1
    }

    /// Adds the ready time of a vCPU.
    pub(super) fn add_vcpu(&mut self, guest: usize, ready_pct: Option<f64>, is_estimate: bool) {
        self.is_estimate |= is_estimate;
        if let Some(ready) = ready_pct {
            self.of(guest)[0].add(ready, 1.0);
        }
    }

    /// Adds the requests of a disk.
    pub(super) fn add_disk(&mut self, guest: usize, row: &DiskRow) {
        for n in 0..2 {
            let requests = row.requests_s[n].unwrap_or(1.0);
            if let Some(latency) = row.latency_ns[n] {
                self.of(guest)[n].add(latency, requests);
            }
        }
    }

    /// Mean ready time of each guest.
    pub(super) fn ready(&self) -> Vec<(usize, f64)> {
        let guests = self.guests.iter();
        guests
            .filter_map(|(guest, [mean, _])| Some((*guest, mean.value()?)))
            .collect()
    }

    /// Mean time of reads and writes of each guest.
    pub(super) fn latency(&self) -> Vec<(usize, [Option<f64>; 2])> {
        let guests = self.guests.iter();
        guests
            .map(|(guest, means)| (*guest, means.map(Mean::value)))
            .collect()
    }
}
