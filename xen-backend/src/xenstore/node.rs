//! The nodes of a domain that are read.

use std::fmt::Write;

/// A kind of device, by its directory in xenstore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceKind {
    Vif,
    Vbd,
}

impl DeviceKind {
    pub(crate) const ALL: [Self; 2] = [Self::Vif, Self::Vbd];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Vif => "vif",
            Self::Vbd => "vbd",
        }
    }

    pub(super) const fn node(self) -> Node {
        match self {
            Self::Vif => Node::Vifs,
            Self::Vbd => Node::Vbds,
        }
    }
}

/// A node of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    Name,
    /// Directory of the domain's NICs.
    Vifs,
    /// Directory of the domain's disks.
    Vbds,
    /// Target of the balloon driver, in KiB (`docs/misc/xenstore-paths.pandoc`).
    MemTarget,
    /// Total memory that the guest's agent reports, in KiB (agents of XenServer and XCP-ng).
    MemTotal,
    /// Available memory that the guest's agent reports, in KiB.
    MemFree,
    /// Of a stub domain: the domain whose device model it runs (libxl's `libxl_dm.c`).
    Target,
    /// Directory that exists once this domain serves a device of another domain.
    Backend,
    /// Path of the backend of a disk.
    DiskBackend(u32),
    /// File or device behind a disk.
    DiskParams(u32),
    /// Size of a disk in sectors of 512 bytes.
    DiskSectors(u32),
}

impl Node {
    /// Nodes that a domain has once. The index of each is fixed.
    pub(super) const FIXED: [Self; 8] = [
        Self::Name,
        Self::Vifs,
        Self::Vbds,
        Self::MemTarget,
        Self::MemTotal,
        Self::MemFree,
        Self::Target,
        Self::Backend,
    ];

    /// Device number of the disk that the node belongs to.
    pub(super) const fn disk(self) -> Option<u32> {
        match self {
            Self::DiskBackend(devid) | Self::DiskParams(devid) | Self::DiskSectors(devid) => {
                Some(devid)
            }
            _ => None,
        }
    }

    /// True if the row of a new domain waits for it.
    pub(super) const fn is_urgent(self) -> bool {
        matches!(self, Self::Name | Self::Vifs | Self::Vbds)
    }

    pub(super) const fn is_directory(self) -> bool {
        matches!(self, Self::Vifs | Self::Vbds)
    }

    /// True if it is below the backend of a disk.
    pub(super) const fn is_below_backend(self) -> bool {
        matches!(self, Self::DiskParams(_) | Self::DiskSectors(_))
    }

    /// True if the guest's agent reports it.
    pub(super) const fn is_report(self) -> bool {
        matches!(self, Self::MemTotal | Self::MemFree)
    }

    /// Writes its path. `backend` is the path of the backend of its disk.
    pub(super) fn write_path(self, domid: u32, backend: &str, path: &mut String) {
        path.clear();
        // Writing to a String can't fail.
        let _ = match self {
            Self::DiskBackend(devid) => {
                write!(path, "/local/domain/{domid}/device/vbd/{devid}/backend")
            }
            Self::DiskParams(_) => write!(path, "{backend}/params"),
            Self::DiskSectors(_) => write!(path, "{backend}/sectors"),
            _ => write!(path, "/local/domain/{domid}/{}", self.name()),
        };
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Vifs => "device/vif",
            Self::Vbds => "device/vbd",
            Self::MemTarget => "memory/target",
            Self::MemTotal => "data/meminfo_total",
            Self::MemFree => "data/meminfo_free",
            Self::Target => "target",
            Self::Backend => "backend",
            Self::DiskBackend(_) | Self::DiskParams(_) | Self::DiskSectors(_) => "",
        }
    }
}

/// Checks the path of a disk's backend: `/local/domain/<domid>/backend/<kind>/`, followed by the
/// frontend's own domid and device number. The guest can write this value, so a path of anything
/// but the backend of this disk is refused.
pub(super) fn parse_backend(value: &[u8], domid: u32, devid: u32) -> Option<&str> {
    let path = str::from_utf8(value).ok()?;
    let mut words = path.strip_prefix("/local/domain/")?.split('/');
    let number = |word: &str| {
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| word.parse::<u32>().ok()).flatten()
    };
    let backend_domid = number(words.next()?)?;
    let is_backend = words.next()? == "backend";
    let kind = words.next()?;
    let is_kind = (1..=16).contains(&kind.len())
        && kind
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let is_of_disk = number(words.next()?)? == domid && number(words.next()?)? == devid;
    let is_valid =
        is_backend && is_kind && is_of_disk && backend_domid < 0x7ff0 && words.next().is_none();
    is_valid.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_can_name_only_its_own_backend() {
        let backend = |value: &str| parse_backend(value.as_bytes(), 3, 51712).is_some();
        for kind in ["vbd", "vbd3", "qdisk", "9pfs"] {
            assert!(backend(&format!("/local/domain/0/backend/{kind}/3/51712")));
        }
        assert!(
            backend("/local/domain/12/backend/vbd/3/51712"),
            "a driver domain"
        );
        for value in [
            "",
            "/local/domain/0/backend/vbd/4/51712",
            "/local/domain/0/backend/vbd/3/51728",
            "/local/domain/0/backend/vbd/3/51712/",
            "/local/domain/0/backend/vbd/3/51712/params",
            "/local/domain/0/backend/../3/51712",
            "/local/domain/0/backend//3/51712",
            "/local/domain/x/backend/vbd/3/51712",
            "/local/domain/+0/backend/vbd/3/51712",
            "/local/domain/40000/backend/vbd/3/51712",
            "/vm/0/backend/vbd/3/51712",
            "/local/domain/0/data/vbd/3/51712",
        ] {
            assert!(!backend(value), "{value}");
        }
        assert_eq!(
            parse_backend(b"/local/domain/0/backend/\xff/3/51712", 3, 51712),
            None
        );
    }
}
