//! One life of one domain, as the mirror follows it: what is watched, what is to be read, and what is
//! being read.

use std::time::Instant;

use virtmon_model::Identity;

use super::budget::Budget;
use super::node::Node;

/// So many disks of a domain are followed: no toolstack gives a domain more.
pub(super) const MOST_DISKS: usize = 1024;

/// How a node stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Track {
    /// It is in a queue, to be read.
    queued: bool,
    /// It is being read.
    asked: bool,
    /// It changed since that began.
    again: bool,
    /// It was read once.
    answered: bool,
}

/// A disk, and where its backend is.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) devid: u32,
    pub(super) backend: String,
    pub(super) watched: bool,
    tracks: [Track; 3],
}

/// A time in which what the guest writes is not watched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    pub(super) until: Instant,
    /// When its devices are listed next all the same.
    pub(super) poll_at: Instant,
}

/// One life of one domain.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) identity: Identity,
    /// Names this life in watches and reads: a domid can come again while an answer for its last owner
    /// is under way.
    pub(super) serial: u32,
    /// The bits of the watches that are set.
    pub(super) watched: u8,
    pub(super) budget: Budget,
    pub(super) rest: Option<Rest>,
    /// After a rest: up to when it is still one that is said to write without a pause.
    pub(super) quiet_until: Option<Instant>,
    /// The batch of messages for which it was made sure that this life is there.
    pub(super) checked: Option<(u64, bool)>,
    tracks: [Track; Node::FIXED.len()],
    /// In ascending order of device number.
    disks: Vec<Disk>,
}

impl Life {
    pub(super) fn new(identity: Identity, serial: u32) -> Self {
        Self {
            identity,
            serial,
            watched: 0,
            budget: Budget::default(),
            rest: None,
            quiet_until: None,
            checked: None,
            tracks: Default::default(),
            disks: Vec::new(),
        }
    }

    /// Forgets all that a connection knew.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.identity, self.serial);
    }

    fn track(&mut self, node: Node) -> Option<&mut Track> {
        if let Some(devid) = node.disk() {
            let disk = self.disk_mut(devid)?;
            let place = match node {
                Node::DiskBackend(_) => 0,
                Node::DiskParams(_) => 1,
                _ => 2,
            };
            return disk.tracks.get_mut(place);
        }
        let place = Node::FIXED.iter().position(|fixed| *fixed == node)?;
        self.tracks.get_mut(place)
    }

    /// Notes that a node is to be read. Says whether it has to be queued for that.
    pub(super) fn mark(&mut self, node: Node) -> bool {
        let Some(track) = self.track(node) else {
            return false;
        };
        track.again |= track.asked;
        let queue = !track.asked && !track.queued;
        track.queued |= queue;
        queue
    }

    /// Notes that a node which was queued is being read. Says whether there is such a node.
    pub(super) fn ask(&mut self, node: Node) -> bool {
        let Some(track) = self.track(node) else {
            return false;
        };
        (track.queued, track.asked) = (false, true);
        true
    }

    /// Notes that a node was read. Says whether there is such a node, and whether it has to be queued
    /// again.
    pub(super) fn answer(&mut self, node: Node) -> Option<bool> {
        let track = self.track(node)?;
        let again = track.again;
        *track = Track {
            queued: again,
            answered: true,
            ..Track::default()
        };
        Some(again)
    }

    /// Whether its row waits for something that was never read.
    pub(super) fn is_waiting(&self) -> bool {
        let awaited = if self.identity.id == 0 { 1 } else { 3 };
        self.tracks[..awaited].iter().any(|track| !track.answered)
    }

    pub(super) fn disk(&self, devid: u32) -> Option<&Disk> {
        let place = self.disks.binary_search_by_key(&devid, |disk| disk.devid);
        self.disks.get(place.ok()?)
    }

    pub(super) fn disk_mut(&mut self, devid: u32) -> Option<&mut Disk> {
        let place = self.disks.binary_search_by_key(&devid, |disk| disk.devid);
        self.disks.get_mut(place.ok()?)
    }

    pub(super) fn disks_mut(&mut self) -> &mut [Disk] {
        &mut self.disks
    }

    pub(super) fn disks(&self) -> &[Disk] {
        &self.disks
    }

    /// Makes its disks those of a directory of xenstore; returns those that are gone.
    pub(super) fn list_disks(&mut self, names: &[u8]) -> Vec<Disk> {
        let mut devids: Vec<u32> = names
            .split(|&byte| byte == 0)
            .filter_map(|word| str::from_utf8(word).ok()?.parse().ok())
            .take(MOST_DISKS)
            .collect();
        devids.sort_unstable();
        devids.dedup();
        let mut before = std::mem::take(&mut self.disks).into_iter().peekable();
        let mut gone = Vec::new();
        for devid in devids {
            while let Some(disk) = before.next_if(|disk| disk.devid < devid) {
                gone.push(disk);
            }
            let kept = before.next_if(|disk| disk.devid == devid);
            self.disks.push(kept.unwrap_or_else(|| Disk {
                devid,
                ..Disk::default()
            }));
        }
        gone.extend(before);
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_queued_once_and_read_once_at_a_time() {
        let mut life = Life::new(Identity::default(), 1);
        assert!(life.mark(Node::MemFree));
        assert!(!life.mark(Node::MemFree), "it is queued already");
        assert!(life.ask(Node::MemFree));
        assert!(!life.mark(Node::MemFree), "it is being read");
        assert_eq!(life.answer(Node::MemFree), Some(true), "once more");
        assert!(!life.mark(Node::MemFree), "that is queued");
        assert!(life.ask(Node::MemFree));
        assert_eq!(life.answer(Node::MemFree), Some(false));
        assert!(life.mark(Node::MemFree));
    }

    #[test]
    fn a_row_waits_for_a_name_and_two_lists() {
        let mut life = Life::new(Identity::default(), 1);
        assert!(life.is_waiting());
        life.answer(Node::Name);
        assert!(!life.is_waiting(), "domain 0 has no frontends");
        life.identity.id = 3;
        assert!(life.is_waiting());
        life.answer(Node::Vifs);
        life.answer(Node::Vbds);
        assert!(!life.is_waiting());
    }

    #[test]
    fn disks_that_stay_keep_their_backends() {
        let mut life = Life::new(Identity::default(), 1);
        assert!(life.list_disks(b"51728\x0051712\0").is_empty());
        life.disk_mut(51728).unwrap().backend.push('b');
        let gone = life.list_disks(b"51728\x0051744\x0051728\0x\0");
        assert_eq!(gone.len(), 1);
        assert_eq!(gone[0].devid, 51712);
        let disks: Vec<_> = life
            .disks()
            .iter()
            .map(|d| (d.devid, &*d.backend))
            .collect();
        assert_eq!(disks, [(51728, "b"), (51744, "")]);
        let many: String = (0..5000).map(|n| format!("{n}\0")).collect();
        life.list_disks(many.as_bytes());
        assert_eq!(life.disks().len(), MOST_DISKS);
        assert!(!life.mark(Node::DiskParams(9_999)));
    }
}
