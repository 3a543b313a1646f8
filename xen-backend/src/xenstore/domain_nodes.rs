//! Values of xenstore for one domain.

use std::sync::Arc;

use virtmon_model::{Domain, Identity, Role, name_from_bytes};

use super::node::Node;

/// Values of one incarnation of a domain.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DomainNodes {
    pub(super) identity: Identity,
    name: Option<Arc<str>>,
    target_bytes: Option<u64>,
    total_bytes: Option<u64>,
    /// Memory that agents write as `meminfo_free`. Since 2021 all agents write the available memory.
    usable_bytes: Option<u64>,
    /// `Some(Some(domid))` for the stub domain of that domain, `Some(None)` for a domain that is no
    /// stub domain, `None` while that is unknown.
    stub: Option<Option<u32>>,
    /// True if it serves devices; `None` while that is unknown.
    serves: Option<bool>,
}

impl DomainNodes {
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

    /// Sets the value of a node; `None` if the node does not exist. Returns true if it changed.
    pub(super) fn set(&mut self, node: Node, value: Option<&[u8]>) -> bool {
        let text = value.filter(|value| !value.is_empty());
        match node {
            Node::Name => {
                let name = text.map(name_from_bytes);
                replace(&mut self.name, name)
            }
            Node::MemTarget => replace(&mut self.target_bytes, text.and_then(bytes_of_kib)),
            Node::MemTotal => replace(&mut self.total_bytes, text.and_then(bytes_of_kib)),
            Node::MemFree => replace(&mut self.usable_bytes, text.and_then(bytes_of_kib)),
            Node::Target => replace(&mut self.stub, Some(text.and_then(number))),
            Node::Backend => replace(&mut self.serves, Some(value.is_some())),
            _ => false,
        }
    }

    /// Fills the values into the domain's row. A role that Xen itself reported is kept.
    pub(super) fn fill(&self, domain: &mut Domain) {
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

/// Replaces a value. Returns true if it changed.
fn replace<T: PartialEq>(known: &mut T, value: T) -> bool {
    let is_changed = *known != value;
    *known = value;
    is_changed
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    str::from_utf8(text).ok()?.trim().parse().ok()
}

fn bytes_of_kib(text: &[u8]) -> Option<u64> {
    number::<u64>(text)?.checked_mul(1024)
}
