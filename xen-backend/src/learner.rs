//! Hands on what xenstore says to those who keep it.

use crate::devices::Devices;
use crate::store::Store;
use crate::xenstore::{Answer, Kind, Learn, Node};

/// Who takes in what xenstore says.
pub(crate) struct Learner<'a>(pub(crate) &'a mut Store, pub(crate) &'a mut Devices);

impl Learn for Learner<'_> {
    fn learn(&mut self, domid: u32, node: Node, answer: Answer<'_>) {
        self.0.learn(domid, node, answer);
        self.1.learn(domid, node, answer);
    }

    fn lists(&self, domid: u32, kind: Kind, devid: u32) -> bool {
        self.1.lists(domid, kind, devid)
    }

    fn lost(&mut self) {
        self.1.lost();
    }
}
