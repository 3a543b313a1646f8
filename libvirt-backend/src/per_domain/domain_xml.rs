//! The devices in a domain's XML, by the names that libvirt's calls take. No I/O.

use roxmltree::{Document, Node};
use virtmon_model::DeviceClass;

/// The devices in the XML, in its order. `None` is a device that no call can be made for: a NIC without an
/// interface on the host.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DomainDevices {
    /// Network interfaces.
    pub(crate) nics: Vec<Option<DeviceTarget>>,
    /// Block devices.
    pub(crate) disks: Vec<Option<DeviceTarget>>,
}

/// A device that calls can be made for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DeviceTarget {
    /// `<target dev=''>`.
    pub(crate) name: String,
    /// `<source>`: a file, a device, or the name that the image has in network storage.
    pub(crate) path: Option<String>,
}

/// Reads the devices of the element `domain`. `None` if it is not valid XML.
pub(crate) fn parse(xml: &str) -> Option<DomainDevices> {
    let document = Document::parse(xml).ok()?;
    let mut devices = DomainDevices::default();
    for device in children(document.root_element(), "devices").flat_map(|all| all.children()) {
        match device.tag_name().name() {
            "interface" => devices.nics.push(target(device, &[])),
            "disk" => devices.disks.push(target(device, &["file", "dev", "name"])),
            _ => {}
        }
    }
    Some(devices)
}

/// Reads the NICs and disks of the element `domain`: for each libvirt's own name, `<alias name=''>`, its
/// class, and its target, or its alias if it has no target.
pub(crate) fn parse_aliases(xml: &str) -> Option<Vec<(String, (DeviceClass, String))>> {
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

fn target(device: Node<'_, '_>, paths: &[&str]) -> Option<DeviceTarget> {
    let name = children(device, "target").find_map(|target| target.attribute("dev"))?;
    let source = children(device, "source").next();
    let path = source.and_then(|source| paths.iter().find_map(|path| source.attribute(*path)));
    Some(DeviceTarget {
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
    fn devices_keep_their_order_with_those_that_have_no_target() {
        let xml = "<domain type='xen'><name>web</name><devices>
            <disk type='block' device='disk'><driver name='phy'/><source dev='/dev/loop0'/>
              <target dev='xvda' bus='xen'/></disk>
            <interface type='bridge'><source bridge='xenbr0'/><target dev='vif3.0'/></interface>
            <interface type='hostdev'><mac address='52:54:00:00:00:01'/></interface>
            <disk type='file' device='cdrom'><target dev='hdc'/></disk>
            <disk type='network'><source protocol='rbd' name='pool/image'/><target dev='vdb'/></disk>
            </devices></domain>";
        let target = |name: &str, path: Option<&str>| {
            Some(DeviceTarget {
                name: name.into(),
                path: path.map(str::to_owned),
            })
        };
        let expected = DomainDevices {
            nics: vec![target("vif3.0", None), None],
            disks: vec![
                target("xvda", Some("/dev/loop0")),
                target("hdc", None),
                target("vdb", Some("pool/image")),
            ],
        };
        assert_eq!(parse(xml), Some(expected));
        assert_eq!(parse("<domain/>"), Some(DomainDevices::default()));
        assert_eq!(parse("<domain>"), None);
    }
}
