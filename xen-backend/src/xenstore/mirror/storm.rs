//! Guests that write to xenstore without a pause: the watches on their nodes are suspended.

use std::time::{Duration, Instant};

use super::super::budget::Budget;
use super::super::handler::{Answer, NodeHandler};
use super::super::node::Node;
use super::super::tracked_domain::Suspension;
use super::super::watch::Watch;
use super::state::Mirror;

/// Time for which the nodes that a guest can write are not watched.
pub(super) const SUSPENSION_TIME: Duration = Duration::from_secs(60);
/// Interval at which the devices of that guest are listed during this time.
pub(super) const POLL_INTERVAL: Duration = Duration::from_secs(10);

impl Mirror {
    /// Removes the watches on the nodes that a domain's guest can write.
    pub(super) fn suspend_watches(
        &mut self,
        at: usize,
        now: Instant,
        handler: &mut dyn NodeHandler,
    ) {
        let tracked = &mut self.tracked[at];
        let domid = tracked.identity.id;
        tracked.suspension = Some(Suspension {
            until: now + SUSPENSION_TIME,
            poll_at: now + POLL_INTERVAL,
        });
        let fixed = Watch::FIXED.into_iter();
        for watch in fixed.filter(|watch| watch.is_guest_writable()) {
            if tracked.watched & watch.bit() != 0 {
                tracked.watched &= !watch.bit();
                self.queues.push_unwatch(tracked, watch, "");
            }
        }
        for at in 0..tracked.disks().len() {
            let disk = &mut tracked.disks_mut()[at];
            if std::mem::take(&mut disk.is_watched) {
                let (devid, backend) = (disk.devid, disk.backend.clone());
                self.queues
                    .push_unwatch(tracked, Watch::Disk(devid), &backend);
            }
        }
        let key = (domid, tracked.serial);
        if !self.suspended.contains(&key) {
            self.suspended.push(key);
        }
        for node in Node::FIXED.into_iter().filter(|node| node.is_report()) {
            handler.set_node(domid, node, Answer::Missing);
        }
    }

    /// Lists the devices of suspended domains when that is due, and sets their watches again at the
    /// end of the suspension. A domain leaves the list after it was quiet for `SUSPENSION_TIME`.
    pub(super) fn check_suspended(&mut self, now: Instant) {
        let mut suspended = std::mem::take(&mut self.suspended);
        suspended.retain(|&(domid, serial)| {
            let Some(at) = self.index_of(domid, serial) else {
                return false;
            };
            let tracked = &mut self.tracked[at];
            let Some(suspension) = &mut tracked.suspension else {
                return tracked.quiet_until.is_some_and(|until| now < until);
            };
            if now >= suspension.until {
                tracked.suspension = None;
                tracked.quiet_until = Some(now + SUSPENSION_TIME);
                tracked.budget = Budget::default();
                let fixed = Watch::for_domain(domid).filter(|watch| watch.is_guest_writable());
                for watch in fixed {
                    self.queues.push_watch(tracked, watch);
                }
                for disk in tracked.disks() {
                    self.queues.push_watch(tracked, Watch::Disk(disk.devid));
                }
            } else if now >= suspension.poll_at {
                suspension.poll_at = now + POLL_INTERVAL;
                self.request_read(at, Node::Vifs);
                self.request_read(at, Node::Vbds);
            }
            true
        });
        self.suspended = suspended;
    }
}
