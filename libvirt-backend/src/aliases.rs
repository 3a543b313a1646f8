//! Devices by libvirt's own names for them, which its events have: net0 is the NIC vnet3.

use std::collections::HashMap;

use virtmon_model::{DeviceClass, Uuid};

use virtmon_recording::limits::{MAX_DEVICES, MAX_DOMAINS};

use crate::targets;

/// What the devices of each domain are: of no more domains and devices than there can be, whatever a
/// daemon says.
#[derive(Default)]
pub(crate) struct Aliases {
    known: HashMap<Uuid, HashMap<String, (DeviceClass, String)>>,
}

impl Aliases {
    /// Reads what a domain's XML tells. What had been told is kept: of a device that is not in it
    /// any more there is an event to come.
    pub(crate) fn learn(&mut self, uuid: Uuid, xml: &str) {
        let devices = targets::aliases(xml).unwrap_or_default();
        if self.known.len() >= MAX_DOMAINS && !self.known.contains_key(&uuid) {
            return;
        }
        let known = self.known.entry(uuid).or_default();
        for (alias, device) in devices {
            if known.len() < 2 * MAX_DEVICES || known.contains_key(&alias) {
                known.insert(alias, device);
            }
        }
    }

    /// Forgets a domain that has ended.
    pub(crate) fn forget(&mut self, uuid: Uuid) {
        self.known.remove(&uuid);
    }

    /// What an alias stands for. One that is not known stands for itself.
    pub(crate) fn device(&self, uuid: Uuid, alias: String) -> (DeviceClass, String) {
        let known = self.known.get(&uuid).and_then(|known| known.get(&alias));
        known.cloned().unwrap_or((DeviceClass::Other, alias))
    }

    /// The same, and forgets it.
    pub(crate) fn remove(&mut self, uuid: Uuid, alias: String) -> (DeviceClass, String) {
        let known = self.known.get_mut(&uuid);
        let removed = known.and_then(|known| known.remove(&alias));
        removed.unwrap_or((DeviceClass::Other, alias))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_stands_for_the_name_that_readings_have() {
        let xml = |devices: &str| format!("<domain><devices>{devices}</devices></domain>");
        let net0 = "<interface type='bridge'><target dev='vnet3'/><alias name='net0'/></interface>";
        let more = "<interface type='user'><alias name='net1'/></interface>
            <disk><target dev='vda'/><alias name='ua-root'/></disk>
            <hostdev><alias name='hostdev0'/></hostdev><panic/>";
        let (uuid, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut aliases = Aliases::default();
        aliases.learn(uuid, &xml(net0));
        aliases.learn(uuid, &xml(more));
        let device = |aliases: &Aliases, uuid, alias: &str| aliases.device(uuid, alias.to_owned());
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
        aliases.forget(uuid);
        assert_eq!(
            device(&aliases, uuid, "ua-root"),
            is(DeviceClass::Other, "ua-root")
        );
    }
}
