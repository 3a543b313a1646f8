//! Distribution of xenstore's values to the modules that store them.

use crate::devices::domains::Devices;
use crate::xenstore::domains::XenstoreDomains;
use crate::xenstore::handler::{Answer, NodeHandler};
use crate::xenstore::node::{DeviceKind, Node};

/// A handler that passes each value to both modules.
pub(crate) struct NodeUpdates<'a> {
    pub(crate) domains: &'a mut XenstoreDomains,
    pub(crate) devices: &'a mut Devices,
}

impl NodeHandler for NodeUpdates<'_> {
    fn set_node(&mut self, domid: u32, node: Node, answer: Answer<'_>) {
        self.domains.set_node(domid, node, answer);
        self.devices.set_node(domid, node, answer);
    }

    fn has_device(&self, domid: u32, kind: DeviceKind, devid: u32) -> bool {
        self.devices.has_device(domid, kind, devid)
    }

    fn on_disconnect(&mut self) {
        self.devices.on_disconnect();
    }
}
