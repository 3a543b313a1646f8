//! The nodes that are followed of a domain: what they are called, and what stands for them in watches.

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

    const fn node(self) -> Node {
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

    const fn name(self) -> &'static str {
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
