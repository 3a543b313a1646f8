//! The watches on a domain, their tokens, and the reads that follow from an event.

use std::fmt::Write;

use super::node::{DeviceKind, Node};

/// A watch on a node of a domain and on all nodes below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watch {
    Name,
    /// Directory of all frontends.
    Device,
    MemTarget,
    MemTotal,
    MemFree,
    Target,
    Backend,
    /// Backend of a disk.
    Disk(u32),
}

impl Watch {
    /// Watches that every domain but domain 0 has. The bit of each is fixed.
    pub(super) const FIXED: [Self; 7] = [
        Self::Name,
        Self::Device,
        Self::MemTarget,
        Self::MemTotal,
        Self::MemFree,
        Self::Target,
        Self::Backend,
    ];

    /// Watches of a domain. Domain 0 has no frontends and is no stub domain, and its backends are
    /// not watched.
    pub(super) fn for_domain(domid: u32) -> impl Iterator<Item = Self> {
        let not_of_0 = [Self::Device, Self::Target, Self::Backend];
        let all = Self::FIXED.into_iter();
        all.filter(move |watch| domid != 0 || !not_of_0.contains(watch))
    }

    /// True if the guest itself can write there, at any rate.
    pub(super) const fn is_guest_writable(self) -> bool {
        matches!(
            self,
            Self::Device | Self::MemTotal | Self::MemFree | Self::Backend
        )
    }

    /// True if the guest can cause events of this watch at any rate.
    pub(super) const fn can_storm(self) -> bool {
        self.is_guest_writable() || matches!(self, Self::Disk(_))
    }

    pub(super) const fn is_urgent(self) -> bool {
        matches!(self, Self::Name | Self::Device)
    }

    /// Bit of the watch in [`TrackedDomain::watched`](super::tracked_domain::TrackedDomain).
    pub(super) const fn bit(self) -> u8 {
        match self {
            Self::Name => 1,
            Self::Device => 2,
            Self::MemTarget => 4,
            Self::MemTotal => 8,
            Self::MemFree => 16,
            Self::Target => 32,
            Self::Backend => 64,
            Self::Disk(_) => 0,
        }
    }

    /// Writes its path. `backend` is the path of the backend of its disk.
    pub(super) fn write_path(self, domid: u32, backend: &str, path: &mut String) {
        path.clear();
        let node = match self {
            Self::Name => Node::Name.name(),
            Self::Device => "device",
            Self::MemTarget => Node::MemTarget.name(),
            Self::MemTotal => Node::MemTotal.name(),
            Self::MemFree => Node::MemFree.name(),
            Self::Target => Node::Target.name(),
            Self::Backend => Node::Backend.name(),
            Self::Disk(_) => return path.push_str(backend),
        };
        // Writing to a String can't fail.
        let _ = write!(path, "/local/domain/{domid}/{node}");
    }
}

/// Token of a watch in xenstore: the domain, the serial of its incarnation, and the watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) domid: u32,
    pub(super) serial: u32,
    pub(super) watch: Watch,
}

impl Token {
    /// Writes the token as text.
    pub(super) fn write(self, text: &mut String) {
        text.clear();
        let Self {
            domid,
            serial,
            watch,
        } = self;
        // Writing to a String can't fail.
        let _ = match watch {
            Watch::Disk(devid) => write!(text, "{domid}.{serial}.d{devid}"),
            _ => write!(text, "{domid}.{serial}.{}", watch.bit()),
        };
    }

    /// Parses the text of a token.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mut words = str::from_utf8(text).ok()?.split('.');
        let domid = words.next()?.parse().ok()?;
        let serial = words.next()?.parse().ok()?;
        let word = words.next()?;
        let watch = match word.strip_prefix('d') {
            Some(devid) => Watch::Disk(devid.parse().ok()?),
            None => {
                let bit: u8 = word.parse().ok()?;
                Watch::FIXED.into_iter().find(|watch| watch.bit() == bit)?
            }
        };
        words.next().is_none().then_some(Self {
            domid,
            serial,
            watch,
        })
    }
}

/// Passes to `each` the nodes to read after a change of `path` below a watch. `is_listed` returns
/// true for a device that is in the list of its domain.
pub(super) fn nodes_to_read(
    watch: Watch,
    path: &[u8],
    is_listed: impl Fn(DeviceKind, u32) -> bool,
    mut each: impl FnMut(Node),
) {
    match watch {
        Watch::Name => each(Node::Name),
        Watch::MemTarget => each(Node::MemTarget),
        Watch::MemTotal => each(Node::MemTotal),
        Watch::MemFree => each(Node::MemFree),
        Watch::Target => each(Node::Target),
        Watch::Backend => each(Node::Backend),
        Watch::Device => {
            for kind in DeviceKind::ALL {
                if affects_list(path, kind, |devid| is_listed(kind, devid)) {
                    each(kind.node());
                }
            }
        }
        Watch::Disk(devid) => {
            // `/local/domain/0/backend/vbd/3/51712`, a node above it, or one of the two below it.
            let below = path.split(|&byte| byte == b'/').nth(8);
            if below.is_none_or(|word| word == b"params") {
                each(Node::DiskParams(devid));
            }
            if below.is_none_or(|word| word == b"sectors") {
                each(Node::DiskSectors(devid));
            }
        }
    }
}

/// True if a change of this path can change the list of one kind of device. Such paths are
/// `/local/domain/3/device` and the nodes above it, its `vif`, a device in `vif`, and any node of a
/// device that is not in the list yet: a toolstack that writes only the leaves causes no event for
/// the device itself.
fn affects_list(path: &[u8], kind: DeviceKind, is_listed: impl Fn(u32) -> bool) -> bool {
    let mut words = path.split(|&byte| byte == b'/').skip(4);
    match (words.next(), words.next(), words.next(), words.next()) {
        (None, ..) | (Some(b"device"), None, ..) => true,
        (Some(b"device"), Some(word), devid, deeper) if word == kind.as_str().as_bytes() => {
            let devid = devid.and_then(|devid| str::from_utf8(devid).ok()?.parse().ok());
            deeper.is_none() || devid.is_some_and(|devid| !is_listed(devid))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(watch: Watch, path: &str) -> Vec<Node> {
        let mut nodes = Vec::new();
        let listed = |_, devid| devid != 7;
        nodes_to_read(watch, path.as_bytes(), listed, |node| nodes.push(node));
        nodes
    }

    #[test]
    fn writes_of_a_guests_driver_cause_no_reads() {
        let after = |path: &str| after(Watch::Device, path);
        assert_eq!(after("/local/domain/3"), [Node::Vifs, Node::Vbds]);
        assert_eq!(after("/local/domain/3/device"), [Node::Vifs, Node::Vbds]);
        assert_eq!(after("/local/domain/3/device/vif"), [Node::Vifs]);
        assert_eq!(after("/local/domain/3/device/vbd/51712"), [Node::Vbds]);
        for path in [
            "vbd/51712/state",
            "vif/0/ring-ref/0",
            "console",
            "console/0",
        ] {
            let path = format!("/local/domain/3/device/{path}");
            assert_eq!(after(&path), []);
        }
        assert_eq!(after("/local/domain/3/device/vbd/7/state"), [Node::Vbds]);
        assert_eq!(after("/local/domain/3/name"), []);
    }

    #[test]
    fn a_disks_backend_is_read_for_its_path_and_size() {
        let after = |path: &str| after(Watch::Disk(51712), path);
        let both = [Node::DiskParams(51712), Node::DiskSectors(51712)];
        let backend = "/local/domain/0/backend/vbd3/3/51712";
        assert_eq!(after(backend), both);
        assert_eq!(after("/local/domain/0/backend"), both);
        assert_eq!(after(&format!("{backend}/params")), both[..1]);
        assert_eq!(after(&format!("{backend}/sectors")), both[1..]);
        assert_eq!(after(&format!("{backend}/state")), []);
    }

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let watches = Watch::FIXED.into_iter().chain([Watch::Disk(51712)]);
        let mut text = String::new();
        for watch in watches {
            let token = Token {
                domid: 3,
                serial: u32::MAX,
                watch,
            };
            token.write(&mut text);
            assert_eq!(Token::parse(text.as_bytes()), Some(token));
        }
        for text in [
            "", "3", "3.4", "3.4.", "3.4.3", "3.4.dx", "3.4.1.1", "-3.4.1", "\u{e4}",
        ] {
            assert_eq!(Token::parse(text.as_bytes()), None, "{text}");
        }
    }
}
