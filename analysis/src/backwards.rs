//! Counters that ran backwards: they started from 0 again between two samples.

use virtmon_model::{Disk, Nic, Vcpu};

use crate::counter;

/// True if any counter of an interface is less than it was.
#[must_use]
pub fn nic(before: &Nic, now: &Nic) -> bool {
    counter::any_backwards([
        (before.rx_bytes, now.rx_bytes),
        (before.rx_packets, now.rx_packets),
        (before.tx_bytes, now.tx_bytes),
        (before.tx_packets, now.tx_packets),
    ])
}

/// True if any counter of a block device is less than it was.
#[must_use]
pub fn disk(before: &Disk, now: &Disk) -> bool {
    counter::any_backwards([
        (before.rd_bytes, now.rd_bytes),
        (before.rd_requests, now.rd_requests),
        (before.wr_bytes, now.wr_bytes),
        (before.wr_requests, now.wr_requests),
    ])
}

/// True if any counter of a vCPU is less than it was.
#[must_use]
pub fn vcpu(before: &Vcpu, now: &Vcpu) -> bool {
    counter::any_backwards([
        (before.cpu_time_ns, now.cpu_time_ns),
        (before.wait_ns, now.wait_ns),
        (before.delay_ns, now.delay_ns),
    ])
}
