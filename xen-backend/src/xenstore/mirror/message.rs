//! Handling of messages: watch events and answers.

use std::io;
use std::time::Instant;

use xen_sys::xs_wire;

use super::super::connection::{Connection, Message};
use super::super::handler::{Answer, IsAlive, NodeHandler};
use super::super::node::{DeviceKind, Node, parse_backend};
use super::super::requests::Request;
use super::super::watch::{Token, Watch, nodes_to_read};
use super::state::{FIRST_RETRY, Mirror};

impl Mirror {
    /// Reads once and handles at most `left` messages, until `until`. Returns true if the read
    /// returned any bytes.
    pub(super) fn receive(
        &mut self,
        connection: &mut Connection,
        left: &mut u32,
        until: Option<Instant>,
        handler: &mut dyn NodeHandler,
        is_alive: IsAlive<'_>,
    ) -> io::Result<bool> {
        let received = connection.receive()?;
        let mut now = None;
        self.batch += 1;
        if received {
            self.retry_delay = FIRST_RETRY;
        }
        while *left > 0
            && let Some(message) = connection.inbox().next_message()?
        {
            *left -= 1;
            self.messages += 1;
            if left.is_multiple_of(64) && until.is_some_and(|until| Instant::now() >= until) {
                *left = 0;
            }
            let now = *now.get_or_insert_with(Instant::now);
            self.handle_message(&message, now, handler, is_alive);
        }
        Ok(received)
    }

    fn handle_message(
        &mut self,
        message: &Message<'_>,
        now: Instant,
        handler: &mut dyn NodeHandler,
        is_alive: IsAlive<'_>,
    ) {
        let answer = match message.kind {
            xs_wire::WATCH_EVENT => return self.on_watch_event(message.payload, now, handler),
            xs_wire::READ | xs_wire::DIRECTORY => Answer::Value(message.payload),
            xs_wire::ERROR if message.payload.starts_with(b"ENOENT") => Answer::Missing,
            xs_wire::ERROR => Answer::Failed,
            _ => return,
        };
        if let Some(request) = self.requests.remove(message.request) {
            self.on_answer(request, answer, handler, is_alive);
        }
    }

    /// Queues the reads that follow from a watch event. An event with an unknown token belongs to a
    /// domain that does not exist any more.
    fn on_watch_event(&mut self, payload: &[u8], now: Instant, handler: &mut dyn NodeHandler) {
        let mut parts = payload.split(|&byte| byte == 0);
        let (path, token) = (parts.next(), parts.next().and_then(Token::parse));
        let (Some(path), Some(token)) = (path, token) else {
            return;
        };
        let Some(at) = self.index_of(token.domid, token.serial) else {
            return;
        };
        let tracked = &mut self.tracked[at];
        if token.watch.can_storm() {
            if tracked.suspension.is_some() {
                return;
            }
            if !tracked.budget.spend(now) {
                return self.suspend_watches(at, now, handler);
            }
        }
        let is_listed = |kind: DeviceKind, devid| handler.has_device(token.domid, kind, devid);
        let queues = &mut self.queues;
        nodes_to_read(token.watch, path, is_listed, |node| {
            if tracked.request_read(node) {
                queues.push_read(tracked, node);
            }
        });
    }

    fn on_answer(
        &mut self,
        request: Request,
        answer: Answer<'_>,
        handler: &mut dyn NodeHandler,
        is_alive: IsAlive<'_>,
    ) {
        let Request {
            domid,
            serial,
            node,
        } = request;
        let Some(at) = self.index_of(domid, serial) else {
            return;
        };
        let tracked = &mut self.tracked[at];
        let was_waiting = tracked.is_waiting();
        let Some(read_again) = tracked.finish_read(node) else {
            return;
        };
        if read_again {
            self.queues.push_read(tracked, node);
        }
        if was_waiting && !tracked.is_waiting() {
            self.waiting -= 1;
        }
        // xenstore identifies a domain by its domid alone. The answer may be about a domain that got
        // this domid after the last list of domains. One check is enough for a batch, because all
        // messages of the batch arrived before the check.
        let exists = match tracked.checked {
            Some((batch, exists)) if batch == self.batch => exists,
            _ => is_alive(tracked.identity),
        };
        tracked.checked = Some((self.batch, exists));
        if !exists || tracked.suspension.is_some() && node.is_report() {
            return;
        }
        match node {
            Node::DiskBackend(devid) => self.on_disk_backend(at, devid, answer, handler),
            Node::Vbds => {
                handler.set_node(domid, node, answer);
                self.on_disk_list(at, answer);
            }
            _ => handler.set_node(domid, node, answer),
        }
    }

    /// Reads the backends of the disks that are in the list.
    fn on_disk_list(&mut self, at: usize, answer: Answer<'_>) {
        let names = match answer {
            Answer::Value(names) => names,
            Answer::Missing => b"",
            Answer::Failed => return,
        };
        let tracked = &mut self.tracked[at];
        for gone in tracked.set_disks(names) {
            if gone.is_watched {
                let watch = Watch::Disk(gone.devid);
                self.queues.push_unwatch(tracked, watch, &gone.backend);
            }
        }
        let disks = tracked.disks().iter();
        let disks: Vec<_> = disks.map(|d| (d.devid, !d.backend.is_empty())).collect();
        for (devid, has_backend) in disks {
            self.request_read(at, Node::DiskBackend(devid));
            if has_backend {
                self.request_disk(at, devid);
            }
        }
    }

    /// Watches the backend of a disk, if its path has changed.
    fn on_disk_backend(
        &mut self,
        at: usize,
        devid: u32,
        answer: Answer<'_>,
        handler: &mut dyn NodeHandler,
    ) {
        let tracked = &mut self.tracked[at];
        let domid = tracked.identity.id;
        let backend = match answer {
            Answer::Value(value) => parse_backend(value, domid, devid).unwrap_or_default(),
            _ => "",
        };
        let Some(disk) = tracked.disk_mut(devid) else {
            return;
        };
        if disk.backend == backend {
            return;
        }
        let previous = std::mem::replace(&mut disk.backend, backend.to_owned());
        let was_watched = std::mem::take(&mut disk.is_watched);
        let watch = Watch::Disk(devid);
        if was_watched {
            self.queues.push_unwatch(tracked, watch, &previous);
        }
        handler.set_node(domid, Node::DiskParams(devid), Answer::Missing);
        handler.set_node(domid, Node::DiskSectors(devid), Answer::Missing);
        if !backend.is_empty() {
            self.queues.push_watch(tracked, watch);
        }
        // Otherwise the new watch fires once, which requests these reads.
        if tracked.suspension.is_some() {
            self.request_disk(at, devid);
        }
    }

    fn request_disk(&mut self, at: usize, devid: u32) {
        for node in [Node::DiskParams(devid), Node::DiskSectors(devid)] {
            self.request_read(at, node);
        }
    }

    /// Queues a read of a node. If a read of it is in progress, the node is read once more after it.
    pub(super) fn request_read(&mut self, at: usize, node: Node) {
        let tracked = &mut self.tracked[at];
        if tracked.request_read(node) {
            self.queues.push_read(tracked, node);
        }
    }
}
