//! One domain as xenstore tells of it.

use std::sync::Arc;

use virtmon_model::{Domain, Identity, Role, name_from_bytes};

use crate::xenstore::Node;

/// What is known of one life of a domain.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    pub(super) identity: Identity,
    name: Option<Arc<str>>,
    target_bytes: Option<u64>,
    total_bytes: Option<u64>,
    /// What agents write as `meminfo_free` is the available memory, since 2021 in all of them.
    usable_bytes: Option<u64>,
    /// Whether it is a stub domain, and whose: `None` while that is not known.
    stub: Option<Option<u32>>,
    /// Whether it serves devices.
    serves: Option<bool>,
}

impl Known {
    pub(super) fn new(identity: Identity) -> Self {
        Self {
            identity,
            name: None,
            target_bytes: None,
            total_bytes: None,
            usable_bytes: None,
            stub: None,
            serves: None,
        }
    }

    /// Takes in what a node holds, `None` where it is not there. Says whether that is news.
    pub(super) fn learn(&mut self, node: Node, value: Option<&[u8]>) -> bool {
        let text = value.filter(|value| !value.is_empty());
        match node {
            Node::Name => {
                let name = text.map(name_from_bytes);
                changed(&mut self.name, name)
            }
            Node::MemTarget => changed(&mut self.target_bytes, text.and_then(bytes_of_kib)),
            Node::MemTotal => changed(&mut self.total_bytes, text.and_then(bytes_of_kib)),
            Node::MemFree => changed(&mut self.usable_bytes, text.and_then(bytes_of_kib)),
            Node::Target => changed(&mut self.stub, Some(text.and_then(number))),
            Node::Backend => changed(&mut self.serves, Some(value.is_some())),
            _ => false,
        }
    }

    /// Writes it into the domain's row, which has the role that Xen itself gives it, if any.
    pub(super) fn give(&self, domain: &mut Domain) {
        domain.name.clone_from(&self.name);
        domain.memory.target_bytes = self.target_bytes;
        domain.memory.guest_total_bytes = self.total_bytes;
        domain.memory.guest_usable_bytes = self.usable_bytes;
        domain.target_id = self.stub.flatten();
        domain.role = match (domain.role, self.stub, self.serves) {
            (Some(role @ (Role::Control | Role::Hardware | Role::Xenstore)), ..) => Some(role),
            (_, Some(Some(_)), _) => Some(Role::Stub),
            (_, _, Some(true)) => Some(Role::Driver),
            (_, Some(None), Some(false)) => Some(Role::Guest),
            _ => None,
        };
    }
}

/// Makes it this value. Says whether it was another.
fn changed<T: PartialEq>(known: &mut T, now: T) -> bool {
    let is_news = *known != now;
    *known = now;
    is_news
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    str::from_utf8(text).ok()?.trim().parse().ok()
}

fn bytes_of_kib(text: &[u8]) -> Option<u64> {
    number::<u64>(text)?.checked_mul(1024)
}
