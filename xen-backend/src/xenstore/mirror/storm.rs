//! What is done about guests that write without a pause.

use std::time::{Duration, Instant};

use super::super::budget::Budget;
use super::super::life::Rest;
use super::super::node::Node;
use super::super::watch::Watch;
use super::super::{Answer, Learn};
use super::{Mirror, Task, What, end_watch};

/// How long what the guest writes is not watched after a storm, and how often its devices are listed
/// meanwhile.
pub(super) const REST: Duration = Duration::from_secs(60);
pub(super) const POLL: Duration = Duration::from_secs(10);

impl Mirror {
    /// Takes a domain's watches away for a while on what its guest writes.
    pub(super) fn rest(&mut self, at: usize, now: Instant, learn: &mut dyn Learn) {
        let life = &mut self.lives[at];
        let domid = life.identity.id;
        life.rest = Some(Rest {
            until: now + REST,
            poll_at: now + POLL,
        });
        for watch in Watch::FIXED.into_iter().filter(|watch| watch.is_guests()) {
            if life.watched & watch.bit() != 0 {
                life.watched &= !watch.bit();
                end_watch(&mut self.unwatch, life, watch, "");
            }
        }
        for at in 0..life.disks().len() {
            let disk = &mut life.disks_mut()[at];
            if std::mem::take(&mut disk.watched) {
                let (devid, backend) = (disk.devid, disk.backend.clone());
                end_watch(&mut self.unwatch, life, Watch::Disk(devid), &backend);
            }
        }
        let key = (domid, life.serial);
        if !self.stormy.contains(&key) {
            self.stormy.push(key);
        }
        for node in Node::FIXED.into_iter().filter(|node| node.is_report()) {
            learn.learn(domid, node, Answer::Missing);
        }
    }

    /// Looks after those that write without a pause: lists their devices now and then, and watches
    /// them again in the end. One that has been quiet for as long as that is no more of them.
    pub(super) fn calm(&mut self, now: Instant) {
        let mut stormy = std::mem::take(&mut self.stormy);
        stormy.retain(|&(domid, serial)| {
            let Some(at) = self.place_of(domid, serial) else {
                return false;
            };
            let life = &mut self.lives[at];
            let Some(rest) = &mut life.rest else {
                return life.quiet_until.is_some_and(|until| now < until);
            };
            if now >= rest.until {
                life.rest = None;
                life.quiet_until = Some(now + REST);
                life.budget = Budget::default();
                let disks = life.disks().iter().map(|disk| Watch::Disk(disk.devid));
                let fixed = Watch::of(domid).filter(|watch| watch.is_guests());
                for watch in fixed.chain(disks) {
                    self.later.push_back(Task {
                        domid,
                        serial,
                        what: What::Watch(watch),
                    });
                }
            } else if now >= rest.poll_at {
                rest.poll_at = now + POLL;
                self.read_again(at, Node::Vifs);
                self.read_again(at, Node::Vbds);
            }
            true
        });
        self.stormy = stormy;
    }
}
