//! The nodes that are followed of a domain.

use std::fmt::Write;

/// A kind of device, by its directory in xenstore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Vif,
    Vbd,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Vif, Self::Vbd];

    pub(crate) const fn word(self) -> &'static str {
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

/// A node of a domain that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    Name,
    /// The directories of its devices.
    Vifs,
    Vbds,
    /// What the balloon driver is asked to reach, in KiB (`docs/misc/xenstore-paths.pandoc`).
    MemTarget,
    /// What the guest's agent reports, in KiB (XenServer's and XCP-ng's).
    MemTotal,
    MemFree,
    /// Of a stub domain, the domain whose device model it runs (libxl's `libxl_dm.c`).
    Target,
    /// A directory that is there once this domain serves a device of another.
    Backend,
    /// Where the backend of a disk is.
    DiskBackend(u32),
    /// What is behind a disk.
    DiskParams(u32),
    /// Its size in sectors of 512 bytes.
    DiskSectors(u32),
}

impl Node {
    /// Those that a domain has once, each at its number.
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

    /// The disk that it is of.
    pub(super) const fn disk(self) -> Option<u32> {
        match self {
            Self::DiskBackend(devid) | Self::DiskParams(devid) | Self::DiskSectors(devid) => {
                Some(devid)
            }
            _ => None,
        }
    }

    /// Whether a new domain's row waits for it.
    pub(super) const fn is_urgent(self) -> bool {
        matches!(self, Self::Name | Self::Vifs | Self::Vbds)
    }

    pub(super) const fn is_directory(self) -> bool {
        matches!(self, Self::Vifs | Self::Vbds)
    }

    /// Whether it is below the backend of a disk.
    pub(super) const fn is_of_backend(self) -> bool {
        matches!(self, Self::DiskParams(_) | Self::DiskSectors(_))
    }

    /// Whether it is what a guest's agent reports.
    pub(super) const fn is_report(self) -> bool {
        matches!(self, Self::MemTotal | Self::MemFree)
    }

    /// Writes its path. `backend` is where the backend of its disk is.
    pub(super) fn path(self, domid: u32, backend: &str, path: &mut String) {
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

/// Where the backend of a disk is, if that is what this says: `/local/domain/<domid>/backend/<kind>/`
/// with the frontend's own domid and number behind it. The guest can write here: nothing else is read
/// for it than the backend of this very disk.
pub(super) fn backend_of(value: &[u8], domid: u32, devid: u32) -> Option<&str> {
    let path = str::from_utf8(value).ok()?;
    let mut words = path.strip_prefix("/local/domain/")?.split('/');
    let number = |word: &str| {
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| word.parse::<u32>().ok()).flatten()
    };
    let serves = number(words.next()?)?;
    let is_backend = words.next()? == "backend";
    let kind = words.next()?;
    let is_kind = (1..=16).contains(&kind.len())
        && kind
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let of_this = number(words.next()?)? == domid && number(words.next()?)? == devid;
    let is_it = is_backend && is_kind && of_this && serves < 0x7ff0 && words.next().is_none();
    is_it.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_can_name_no_other_backend_than_its_own() {
        let backend = |value: &str| backend_of(value.as_bytes(), 3, 51712).is_some();
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
            backend_of(b"/local/domain/0/backend/\xff/3/51712", 3, 51712),
            None
        );
    }
}
