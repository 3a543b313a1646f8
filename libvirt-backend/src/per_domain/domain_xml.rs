//! The devices of a domain, by the names that calls take for them, out of its XML: pure.

use roxmltree::{Document, Node};
use virtmon_model::DeviceClass;

/// The devices that the XML tells of, in its order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Targets {
    /// Network interfaces.
    pub(crate) nics: Vec<Option<Target>>,
    /// Block devices.
    pub(crate) disks: Vec<Option<Target>>,
}

/// A device that can be asked for. One that can't is a NIC without an interface on the host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// `<target dev=''>`.
    pub(crate) name: String,
    /// `<source>`: a file, a device, the name that a network gives it.
    pub(crate) path: Option<String>,
}

/// Reads the element `domain`.
pub(crate) fn parse(xml: &str) -> Option<Targets> {
    let document = Document::parse(xml).ok()?;
    let mut targets = Targets::default();
    for device in children(document.root_element(), "devices").flat_map(|all| all.children()) {
        match device.tag_name().name() {
            "interface" => targets.nics.push(target(device, &[])),
            "disk" => targets.disks.push(target(device, &["file", "dev", "name"])),
            _ => {}
        }
    }
    Some(targets)
}

/// The devices of the element `domain` by libvirt's own names for them, `<alias name=''>`: what each
/// is, and its target, or for want of one its alias.
pub(crate) fn aliases(xml: &str) -> Option<Vec<(String, (DeviceClass, String))>> {
    let document = Document::parse(xml).ok()?;
    let devices = children(document.root_element(), "devices").flat_map(|all| all.children());
    let named = devices.filter_map(|device| {
        let aliases = &mut children(device, "alias");
        let alias = aliases.find_map(|alias| alias.attribute("name"))?;
        let class = match device.tag_name().name() {
            "interface" => DeviceClass::Nic,
            "disk" => DeviceClass::Disk,
            _ => return None,
        };
        let name = target(device, &[]).map_or_else(|| alias.to_owned(), |target| target.name);
        Some((alias.to_owned(), (class, name)))
    });
    Some(named.collect())
}

fn target(device: Node<'_, '_>, paths: &[&str]) -> Option<Target> {
    let name = children(device, "target").find_map(|target| target.attribute("dev"))?;
    let source = children(device, "source").next();
    let path = source.and_then(|source| paths.iter().find_map(|path| source.attribute(*path)));
    Some(Target {
        name: name.to_owned(),
        path: path.map(str::to_owned),
    })
}

fn children<'a, 'd: 'a>(of: Node<'a, 'd>, name: &'a str) -> impl Iterator<Item = Node<'a, 'd>> {
    of.children()
        .filter(move |node| node.tag_name().name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_told_in_their_order_those_without_a_target_too() {
        let xml = "<domain type='xen'><name>web</name><devices>
            <disk type='block' device='disk'><driver name='phy'/><source dev='/dev/loop0'/>
              <target dev='xvda' bus='xen'/></disk>
            <interface type='bridge'><source bridge='xenbr0'/><target dev='vif3.0'/></interface>
            <interface type='hostdev'><mac address='52:54:00:00:00:01'/></interface>
            <disk type='file' device='cdrom'><target dev='hdc'/></disk>
            <disk type='network'><source protocol='rbd' name='pool/image'/><target dev='vdb'/></disk>
            </devices></domain>";
        let target = |name: &str, path: Option<&str>| {
            Some(Target {
                name: name.into(),
                path: path.map(str::to_owned),
            })
        };
        let told = Targets {
            nics: vec![target("vif3.0", None), None],
            disks: vec![
                target("xvda", Some("/dev/loop0")),
                target("hdc", None),
                target("vdb", Some("pool/image")),
            ],
        };
        assert_eq!(parse(xml), Some(told));
        assert_eq!(parse("<domain/>"), Some(Targets::default()));
        assert_eq!(parse("<domain>"), None);
    }
}
