use crate::Rows;

/// The devices of one kind that a domain has.
#[derive(Debug, Clone, Default)]
pub struct Devices<T> {
    /// The devices that were seen.
    pub rows: Rows<T>,
    /// Whether `rows` is all of them. While it is false, a sum over them would be a guess.
    pub complete: bool,
}

impl<T: Default> Devices<T> {
    /// Forgets the devices and what was known of their number.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.complete = false;
    }

    /// Adds up one counter over all devices: `None` where the list is not complete or any device
    /// does not tell that counter, 0 where the domain has no such device.
    pub fn sum(&self, counter: impl Fn(&T) -> Option<u64>) -> Option<u64> {
        if !self.complete {
            return None;
        }
        // Not only an end sooner: it spares the many that have no such device the way there.
        if self.rows.is_empty() {
            return Some(0);
        }
        self.rows
            .iter()
            .try_fold(0u64, |sum, device| sum.checked_add(counter(device)?))
    }
}

/// A network interface of a domain, its counters from the guest's side: `rx` is what the guest
/// received. All are cumulative since the interface was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nic {
    /// The host's name for it (`vif3.0`, `vnet2`).
    pub name: String,
    /// Bytes that the guest received.
    pub rx_bytes: Option<u64>,
    /// Packets that the guest received.
    pub rx_packets: Option<u64>,
    /// Packets for the guest that were damaged.
    pub rx_errors: Option<u64>,
    /// Packets for the guest that were dropped.
    pub rx_drops: Option<u64>,
    /// Bytes that the guest sent.
    pub tx_bytes: Option<u64>,
    /// Packets that the guest sent.
    pub tx_packets: Option<u64>,
    /// Packets of the guest that were damaged.
    pub tx_errors: Option<u64>,
    /// Packets of the guest that were dropped.
    pub tx_drops: Option<u64>,
}

/// A block device of a domain. Counters and times are cumulative since the device was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disk {
    /// The name the guest's configuration gives it (`xvda`, `vda`).
    pub name: String,
    /// What is behind it: a file, a device, a network address; empty where that is not told, or
    /// nothing is (a CD-ROM drive without a medium).
    pub path: String,
    /// Bytes that the guest read.
    pub rd_bytes: Option<u64>,
    /// Reads: that were done (libvirt), that were dispatched, also if they failed (Xen).
    pub rd_requests: Option<u64>,
    /// Time spent in them, in ns.
    pub rd_time_ns: Option<u64>,
    /// Bytes that the guest wrote.
    pub wr_bytes: Option<u64>,
    /// Writes, counted as reads are.
    pub wr_requests: Option<u64>,
    /// Time spent in them, in ns.
    pub wr_time_ns: Option<u64>,
    /// Flushes, counted as reads are; on Xen barriers too.
    pub fl_requests: Option<u64>,
    /// Time spent in them, in ns.
    pub fl_time_ns: Option<u64>,
    /// Discards, counted as reads are.
    pub ds_requests: Option<u64>,
    /// Times that a request found the queue full (Xen's `oo_req`).
    pub queue_full: Option<u64>,
    /// Size that the guest sees, in bytes.
    pub capacity_bytes: Option<u64>,
    /// Bytes that the file or device behind it takes up in its file system or volume.
    pub allocation_bytes: Option<u64>,
    /// Size of the file or device behind it, in bytes.
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
