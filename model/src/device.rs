//! Devices of a domain: network interfaces and block devices.

use crate::rows::Rows;

/// The devices of one kind that a domain has.
#[derive(Debug, Clone, Default)]
pub struct Devices<T> {
    /// Devices that are known.
    pub rows: Rows<T>,
    /// True if `rows` contains all devices. While it is false, the sum over them is unknown.
    pub complete: bool,
    /// True if the devices have not been looked up yet. Then `complete` is false.
    pub pending: bool,
}

impl<T: Default> Devices<T> {
    /// Removes the devices and sets `complete` and `pending` to false.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.complete = false;
        self.pending = false;
    }

    /// Sum of one counter over all devices. It is `None` if the list is not complete or the counter of
    /// any device is unknown, and 0 if the domain has no such device.
    pub fn sum(&self, counter: impl Fn(&T) -> Option<u64>) -> Option<u64> {
        if !self.complete {
            return None;
        }
        // Most domains have no such device. This test saves them the access to the buffer.
        if self.rows.is_empty() {
            return Some(0);
        }
        self.rows
            .iter()
            .try_fold(0u64, |sum, device| sum.checked_add(counter(device)?))
    }
}

/// A network interface of a domain. Counters are from the guest's side: `rx` counts what the guest
/// received. They are cumulative since the interface was created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nic {
    /// Name of the interface on the host (`vif3.0`, `vnet2`).
    pub name: String,
    /// Number of bytes that the guest received.
    pub rx_bytes: Option<u64>,
    /// Number of packets that the guest received.
    pub rx_packets: Option<u64>,
    /// Number of damaged packets for the guest.
    pub rx_errors: Option<u64>,
    /// Number of dropped packets for the guest.
    pub rx_drops: Option<u64>,
    /// Number of bytes that the guest sent.
    pub tx_bytes: Option<u64>,
    /// Number of packets that the guest sent.
    pub tx_packets: Option<u64>,
    /// Number of damaged packets of the guest.
    pub tx_errors: Option<u64>,
    /// Number of dropped packets of the guest.
    pub tx_drops: Option<u64>,
}

/// A block device of a domain. Counters and times are cumulative since the device was created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disk {
    /// Name of the device in the guest's configuration (`xvda`, `vda`).
    pub name: String,
    /// Source of the device on the host: a file, a device or a network address. It is empty if it is
    /// unknown, or if there is none (a CD-ROM drive without a medium).
    pub path: String,
    /// Number of bytes that the guest read.
    pub rd_bytes: Option<u64>,
    /// Number of reads: completed ones (libvirt), or dispatched ones, with those that failed (Xen).
    pub rd_requests: Option<u64>,
    /// Time spent in reads, in ns.
    pub rd_time_ns: Option<u64>,
    /// Number of bytes that the guest wrote.
    pub wr_bytes: Option<u64>,
    /// Number of writes, counted like reads.
    pub wr_requests: Option<u64>,
    /// Time spent in writes, in ns.
    pub wr_time_ns: Option<u64>,
    /// Number of flushes, counted like reads. On Xen it includes barriers.
    pub fl_requests: Option<u64>,
    /// Time spent in flushes, in ns.
    pub fl_time_ns: Option<u64>,
    /// Number of discards, counted like reads.
    pub ds_requests: Option<u64>,
    /// Number of times that a request found the queue full (Xen's `oo_req`).
    pub queue_full: Option<u64>,
    /// Size of the device in the guest, in bytes.
    pub capacity_bytes: Option<u64>,
    /// Number of bytes that its file or device occupies in its file system or volume.
    pub allocation_bytes: Option<u64>,
    /// Size of its file or device, in bytes.
    pub physical_bytes: Option<u64>,
}

impl Nic {
    /// Makes every counter unknown and the name empty, keeping its buffer.
    pub fn clear(&mut self) {
        let mut name = std::mem::take(&mut self.name);
        name.clear();
        *self = Self {
            name,
            ..Self::default()
        };
    }
}

impl Disk {
    /// Makes every counter unknown and the texts empty, keeping their buffers.
    pub fn clear(&mut self) {
        let mut name = std::mem::take(&mut self.name);
        let mut path = std::mem::take(&mut self.path);
        name.clear();
        path.clear();
        *self = Self {
            name,
            path,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nics(counters: &[Option<u64>]) -> Devices<Nic> {
        let mut nics: Devices<Nic> = Devices::default();
        for &rx_bytes in counters {
            nics.rows.next_row().rx_bytes = rx_bytes;
        }
        nics.complete = true;
        nics
    }

    #[test]
    fn a_sum_is_known_only_when_every_part_is() {
        assert_eq!(nics(&[]).sum(|n| n.rx_bytes), Some(0));
        assert_eq!(nics(&[Some(3), Some(4)]).sum(|n| n.rx_bytes), Some(7));
        assert_eq!(nics(&[Some(3), None]).sum(|n| n.rx_bytes), None);
        assert_eq!(nics(&[Some(u64::MAX), Some(1)]).sum(|n| n.rx_bytes), None);
        let mut partial = nics(&[Some(3)]);
        partial.complete = false;
        assert_eq!(partial.sum(|n| n.rx_bytes), None);
    }
}
