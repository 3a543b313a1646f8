//! Domains that appear and disappear, and a connection that is lost and opened again.

use std::time::Instant;

use virtmon_model::{Domain, Identity};

use super::super::connection::Connection;
use super::super::handler::NodeHandler;
use super::super::tracked_domain::{TrackedDomain, index_of};
use super::super::watch::Watch;
use super::state::{MAX_RETRY, Mirror, TIMEOUT};

impl Mirror {
    /// Makes these domains the tracked ones. They are in ascending order of domid.
    pub(crate) fn sync(&mut self, domains: &[Domain]) {
        let tracked = self.tracked.iter().map(|tracked| tracked.identity);
        if tracked.eq(domains.iter().map(|domain| domain.identity)) {
            return;
        }
        let mut previous = std::mem::take(&mut self.tracked).into_iter().peekable();
        for domain in domains {
            let identity = domain.identity;
            while let Some(gone) = previous.next_if(|known| known.identity.id < identity.id) {
                self.on_removed(&gone);
            }
            let same_id = previous.next_if(|known| known.identity.id == identity.id);
            let tracked = match same_id {
                Some(known) if known.identity == identity => known,
                other => {
                    if let Some(gone) = other {
                        self.on_removed(&gone);
                    }
                    self.on_added(identity)
                }
            };
            self.tracked.push(tracked);
        }
        for gone in previous {
            self.on_removed(&gone);
        }
        self.drop_stale_tasks();
        self.waiting = self.tracked.iter().filter(|t| t.is_waiting()).count();
    }

    fn on_added(&mut self, identity: Identity) -> TrackedDomain {
        self.last_serial = self.last_serial.wrapping_add(1);
        let tracked = TrackedDomain::new(identity, self.last_serial);
        if self.connection.is_some() {
            self.queues.push_watches(&tracked);
        }
        tracked
    }

    fn on_removed(&mut self, tracked: &TrackedDomain) {
        let fixed = Watch::FIXED.into_iter();
        for watch in fixed.filter(|watch| tracked.watched & watch.bit() != 0) {
            self.queues.push_unwatch(tracked, watch, "");
        }
        for disk in tracked.disks().iter().filter(|disk| disk.is_watched) {
            let watch = Watch::Disk(disk.devid);
            self.queues.push_unwatch(tracked, watch, &disk.backend);
        }
    }

    /// Removes the tasks of domains that do not exist any more. Nothing else removes them while
    /// xenstore does not answer.
    fn drop_stale_tasks(&mut self) {
        let tracked = &self.tracked;
        let exists = |domid: u32, serial: u32| {
            index_of(tracked, domid).is_some_and(|at| tracked[at].serial == serial)
        };
        self.queues.retain(exists);
        self.suspended
            .retain(|&(domid, serial)| exists(domid, serial));
    }

    /// Closes the connection after an error, and resets all that depends on it.
    pub(super) fn disconnect(&mut self, handler: &mut dyn NodeHandler) {
        self.connection = None;
        self.retry_at = Instant::now() + self.retry_delay;
        self.queues.clear();
        self.suspended.clear();
        self.requests.clear();
        for tracked in &mut self.tracked {
            tracked.reset();
        }
        self.waiting = self.tracked.len();
        handler.on_disconnect();
    }

    /// Tries to connect again.
    pub(super) fn reconnect(&mut self) {
        self.retry_delay = (self.retry_delay * 2).min(MAX_RETRY);
        self.retry_at = Instant::now() + self.retry_delay;
        if let Ok(connection) = Connection::open() {
            self.restart(connection);
        }
    }

    /// Watches all tracked domains over a new connection.
    pub(super) fn restart(&mut self, connection: Connection) {
        self.connection = Some(connection);
        self.timeout = TIMEOUT;
        for tracked in &self.tracked {
            self.queues.push_watches(tracked);
        }
    }
}
