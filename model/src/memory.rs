/// What is known of a domain's memory beyond what it holds and may hold. All in bytes, but for the
/// counts of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// What its balloon is asked to reach (xenstore `memory/target`).
    pub target_bytes: Option<u64>,
    /// Held in common with other domains (`xen_domctl_getdomaininfo.shr_pages`).
    pub shared_bytes: Option<u64>,
    /// Paged out by the hypervisor (`paged_pages`).
    pub paged_bytes: Option<u64>,
    /// Claimed, and not yet handed out (`outstanding_pages`).
    pub outstanding_bytes: Option<u64>,
    /// Memory of the host that its process holds (libvirt's `balloon.rss`).
    pub rss_bytes: Option<u64>,
    /// All that the guest's kernel manages, as the guest reports it (`balloon.available`; xenstore
    /// `data/meminfo_total`).
    pub guest_total_bytes: Option<u64>,
    /// What the guest uses for nothing at all (`balloon.unused`).
    pub guest_unused_bytes: Option<u64>,
    /// What the guest could use without swapping (`balloon.usable`; xenstore `data/meminfo_free`,
    /// where guest agents write the available memory).
    pub guest_usable_bytes: Option<u64>,
    /// What the guest caches of its disks (`balloon.disk_caches`).
    pub guest_caches_bytes: Option<u64>,
    /// Swapped in by the guest, cumulative (`balloon.swap_in`).
    pub swap_in_bytes: Option<u64>,
    /// Swapped out by the guest, cumulative (`balloon.swap_out`).
    pub swap_out_bytes: Option<u64>,
    /// Page faults in the guest that needed its disk, cumulative (`balloon.major_fault`).
    pub major_faults: Option<u64>,
    /// Page faults in the guest that did not, cumulative (`balloon.minor_fault`).
    pub minor_faults: Option<u64>,
    /// When the guest last reported, in seconds since 1970 (`balloon.last-update`).
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
