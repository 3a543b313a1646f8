//! libvirt's aliases of devices. Events have the alias (`net0`); samples have the target (`vnet3`).

use std::collections::HashMap;

use virtmon_model::{DeviceClass, Uuid};
use virtmon_recording::limits::{MAX_DEVICES, MAX_DOMAINS};

use crate::per_domain::domain_xml;

/// The aliases of the devices of all domains. Their number is bounded, whatever a daemon sends.
#[derive(Default)]
pub(crate) struct DeviceAliases {
    domains: HashMap<Uuid, HashMap<String, (DeviceClass, String)>>,
}

impl DeviceAliases {
    /// Adds the devices in a domain's XML. Devices that are not in it any more stay, since their removal
    /// event is still to come.
    pub(crate) fn update(&mut self, uuid: Uuid, xml: &str) {
        let devices = domain_xml::parse_aliases(xml).unwrap_or_default();
        if self.domains.len() >= MAX_DOMAINS && !self.domains.contains_key(&uuid) {
            return;
        }
        let aliases = self.domains.entry(uuid).or_default();
        for (alias, device) in devices {
            if aliases.len() < 2 * MAX_DEVICES || aliases.contains_key(&alias) {
                aliases.insert(alias, device);
            }
        }
    }

    /// Removes a domain that has ended.
    pub(crate) fn remove_domain(&mut self, uuid: Uuid) {
        self.domains.remove(&uuid);
    }

    /// Class and name of the device with this alias. The name of an unknown device is its alias.
    pub(crate) fn resolve(&self, uuid: Uuid, alias: String) -> (DeviceClass, String) {
        let aliases = self.domains.get(&uuid);
        let device = aliases.and_then(|aliases| aliases.get(&alias));
        device.cloned().unwrap_or((DeviceClass::Other, alias))
    }

    /// Resolves an alias like [`resolve`](Self::resolve), and removes the device.
    pub(crate) fn remove(&mut self, uuid: Uuid, alias: String) -> (DeviceClass, String) {
        let aliases = self.domains.get_mut(&uuid);
        let removed = aliases.and_then(|aliases| aliases.remove(&alias));
        removed.unwrap_or((DeviceClass::Other, alias))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_resolves_to_the_name_in_samples() {
        let xml = |devices: &str| format!("<domain><devices>{devices}</devices></domain>");
        let net0 = "<interface type='bridge'><target dev='vnet3'/><alias name='net0'/></interface>";
        let more = "<interface type='user'><alias name='net1'/></interface>
            <disk><target dev='vda'/><alias name='ua-root'/></disk>
            <hostdev><alias name='hostdev0'/></hostdev><panic/>";
        let (uuid, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut aliases = DeviceAliases::default();
        aliases.update(uuid, &xml(net0));
        aliases.update(uuid, &xml(more));
        let device =
            |aliases: &DeviceAliases, uuid, alias: &str| aliases.resolve(uuid, alias.to_owned());
        let is = |class, name: &str| (class, name.to_owned());
        assert_eq!(
            device(&aliases, uuid, "net0"),
            is(DeviceClass::Nic, "vnet3")
        );
        assert_eq!(device(&aliases, uuid, "net1"), is(DeviceClass::Nic, "net1"));
        assert_eq!(
            device(&aliases, uuid, "ua-root"),
            is(DeviceClass::Disk, "vda")
        );
        for (uuid, alias) in [(uuid, "hostdev0"), (uuid, "net7"), (other, "net0")] {
            assert_eq!(device(&aliases, uuid, alias), is(DeviceClass::Other, alias));
        }
        assert_eq!(
            aliases.remove(uuid, "net0".into()),
            is(DeviceClass::Nic, "vnet3")
        );
        assert_eq!(
            aliases.remove(uuid, "net0".into()),
            is(DeviceClass::Other, "net0")
        );
        aliases.remove_domain(uuid);
        assert_eq!(
            device(&aliases, uuid, "ua-root"),
            is(DeviceClass::Other, "ua-root")
        );
    }
}
