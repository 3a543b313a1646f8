//! Entry of the list of domains.

use super::bytes::{u16_at, u32_at, u64_at};

/// Fields of `xen_domctl_getdomaininfo` that virtmon reads. Their offsets are the same in every known
/// version. Only the size of the structure differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DomainInfo {
    /// Domid.
    pub domain: u16,
    /// `XEN_DOMINF_*`, with the shutdown reason in bits 16 to 23.
    pub flags: u32,
    /// Number of pages that the domain holds.
    pub tot_pages: u64,
    /// Number of pages that the domain may hold; all ones means no limit.
    pub max_pages: u64,
    /// Number of pages that are claimed for the domain and not yet allocated.
    pub outstanding_pages: u64,
    /// Number of pages that the domain shares with other domains.
    pub shr_pages: u64,
    /// Number of pages that the hypervisor has paged out.
    pub paged_pages: u64,
    /// CPU time used by all vCPUs, in ns, since the domain was created.
    pub cpu_time: u64,
    /// Number of vCPUs that are online.
    pub nr_online_vcpus: u32,
    /// Highest vCPU number in use; all ones while the domain has no vCPU.
    pub max_vcpu_id: u32,
    /// Uuid of the domain.
    pub handle: [u8; 16],
    /// Number of the cpupool; all ones if the domain is in none.
    pub cpupool: u32,
}

impl DomainInfo {
    /// Size up to the end of `cpupool`, the last field that every version has.
    const BYTES: usize = 96;

    /// `XEN_RUNSTATE_UPDATE`: a flag of the runstate that Xen can leave set in a CPU time.
    const RUNSTATE_UPDATE: u64 = 1 << 63;

    /// Decodes the fields of one entry of the list.
    ///
    /// The result is `None` if `entry` is too short.
    #[must_use]
    pub fn decode(entry: &[u8]) -> Option<Self> {
        let entry = entry.first_chunk::<{ Self::BYTES }>()?;
        let mut handle = [0; 16];
        handle.copy_from_slice(&entry[76..92]);
        Some(Self {
            domain: u16_at(entry, 0),
            flags: u32_at(entry, 4),
            tot_pages: u64_at(entry, 8),
            max_pages: u64_at(entry, 16),
            outstanding_pages: u64_at(entry, 24),
            shr_pages: u64_at(entry, 32),
            paged_pages: u64_at(entry, 40),
            cpu_time: u64_at(entry, 56) & !Self::RUNSTATE_UPDATE,
            nr_online_vcpus: u32_at(entry, 64),
            max_vcpu_id: u32_at(entry, 68),
            handle,
            cpupool: u32_at(entry, 92),
        })
    }

    /// True if the domain is being destroyed.
    #[must_use]
    pub const fn is_dying(&self) -> bool {
        self.flags & 0x1 != 0
    }

    /// Reason of the shutdown (`SHUTDOWN_*` of `xen/sched.h`); `None` if the domain has not shut down.
    #[must_use]
    pub const fn shutdown_reason(&self) -> Option<u8> {
        if self.flags & 0x4 == 0 {
            return None;
        }
        Some(self.flags.to_le_bytes()[2])
    }

    /// True if the toolstack has paused the domain.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.flags & 0x8 != 0
    }

    /// True if every vCPU waits for an event.
    #[must_use]
    pub const fn is_blocked(&self) -> bool {
        self.flags & 0x10 != 0
    }

    /// True if the domain runs xenstore (`XEN_DOMINF_xs_domain`).
    #[must_use]
    pub const fn is_xenstore(&self) -> bool {
        self.flags & 0x80 != 0
    }

    /// True if a vCPU is running on a pCPU.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.flags & 0x20 != 0
    }
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;
    use crate::bindings::{self, xc_domaininfo_t};

    /// An entry in which each byte has a value of its own.
    fn entry(stride: usize) -> Vec<u8> {
        (0..stride)
            .map(|at| u8::try_from(at).unwrap() + 1)
            .collect()
    }

    #[test]
    fn every_field_is_decoded_from_its_offset() {
        for stride in [104, 112] {
            let info = DomainInfo::decode(&entry(stride)).unwrap();
            assert_eq!(info.domain, 0x0201);
            assert_eq!(info.flags, 0x0807_0605);
            assert_eq!(info.tot_pages, 0x100f_0e0d_0c0b_0a09);
            assert_eq!(info.max_pages, 0x1817_1615_1413_1211);
            assert_eq!(info.outstanding_pages, 0x201f_1e1d_1c1b_1a19);
            assert_eq!(info.shr_pages, 0x2827_2625_2423_2221);
            assert_eq!(info.paged_pages, 0x302f_2e2d_2c2b_2a29);
            assert_eq!(info.cpu_time, 0x403f_3e3d_3c3b_3a39);
            assert_eq!(info.nr_online_vcpus, 0x4443_4241);
            assert_eq!(info.max_vcpu_id, 0x4847_4645);
            assert_eq!(info.cpupool, 0x605f_5e5d);
            assert_eq!(info.handle[0], 77);
            assert_eq!(info.handle[15], 92);
        }
        assert_eq!(DomainInfo::decode(&entry(95)), None);
    }

    #[test]
    fn the_offsets_are_those_of_the_headers() {
        assert_eq!(offset_of!(xc_domaininfo_t, domain), 0);
        assert_eq!(offset_of!(xc_domaininfo_t, flags), 4);
        assert_eq!(offset_of!(xc_domaininfo_t, tot_pages), 8);
        assert_eq!(offset_of!(xc_domaininfo_t, max_pages), 16);
        assert_eq!(offset_of!(xc_domaininfo_t, outstanding_pages), 24);
        assert_eq!(offset_of!(xc_domaininfo_t, shr_pages), 32);
        assert_eq!(offset_of!(xc_domaininfo_t, paged_pages), 40);
        assert_eq!(offset_of!(xc_domaininfo_t, cpu_time), 56);
        assert_eq!(offset_of!(xc_domaininfo_t, nr_online_vcpus), 64);
        assert_eq!(offset_of!(xc_domaininfo_t, max_vcpu_id), 68);
        assert_eq!(offset_of!(xc_domaininfo_t, handle), 76);
        assert_eq!(offset_of!(xc_domaininfo_t, cpupool), 92);
    }

    #[test]
    fn the_flags_are_those_of_the_headers() {
        let with = |flags| DomainInfo {
            flags,
            ..DomainInfo::default()
        };
        assert!(with(bindings::XEN_DOMINF_dying).is_dying());
        assert!(with(bindings::XEN_DOMINF_paused).is_paused());
        assert!(with(bindings::XEN_DOMINF_blocked).is_blocked());
        assert!(with(bindings::XEN_DOMINF_running).is_running());
        assert_eq!(with(0).shutdown_reason(), None);
        let crashed = bindings::XEN_DOMINF_shutdown
            | bindings::SHUTDOWN_crash << bindings::XEN_DOMINF_shutdownshift;
        assert_eq!(with(crashed).shutdown_reason(), Some(3));
        assert!(!with(crashed).is_dying() && !with(crashed).is_running());
    }

    #[test]
    fn the_flag_of_the_runstate_is_not_part_of_the_cpu_time() {
        let mut bytes = entry(112);
        bytes[63] |= 0x80;
        let info = DomainInfo::decode(&bytes).unwrap();
        assert_eq!(info.cpu_time, 0x403f_3e3d_3c3b_3a39);
    }
}
