//! Answer of `XEN_SYSCTL_physinfo`.

use super::bytes::{u32_at, u64_at};
use super::version::Abi;

/// Fields of `xen_sysctl_physinfo` that virtmon reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhysInfo {
    /// Number of pCPUs that are online.
    pub nr_cpus: u32,
    /// Highest possible pCPU number.
    pub max_cpu_id: u32,
    /// Highest possible number of a NUMA node.
    pub max_node_id: u32,
    /// Number of pages that Xen manages.
    pub total_pages: u64,
    /// Number of pages that no domain holds.
    pub free_pages: u64,
    /// Number of pages that must be cleaned before they can be allocated.
    pub scrub_pages: u64,
    /// Number of pages that are claimed by domains and not yet allocated.
    pub outstanding_pages: u64,
}

impl PhysInfo {
    /// Decodes the fields in the layout of an interface version.
    ///
    /// The result is `None` if `bytes` is shorter than the structure of that version.
    #[must_use]
    pub fn decode(bytes: &[u8], abi: Abi) -> Option<Self> {
        if bytes.len() < abi.physinfo_bytes {
            return None;
        }
        Some(Self {
            nr_cpus: u32_at(bytes, 8),
            max_cpu_id: u32_at(bytes, 12),
            max_node_id: u32_at(bytes, 20),
            total_pages: u64_at(bytes, abi.physinfo_pages_at),
            free_pages: u64_at(bytes, abi.physinfo_pages_at + 8),
            scrub_pages: u64_at(bytes, abi.physinfo_pages_at + 16),
            outstanding_pages: u64_at(bytes, abi.physinfo_pages_at + 24),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;
    use crate::bindings::xc_physinfo_t;

    #[test]
    fn the_offset_of_the_pages_depends_on_the_version() {
        let bytes: Vec<u8> = (1..=112).collect();
        for abi in Abi::ALL {
            let info = PhysInfo::decode(&bytes, abi).unwrap();
            assert_eq!(info.nr_cpus, 0x0c0b_0a09);
            assert_eq!(
                (info.max_cpu_id, info.max_node_id),
                (0x100f_0e0d, 0x1817_1615)
            );
            let pages = [
                info.total_pages,
                info.free_pages,
                info.scrub_pages,
                info.outstanding_pages,
            ];
            let mut expected = [
                0x2827_2625_2423_2221,
                0x302f_2e2d_2c2b_2a29,
                0x3837_3635_3433_3231,
                0x403f_3e3d_3c3b_3a39,
            ];
            if abi.sysctl >= 0x15 {
                // The offset is larger by eight, and so is the value of every byte.
                expected = expected.map(|pages| pages + 0x0808_0808_0808_0808);
            }
            assert_eq!(pages, expected);
            assert_eq!(PhysInfo::decode(&bytes[..103], abi), None);
        }
    }

    #[test]
    fn the_offsets_are_those_of_the_headers() {
        assert_eq!(offset_of!(xc_physinfo_t, nr_cpus), 8);
        assert_eq!(offset_of!(xc_physinfo_t, max_cpu_id), 12);
        assert_eq!(offset_of!(xc_physinfo_t, max_node_id), 20);
        let after_total = [
            offset_of!(xc_physinfo_t, free_pages),
            offset_of!(xc_physinfo_t, scrub_pages),
            offset_of!(xc_physinfo_t, outstanding_pages),
        ];
        let total = offset_of!(xc_physinfo_t, total_pages);
        assert_eq!(after_total.map(|at| at - total), [8, 16, 24]);
    }
}
