//! Interface versions, and the layouts of each.

/// A Xen release, as the hypervisor reports it (`XENVER_version`; Linux shows it in
/// `/sys/hypervisor/version/{major,minor}`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// Major number: 4 in Xen 4.17.
    pub major: u16,
    /// Minor number: 17 in Xen 4.17.
    pub minor: u16,
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Layouts of one `XEN_SYSCTL_INTERFACE_VERSION`, from `xen/include/public/{sysctl,domctl}.h` of each
/// release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abi {
    /// `XEN_SYSCTL_INTERFACE_VERSION`.
    pub sysctl: u32,
    /// Size of `xen_domctl_getdomaininfo`, which is the stride of the list.
    pub domaininfo_bytes: usize,
    /// Size of `xen_sysctl_physinfo`.
    pub physinfo_bytes: usize,
    /// Offset of `total_pages` in `xen_sysctl_physinfo`; `free_pages`, `scrub_pages` and
    /// `outstanding_pages` follow.
    pub physinfo_pages_at: usize,
    /// First and last minor number of the 4.x releases with this version.
    pub minors: (u16, u16),
}

/// Every `XEN_DOMCTL_INTERFACE_VERSION` from Xen 4.12 to 4.22. All of them have the same layout of
/// `xen_domctl` and of the calls that virtmon makes.
pub const DOMCTL_VERSIONS: std::ops::RangeInclusive<u32> = 0x11..=0x18;

impl Abi {
    /// Every supported version, oldest first.
    pub const ALL: [Self; 5] = [
        Self::new(0x12, 104, 104, 32, (12, 13)),
        Self::new(0x13, 104, 104, 32, (14, 15)),
        Self::new(0x14, 112, 104, 32, (16, 16)),
        Self::new(0x15, 112, 112, 40, (17, 20)),
        Self::new(0x16, 112, 112, 40, (21, 22)),
    ];

    const fn new(
        sysctl: u32,
        domaininfo_bytes: usize,
        physinfo_bytes: usize,
        physinfo_pages_at: usize,
        minors: (u16, u16),
    ) -> Self {
        Self {
            sysctl,
            domaininfo_bytes,
            physinfo_bytes,
            physinfo_pages_at,
            minors,
        }
    }

    /// True if the hypervisor has `XEN_DOMCTL_get_domain_state`: Xen 4.21 and later.
    #[must_use]
    pub const fn supports_unique_ids(self) -> bool {
        self.sysctl >= 0x16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings;

    #[test]
    fn every_release_from_4_12_to_4_22_has_one_row() {
        for minor in 12..=22 {
            let rows = Abi::ALL
                .iter()
                .filter(|abi| (abi.minors.0..=abi.minors.1).contains(&minor));
            assert_eq!(rows.count(), 1, "4.{minor}");
        }
    }

    #[test]
    fn the_domctl_version_of_the_bindings_is_known() {
        assert!(DOMCTL_VERSIONS.contains(&bindings::XEN_DOMCTL_INTERFACE_VERSION));
        assert_eq!(size_of::<bindings::xen_domctl>(), 144);
        assert_eq!(std::mem::offset_of!(bindings::xen_domctl, domain), 8);
        assert_eq!(std::mem::offset_of!(bindings::xen_domctl, u), 16);
        assert_eq!(size_of::<bindings::xen_sysctl>(), 136);
        assert_eq!(std::mem::offset_of!(bindings::xen_sysctl, u), 8);
    }

    // `xen_domctl_getdomaininfo` has other sizes on aarch64.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_table_agrees_with_the_headers_of_the_bindings() {
        let abi = Abi::ALL
            .into_iter()
            .find(|abi| abi.sysctl == bindings::XEN_SYSCTL_INTERFACE_VERSION)
            .expect("the bindings are of a known version");
        assert_eq!(abi.domaininfo_bytes, size_of::<bindings::xc_domaininfo_t>());
        assert_eq!(abi.physinfo_bytes, size_of::<bindings::xc_physinfo_t>());
        assert_eq!(
            abi.physinfo_pages_at,
            std::mem::offset_of!(bindings::xc_physinfo_t, total_pages)
        );
    }
}
