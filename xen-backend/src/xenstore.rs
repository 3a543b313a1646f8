//! What xenstore says of the domains, kept by watches over one connection.
//!
//! `connection` speaks the daemon's protocol and never blocks. `mirror` watches nodes of every domain
//! and reads each one again after it has changed; `life` is what it keeps of one domain, `node` names
//! the nodes and `watch` the watches, `requests` are the reads under way, and `budget` bounds what a guest that writes without
//! a pause costs.

mod budget;
mod connection;
mod life;
mod mirror;
mod node;
mod requests;
#[cfg(test)]
pub(crate) mod scripted;
mod watch;

use virtmon_model::Identity;

pub(crate) use mirror::Mirror;
pub(crate) use node::{Kind, Node};

/// Says whether this life of a domain is there now.
pub(crate) type Still<'a> = &'a mut dyn FnMut(Identity) -> bool;

/// What xenstore answered when a node was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer<'a> {
    /// Its value; of a directory the names in it, each with a NUL behind it.
    Value(&'a [u8]),
    /// There is no such node.
    Missing,
    /// It can't be read.
    Failed,
}

/// Takes in what the mirror learns. A domain that it does not know is passed over.
pub(crate) trait Learn {
    /// A node of a domain was read, or is not followed any more.
    fn learn(&mut self, domid: u32, node: Node, answer: Answer<'_>);

    /// Whether a device of a domain is listed already.
    fn lists(&self, domid: u32, kind: Kind, devid: u32) -> bool;

    /// The connection is lost: nobody says any more which devices there are.
    fn lost(&mut self);
}
