//! One domain as xenstore tells of it: which nodes are read, and what they say.

use std::sync::Arc;

use virtmon_model::{Domain, Identity, Role, name_from_bytes};

use crate::xenstore::Connection;

/// A node below `/local/domain/<domid>`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Name,
    /// What the balloon driver is asked to reach, in KiB (`docs/misc/xenstore-paths.pandoc`).
    MemTarget,
    /// What the guest's agent reports of `/proc/meminfo`, in KiB (XenServer's and XCP-ng's).
    MemTotal,
    MemFree,
    /// Of a stub domain, the domain whose device model it runs (libxl's `libxl_dm.c`).
    Target,
    /// A directory that is there once this domain serves a device of another.
    Backend,
}

impl Node {
    pub(super) const ALL: [Self; 6] = [
        Self::Name,
        Self::MemTarget,
        Self::MemTotal,
        Self::MemFree,
        Self::Target,
        Self::Backend,
    ];

    /// The nodes that are followed of a domain, its name first. Domain 0 is no stub domain, and what
    /// goes on below its backends is not listened to.
    pub(super) fn of(domid: u32) -> &'static [Self] {
        if domid == 0 {
            &Self::ALL[..4]
        } else {
            &Self::ALL
        }
    }

    pub(super) fn path(self, domid: u32) -> String {
        let node = match self {
            Self::Name => "name",
            Self::MemTarget => "memory/target",
            Self::MemTotal => "data/meminfo_total",
            Self::MemFree => "data/meminfo_free",
            Self::Target => "target",
            Self::Backend => "backend",
        };
        format!("/local/domain/{domid}/{node}")
    }
}

/// What is known of one life of a domain.
pub(super) struct Known {
    pub(super) identity: Identity,
    /// Names this life of the domain in requests: a domid can come again while an answer for its
    /// last owner is under way.
    serial: u32,
    pub(super) name: Option<Arc<str>>,
    /// Whether xenstore has said what the name is, or that there is none.
    pub(super) answered: bool,
    /// Whether the other nodes are watched, too.
    pub(super) whole: bool,
    target_bytes: Option<u64>,
    total_bytes: Option<u64>,
    free_bytes: Option<u64>,
    /// Whether it is a stub domain, and whose: `None` while that is not known.
    stub: Option<Option<u32>>,
    /// Whether it serves devices.
    serves: Option<bool>,
}

impl Known {
    pub(super) fn new(identity: Identity, serial: u32) -> Self {
        Self {
            identity,
            serial,
            name: None,
            answered: false,
            whole: false,
            target_bytes: None,
            total_bytes: None,
            free_bytes: None,
            stub: None,
            serves: None,
        }
    }

    /// What stands for one of its nodes in watches and requests.
    pub(super) fn key(&self, node: Node) -> u32 {
        self.serial.wrapping_mul(8).wrapping_add(node as u32)
    }

    pub(super) fn of_key(known: &mut [Self], key: u32) -> Option<(&mut Self, Node)> {
        let node = *Node::ALL.get(usize::try_from(key % 8).ok()?)?;
        let known = known.iter_mut().find(|known| known.key(node) == key)?;
        Some((known, node))
    }

    pub(super) fn watch(&self, connection: Option<&mut Connection>, kind: u32, node: Node) {
        if let Some(connection) = connection {
            let token = self.key(node).to_string();
            connection.queue(kind, 0, &[&node.path(self.identity.id), &token]);
        }
    }

    /// Takes in what a node holds, `None` where it is not there.
    pub(super) fn learn(&mut self, node: Node, value: Option<&[u8]>) {
        let text = value.filter(|value| !value.is_empty());
        match node {
            Node::Name => {
                self.answered = true;
                self.name = text.map(name_from_bytes);
            }
            Node::MemTarget => self.target_bytes = text.and_then(bytes_of_kib),
            Node::MemTotal => self.total_bytes = text.and_then(bytes_of_kib),
            Node::MemFree => self.free_bytes = text.and_then(bytes_of_kib),
            Node::Target => self.stub = Some(text.and_then(number)),
            Node::Backend => self.serves = Some(value.is_some()),
        }
    }

    /// Writes it into the domain's row.
    pub(super) fn give(&self, domain: &mut Domain) {
        domain.name.clone_from(&self.name);
        domain.memory.target_bytes = self.target_bytes;
        domain.memory.guest_total_bytes = self.total_bytes;
        domain.memory.guest_unused_bytes = self.free_bytes;
        domain.target_id = self.stub.flatten();
        domain.role = match (self.stub, self.serves) {
            _ if self.identity.id == 0 => Some(Role::Control),
            (Some(Some(_)), _) => Some(Role::Stub),
            (_, Some(true)) => Some(Role::Driver),
            (Some(None), Some(false)) => Some(Role::Guest),
            _ => None,
        };
    }
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

fn bytes_of_kib(text: &[u8]) -> Option<u64> {
    number::<u64>(text)?.checked_mul(1024)
}
