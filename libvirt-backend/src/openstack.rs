//! What OpenStack's nova has written into a domain's metadata.

use std::ffi::CStr;
use std::sync::Arc;

use roxmltree::{Document, Node};
use virtmon_model::{Identity, Instance};

use crate::connection::error::Fault;
use crate::ffi::{Domain, VIR_ERR_NO_DOMAIN_METADATA, VIR_ERR_NO_SUPPORT};

/// nova's namespaces, the newest first (`nova/virt/libvirt/config.py`, `NOVA_NS`).
const NAMESPACES: [&CStr; 2] = [
    c"http://openstack.org/xmlns/libvirt/nova/1.1",
    c"http://openstack.org/xmlns/libvirt/nova/1.0",
];

/// What is known already: it is asked for once in a domain's life.
#[derive(Default)]
pub(crate) struct Instances {
    /// In ascending order of id.
    known: Vec<Known>,
}

struct Known {
    identity: Identity,
    instance: Option<Arc<Instance>>,
    seen: bool,
}

impl Instances {
    /// What nova says of a domain, which is asked of libvirt at the first time.
    pub(crate) fn of(&mut self, identity: Identity, domain: Domain<'_>) -> Option<Arc<Instance>> {
        let found = self
            .known
            .binary_search_by_key(&identity.id, |known| known.identity.id);
        if let Ok(at) = found
            && self.known[at].identity == identity
        {
            self.known[at].seen = true;
            return self.known[at].instance.clone();
        }
        // What could not be asked now can be at the next sample.
        let instance = read(domain).ok()?.map(Arc::new);
        let known = Known {
            identity,
            instance: instance.clone(),
            seen: true,
        };
        match found {
            Ok(at) => self.known[at] = known,
            Err(at) => self.known.insert(at, known),
        }
        instance
    }

    /// Forgets the domains that were not asked for since the last call.
    pub(crate) fn sweep(&mut self) {
        self.known
            .retain_mut(|known| std::mem::take(&mut known.seen));
    }
}

/// Nothing, where nova has not made it or the driver knows no metadata.
fn read(domain: Domain<'_>) -> Result<Option<Instance>, Fault> {
    for namespace in NAMESPACES {
        match domain.metadata(namespace) {
            Ok(xml) => return Ok(parse(&xml)),
            Err(fault) => match fault.code() {
                VIR_ERR_NO_DOMAIN_METADATA | VIR_ERR_NO_SUPPORT => {}
                _ => return Err(fault),
            },
        }
    }
    Ok(None)
}

/// Reads the element `instance`. libvirt takes the namespace off it and off what is in it.
pub(crate) fn parse(xml: &str) -> Option<Instance> {
    let document = Document::parse(xml).ok()?;
    let instance = document.root_element();
    let text = |node: Option<Node<'_, '_>>| node.and_then(|node| node.text()).map(str::to_owned);
    let attribute = |node: Option<Node<'_, '_>>, name: &str| {
        node.and_then(|node| node.attribute(name))
            .map(str::to_owned)
    };
    let owner = find(instance, "owner");
    let (project, user) = (
        owner.and_then(|owner| find(owner, "project")),
        owner.and_then(|owner| find(owner, "user")),
    );
    Some(Instance {
        name: text(find(instance, "name")),
        flavor: attribute(find(instance, "flavor"), "name"),
        project: text(project),
        project_id: attribute(project, "uuid"),
        user: text(user),
        user_id: attribute(user, "uuid"),
    })
}

fn find<'a, 'd>(from: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    let mut children = from.children();
    children.find(|node| node.tag_name().name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_and_what_is_none() {
        let instance = parse(
            "<instance><package version='27.1.0'/><name>web &amp; &quot;db&quot;</name>
            <flavor name='m1.small'><memory>2048</memory></flavor>
            <owner><user uuid='u-1'>ann</user><project uuid='p-1'>shop</project></owner></instance>",
        );
        let text = |text: &str| Some(text.to_owned());
        let whole = Instance {
            name: text("web & \"db\""),
            flavor: text("m1.small"),
            project: text("shop"),
            project_id: text("p-1"),
            user: text("ann"),
            user_id: text("u-1"),
        };
        assert_eq!(instance, Some(whole));
        assert_eq!(parse("<instance/>"), Some(Instance::default()));
        assert_eq!(parse("no XML"), None);
    }
}
