//! Requests that are to be sent to xenstore.

use std::collections::VecDeque;

use super::super::node::Node;
use super::super::tracked_domain::TrackedDomain;
use super::super::watch::{Token, Watch};

/// A request for one domain that waits to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task {
    pub(super) domid: u32,
    /// Serial number of the domain's incarnation: [`TrackedDomain::serial`].
    pub(super) serial: u32,
    pub(super) action: Action,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    Watch(Watch),
    Read(Node),
}

/// The queues, in the order in which they are sent.
#[derive(Debug, Default)]
pub(super) struct Queues {
    /// Path and token of each watch to be removed.
    pub(super) unwatch: VecDeque<(String, String)>,
    /// Requests that the row of a new domain waits for.
    pub(super) urgent: VecDeque<Task>,
    pub(super) later: VecDeque<Task>,
}

impl Queues {
    pub(super) fn is_empty(&self) -> bool {
        self.unwatch.is_empty() && self.urgent.is_empty() && self.later.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.unwatch.clear();
        self.urgent.clear();
        self.later.clear();
    }

    /// Keeps the tasks of the domains for which `exists` returns true. It takes domid and serial.
    pub(super) fn retain(&mut self, exists: impl Fn(u32, u32) -> bool) {
        self.urgent.retain(|task| exists(task.domid, task.serial));
        self.later.retain(|task| exists(task.domid, task.serial));
    }

    /// Queues all watches of a new domain.
    pub(super) fn push_watches(&mut self, domain: &TrackedDomain) {
        for watch in Watch::for_domain(domain.identity.id) {
            self.push(domain, Action::Watch(watch), watch.is_urgent());
        }
    }

    /// Queues a watch that no row waits for.
    pub(super) fn push_watch(&mut self, domain: &TrackedDomain, watch: Watch) {
        self.push(domain, Action::Watch(watch), false);
    }

    /// Queues a read.
    pub(super) fn push_read(&mut self, domain: &TrackedDomain, node: Node) {
        self.push(domain, Action::Read(node), node.is_urgent());
    }

    fn push(&mut self, domain: &TrackedDomain, action: Action, is_urgent: bool) {
        let task = Task {
            domid: domain.identity.id,
            serial: domain.serial,
            action,
        };
        if is_urgent {
            self.urgent.push_back(task);
        } else {
            self.later.push_back(task);
        }
    }

    /// Queues the removal of a watch. `backend` is the path of the backend that a disk's watch is on.
    pub(super) fn push_unwatch(&mut self, domain: &TrackedDomain, watch: Watch, backend: &str) {
        let token = Token {
            domid: domain.identity.id,
            serial: domain.serial,
            watch,
        };
        let (mut path, mut text) = (String::new(), String::new());
        watch.write_path(token.domid, backend, &mut path);
        token.write(&mut text);
        self.unwatch.push_back((path, text));
    }
}
