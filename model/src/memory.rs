//! Memory of a domain.

/// Values of a domain's memory beyond [`Domain::mem_bytes`](crate::Domain::mem_bytes) and
/// [`Domain::mem_max_bytes`](crate::Domain::mem_max_bytes). All values are in bytes, except for the
/// counts of page faults and the time of the last report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// Target of the balloon driver (xenstore `memory/target`).
    pub target_bytes: Option<u64>,
    /// Memory shared with other domains (`xen_domctl_getdomaininfo.shr_pages`).
    pub shared_bytes: Option<u64>,
    /// Memory paged out by the hypervisor (`paged_pages`).
    pub paged_bytes: Option<u64>,
    /// Memory claimed for the domain and not yet allocated (`outstanding_pages`).
    pub outstanding_bytes: Option<u64>,
    /// Resident memory of the domain's process on the host (libvirt's `balloon.rss`).
    pub rss_bytes: Option<u64>,
    /// Memory that the guest's kernel manages, as reported by the guest (`balloon.available`;
    /// xenstore `data/meminfo_total`).
    pub guest_total_bytes: Option<u64>,
    /// Free memory, as reported by the guest (`balloon.unused`).
    pub guest_unused_bytes: Option<u64>,
    /// Memory that the guest can use without swapping (`balloon.usable`; xenstore
    /// `data/meminfo_free`, to which guest agents write the available memory).
    pub guest_usable_bytes: Option<u64>,
    /// Memory that the guest uses as a cache of its disks (`balloon.disk_caches`).
    pub guest_caches_bytes: Option<u64>,
    /// Number of bytes that the guest swapped in, cumulative (`balloon.swap_in`).
    pub swap_in_bytes: Option<u64>,
    /// Number of bytes that the guest swapped out, cumulative (`balloon.swap_out`).
    pub swap_out_bytes: Option<u64>,
    /// Number of page faults in the guest that needed its disk, cumulative (`balloon.major_fault`).
    pub major_faults: Option<u64>,
    /// Number of page faults in the guest that needed no disk, cumulative (`balloon.minor_fault`).
    pub minor_faults: Option<u64>,
    /// Time of the guest's last report, in seconds since 1970 (`balloon.last-update`).
    pub guest_reported_s: Option<u64>,
}

impl Memory {
    /// Memory that the guest uses and cannot free without swapping, in bytes: total less usable memory.
    /// `None` if either is unknown.
    #[must_use]
    pub fn guest_used_bytes(&self) -> Option<u64> {
        self.guest_total_bytes?
            .checked_sub(self.guest_usable_bytes?)
    }
}
