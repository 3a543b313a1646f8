//! What is watched of a domain, what stands for that in xenstore, and what a change means.

use std::fmt::Write;

use super::node::{Kind, Node};

/// What is watched of a domain: a node and all below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watch {
    Name,
    /// All its frontends.
    Device,
    MemTarget,
    MemTotal,
    MemFree,
    Target,
    Backend,
    /// The backend of a disk.
    Disk(u32),
}

impl Watch {
    /// Those of every domain but domain 0, each at its number.
    pub(super) const FIXED: [Self; 7] = [
        Self::Name,
        Self::Device,
        Self::MemTarget,
        Self::MemTotal,
        Self::MemFree,
        Self::Target,
        Self::Backend,
    ];

    /// Those of a domain. Domain 0 has no frontends and is no stub domain, and what goes on below its
    /// backends is not listened to.
    pub(super) fn of(domid: u32) -> impl Iterator<Item = Self> {
        let not_of_0 = [Self::Device, Self::Target, Self::Backend];
        let all = Self::FIXED.into_iter();
        all.filter(move |watch| domid != 0 || !not_of_0.contains(watch))
    }

    /// Whether the guest itself can write there, as often as it likes.
    pub(super) const fn is_guests(self) -> bool {
        matches!(
            self,
            Self::Device | Self::MemTotal | Self::MemFree | Self::Backend
        )
    }

    /// Whether what the guest does can make it fire, as often as it likes.
    pub(super) const fn can_storm(self) -> bool {
        self.is_guests() || matches!(self, Self::Disk(_))
    }

    pub(super) const fn is_urgent(self) -> bool {
        matches!(self, Self::Name | Self::Device)
    }

    /// Its bit in a set of those that a domain has once.
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

    /// Writes its path. `backend` is where the backend of its disk is.
    pub(super) fn path(self, domid: u32, backend: &str, path: &mut String) {
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

/// What stands for a watch in xenstore: the domain, its life, and which of its watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) domid: u32,
    pub(super) serial: u32,
    pub(super) watch: Watch,
}

impl Token {
    /// Writes it.
    pub(super) fn put(self, text: &mut String) {
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

    /// Reads it.
    pub(super) fn take(text: &[u8]) -> Option<Self> {
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

/// The nodes to read again after a change of `path` below a watch. `lists` says whether a device is
/// listed already.
pub(super) fn changed(
    watch: Watch,
    path: &[u8],
    lists: impl Fn(Kind, u32) -> bool,
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
            for kind in Kind::ALL {
                if concerns(path, kind, |devid| lists(kind, devid)) {
                    each(kind.node());
                }
            }
        }
        Watch::Disk(devid) => {
            // `/local/domain/0/backend/vbd/3/51712`, what is above, or one of the two below.
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

/// Whether a change of this path can change the list of one kind: `/local/domain/3/device` and
/// what is above, its `vif`, a device in that, or anything in one that is not known yet: a toolstack
/// that writes the leaves alone has no event for the device itself.
fn concerns(path: &[u8], kind: Kind, known: impl Fn(u32) -> bool) -> bool {
    let mut words = path.split(|&byte| byte == b'/').skip(4);
    match (words.next(), words.next(), words.next(), words.next()) {
        (None, ..) | (Some(b"device"), None, ..) => true,
        (Some(b"device"), Some(word), devid, deeper) if word == kind.word().as_bytes() => {
            let devid = devid.and_then(|devid| str::from_utf8(devid).ok()?.parse().ok());
            deeper.is_none() || devid.is_some_and(|devid| !known(devid))
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
        changed(watch, path.as_bytes(), listed, |node| nodes.push(node));
        nodes
    }

    #[test]
    fn what_a_guests_driver_writes_is_passed_over() {
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
    fn of_a_disks_backend_the_path_and_the_size_are_followed() {
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
            token.put(&mut text);
            assert_eq!(Token::take(text.as_bytes()), Some(token));
        }
        for text in [
            "", "3", "3.4", "3.4.", "3.4.3", "3.4.dx", "3.4.1.1", "-3.4.1", "\u{e4}",
        ] {
            assert_eq!(Token::take(text.as_bytes()), None, "{text}");
        }
    }
}
