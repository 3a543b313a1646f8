use super::{Abi, u32_at, u64_at};

/// `xen_sysctl_physinfo`, the fields that virtmon reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhysInfo {
    /// pCPUs that are online.
    pub nr_cpus: u32,
    /// Pages of memory that Xen manages.
    pub total_pages: u64,
    /// Pages that no domain holds.
    pub free_pages: u64,
}

impl PhysInfo {
    /// Reads the fields as the given version lays them out.
    ///
    /// `None` where `bytes` is shorter than that version's structure.
    #[must_use]
    pub fn decode(bytes: &[u8], abi: Abi) -> Option<Self> {
        if bytes.len() < abi.physinfo_bytes {
            return None;
        }
        Some(Self {
            nr_cpus: u32_at(bytes, 8),
            total_pages: u64_at(bytes, abi.physinfo_pages_at),
            free_pages: u64_at(bytes, abi.physinfo_pages_at + 8),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;
    use crate::bindings::xc_physinfo_t;

    #[test]
    fn the_pages_lie_where_the_version_has_them() {
        let bytes: Vec<u8> = (1..=112).collect();
        for abi in Abi::ALL {
            let info = PhysInfo::decode(&bytes, abi).unwrap();
            assert_eq!(info.nr_cpus, 0x0c0b_0a09);
            let (total, free) = if abi.sysctl < 0x15 {
                (0x2827_2625_2423_2221, 0x302f_2e2d_2c2b_2a29)
            } else {
                (0x302f_2e2d_2c2b_2a29, 0x3837_3635_3433_3231)
            };
            assert_eq!((info.total_pages, info.free_pages), (total, free));
            assert_eq!(PhysInfo::decode(&bytes[..103], abi), None);
        }
    }

    #[test]
    fn the_offsets_are_those_of_the_headers() {
        assert_eq!(offset_of!(xc_physinfo_t, nr_cpus), 8);
        assert_eq!(
            offset_of!(xc_physinfo_t, free_pages),
            offset_of!(xc_physinfo_t, total_pages) + 8
        );
    }
}
