//! The instance of a domain: the values that OpenStack's nova writes into its metadata.

use std::ffi::CStr;
use std::sync::Arc;

use roxmltree::{Document, Node};
use virtmon_model::{Identity, Instance};

use crate::ffi::bindings::{VIR_ERR_NO_DOMAIN_METADATA, VIR_ERR_NO_SUPPORT};
use crate::ffi::domain::Domain;
use crate::ffi::error::LibvirtError;

/// nova's namespaces, newest first (`nova/virt/libvirt/config.py`, `NOVA_NS`).
const NAMESPACES: [&CStr; 2] = [
    c"http://openstack.org/xmlns/libvirt/nova/1.1",
    c"http://openstack.org/xmlns/libvirt/nova/1.0",
];

/// The instances of all domains. libvirt is queried once in a domain's life.
#[derive(Default)]
pub(crate) struct InstanceCache {
    /// In ascending order of id.
    cached: Vec<CachedInstance>,
}

struct CachedInstance {
    identity: Identity,
    instance: Option<Arc<Instance>>,
    seen: bool,
}

impl InstanceCache {
    /// The instance of a domain. The first call for a domain queries libvirt.
    pub(crate) fn get(&mut self, identity: Identity, domain: Domain<'_>) -> Option<Arc<Instance>> {
        let found = self
            .cached
            .binary_search_by_key(&identity.id, |cached| cached.identity.id);
        if let Ok(at) = found
            && self.cached[at].identity == identity
        {
            self.cached[at].seen = true;
            return self.cached[at].instance.clone();
        }
        // A call that failed is repeated at the next sample.
        let instance = read(domain).ok()?.map(Arc::new);
        let cached = CachedInstance {
            identity,
            instance: instance.clone(),
            seen: true,
        };
        match found {
            Ok(at) => self.cached[at] = cached,
            Err(at) => self.cached.insert(at, cached),
        }
        instance
    }

    /// Removes the domains that were not looked up since the last call.
    pub(crate) fn sweep(&mut self) {
        self.cached
            .retain_mut(|cached| std::mem::take(&mut cached.seen));
    }
}

/// Queries libvirt. `None` if nova did not create the domain, or if the driver has no metadata.
fn read(domain: Domain<'_>) -> Result<Option<Instance>, LibvirtError> {
    for namespace in NAMESPACES {
        match domain.metadata(namespace) {
            Ok(xml) => return Ok(parse(&xml)),
            Err(error) => match error.code() {
                VIR_ERR_NO_DOMAIN_METADATA | VIR_ERR_NO_SUPPORT => {}
                _ => return Err(error),
            },
        }
    }
    Ok(None)
}

/// Reads the element `instance`. libvirt removes the namespace from it and from its children.
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
    fn an_instance_is_read_and_other_text_is_rejected() {
        let instance = parse(
            "<instance><package version='27.1.0'/><name>web &amp; &quot;db&quot;</name>
            <flavor name='m1.small'><memory>2048</memory></flavor>
            <owner><user uuid='u-1'>ann</user><project uuid='p-1'>shop</project></owner></instance>",
        );
        let text = |text: &str| Some(text.to_owned());
        let expected = Instance {
            name: text("web & \"db\""),
            flavor: text("m1.small"),
            project: text("shop"),
            project_id: text("p-1"),
            user: text("ann"),
            user_id: text("u-1"),
        };
        assert_eq!(instance, Some(expected));
        assert_eq!(parse("<instance/>"), Some(Instance::default()));
        assert_eq!(parse("no XML"), None);
    }
}
