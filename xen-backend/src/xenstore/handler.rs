//! The interface between the mirror and the code that uses the values of nodes.

use virtmon_model::Identity;

use super::node::{DeviceKind, Node};

/// Returns true if this incarnation of a domain exists now.
pub(crate) type IsAlive<'a> = &'a mut dyn FnMut(Identity) -> bool;

/// Result of reading a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer<'a> {
    /// The value of the node. For a directory: the names of its entries, each followed by a NUL.
    Value(&'a [u8]),
    /// The node does not exist.
    Missing,
    /// The node could not be read.
    Failed,
}

/// Receiver of the values that the mirror reads. It ignores domains that it does not know.
pub(crate) trait NodeHandler {
    /// Sets the value of a node after it was read, or after the mirror stopped to watch it.
    fn set_node(&mut self, domid: u32, node: Node, answer: Answer<'_>);

    /// True if a device is in the list of its domain.
    fn has_device(&self, domid: u32, kind: DeviceKind, devid: u32) -> bool;

    /// The connection is closed, so the lists of devices are unknown.
    fn on_disconnect(&mut self);
}
