//! State of one incarnation of one domain in the mirror: its watches, and the reads that are queued
//! or in progress.

use std::time::Instant;

use virtmon_model::Identity;

use super::budget::Budget;
use super::node::Node;

/// Most disks of a domain that are tracked. No toolstack gives a domain more.
pub(super) const MAX_DISKS: usize = 1024;

/// State of one node.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NodeState {
    /// True if a read of it is in a queue.
    is_queued: bool,
    /// True if a read of it is in progress.
    is_reading: bool,
    /// True if it changed after that read began.
    is_changed: bool,
    /// True if it was read at least once.
    is_known: bool,
}

/// A disk, and the path of its backend.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) devid: u32,
    pub(super) backend: String,
    pub(super) is_watched: bool,
    nodes: [NodeState; 3],
}

/// A time in which the nodes that the guest can write are not watched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Suspension {
    pub(super) until: Instant,
    /// Time at which the devices are listed next.
    pub(super) poll_at: Instant,
}

/// One incarnation of one domain.
#[derive(Debug)]
pub(super) struct TrackedDomain {
    pub(super) identity: Identity,
    /// Number of this incarnation in watches and reads. A domid can be used again while an answer
    /// for its previous owner is outstanding.
    pub(super) serial: u32,
    /// Bits of the watches that are set.
    pub(super) watched: u8,
    pub(super) budget: Budget,
    pub(super) suspension: Option<Suspension>,
    /// After a suspension: end of the time in which the domain is still reported as one that writes
    /// without a pause.
    pub(super) quiet_until: Option<Instant>,
    /// Last batch of messages for which the existence of this incarnation was checked, and the
    /// result.
    pub(super) checked: Option<(u64, bool)>,
    nodes: [NodeState; Node::FIXED.len()],
    /// Disks in ascending order of device number.
    disks: Vec<Disk>,
}

impl TrackedDomain {
    pub(super) fn new(identity: Identity, serial: u32) -> Self {
        Self {
            identity,
            serial,
            watched: 0,
            budget: Budget::default(),
            suspension: None,
            quiet_until: None,
            checked: None,
            nodes: Default::default(),
            disks: Vec::new(),
        }
    }

    /// Resets all state that belongs to a connection.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.identity, self.serial);
    }

    fn node_mut(&mut self, node: Node) -> Option<&mut NodeState> {
        if let Some(devid) = node.disk() {
            let disk = self.disk_mut(devid)?;
            let index = match node {
                Node::DiskBackend(_) => 0,
                Node::DiskParams(_) => 1,
                _ => 2,
            };
            return disk.nodes.get_mut(index);
        }
        let index = Node::FIXED.iter().position(|fixed| *fixed == node)?;
        self.nodes.get_mut(index)
    }

    /// Records that a node is to be read. Returns true if the caller has to queue the read.
    pub(super) fn request_read(&mut self, node: Node) -> bool {
        let Some(state) = self.node_mut(node) else {
            return false;
        };
        state.is_changed |= state.is_reading;
        let queue = !state.is_reading && !state.is_queued;
        state.is_queued |= queue;
        queue
    }

    /// Records that a queued read is in progress. Returns false if there is no such node.
    pub(super) fn start_read(&mut self, node: Node) -> bool {
        let Some(state) = self.node_mut(node) else {
            return false;
        };
        (state.is_queued, state.is_reading) = (false, true);
        true
    }

    /// Records that a node was read. Returns true if the caller has to queue another read, and
    /// `None` if there is no such node.
    pub(super) fn finish_read(&mut self, node: Node) -> Option<bool> {
        let state = self.node_mut(node)?;
        let read_again = state.is_changed;
        *state = NodeState {
            is_queued: read_again,
            is_known: true,
            ..NodeState::default()
        };
        Some(read_again)
    }

    /// True if the row of the domain waits for a node that was never read.
    pub(super) fn is_waiting(&self) -> bool {
        let awaited = if self.identity.id == 0 { 1 } else { 3 };
        self.nodes[..awaited].iter().any(|state| !state.is_known)
    }

    pub(super) fn disk(&self, devid: u32) -> Option<&Disk> {
        let index = self.disks.binary_search_by_key(&devid, |disk| disk.devid);
        self.disks.get(index.ok()?)
    }

    pub(super) fn disk_mut(&mut self, devid: u32) -> Option<&mut Disk> {
        let index = self.disks.binary_search_by_key(&devid, |disk| disk.devid);
        self.disks.get_mut(index.ok()?)
    }

    pub(super) fn disks_mut(&mut self) -> &mut [Disk] {
        &mut self.disks
    }

    pub(super) fn disks(&self) -> &[Disk] {
        &self.disks
    }

    /// Sets the disks to those of a directory of xenstore. Returns the disks that were removed.
    pub(super) fn set_disks(&mut self, names: &[u8]) -> Vec<Disk> {
        let mut devids: Vec<u32> = names
            .split(|&byte| byte == 0)
            .filter_map(|word| str::from_utf8(word).ok()?.parse().ok())
            .take(MAX_DISKS)
            .collect();
        devids.sort_unstable();
        devids.dedup();
        let mut previous = std::mem::take(&mut self.disks).into_iter().peekable();
        let mut gone = Vec::new();
        for devid in devids {
            while let Some(disk) = previous.next_if(|disk| disk.devid < devid) {
                gone.push(disk);
            }
            let known = previous.next_if(|disk| disk.devid == devid);
            self.disks.push(known.unwrap_or_else(|| Disk {
                devid,
                ..Disk::default()
            }));
        }
        gone.extend(previous);
        gone
    }
}

/// Index of the domain with this domid in a list in ascending order of domid.
pub(super) fn index_of(tracked: &[TrackedDomain], domid: u32) -> Option<usize> {
    tracked
        .binary_search_by_key(&domid, |tracked| tracked.identity.id)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_queued_once_and_read_once_at_a_time() {
        let mut domain = TrackedDomain::new(Identity::default(), 1);
        assert!(domain.request_read(Node::MemFree));
        assert!(!domain.request_read(Node::MemFree), "it is queued already");
        assert!(domain.start_read(Node::MemFree));
        assert!(!domain.request_read(Node::MemFree), "it is being read");
        assert_eq!(
            domain.finish_read(Node::MemFree),
            Some(true),
            "it is to be read again"
        );
        assert!(!domain.request_read(Node::MemFree), "that read is queued");
        assert!(domain.start_read(Node::MemFree));
        assert_eq!(domain.finish_read(Node::MemFree), Some(false));
        assert!(domain.request_read(Node::MemFree));
    }

    #[test]
    fn a_row_waits_for_a_name_and_two_lists() {
        let mut domain = TrackedDomain::new(Identity::default(), 1);
        assert!(domain.is_waiting());
        domain.finish_read(Node::Name);
        assert!(!domain.is_waiting(), "domain 0 has no frontends");
        domain.identity.id = 3;
        assert!(domain.is_waiting());
        domain.finish_read(Node::Vifs);
        domain.finish_read(Node::Vbds);
        assert!(!domain.is_waiting());
    }

    #[test]
    fn disks_that_stay_keep_their_backends() {
        let mut domain = TrackedDomain::new(Identity::default(), 1);
        assert!(domain.set_disks(b"51728\x0051712\0").is_empty());
        domain.disk_mut(51728).unwrap().backend.push('b');
        let gone = domain.set_disks(b"51728\x0051744\x0051728\0x\0");
        assert_eq!(gone.len(), 1);
        assert_eq!(gone[0].devid, 51712);
        let disks: Vec<_> = domain
            .disks()
            .iter()
            .map(|d| (d.devid, &*d.backend))
            .collect();
        assert_eq!(disks, [(51728, "b"), (51744, "")]);
        let many: String = (0..5000).map(|n| format!("{n}\0")).collect();
        domain.set_disks(many.as_bytes());
        assert_eq!(domain.disks().len(), MAX_DISKS);
        assert!(!domain.request_read(Node::DiskParams(9_999)));
    }
}
