//! What is done about the messages that come.

use std::io;
use std::time::Instant;

use xen_sys::xs_wire;

use super::super::connection::{Connection, Message};
use super::super::node::{Node, backend_of};
use super::super::requests::Request;
use super::super::watch::{Token, Watch, changed};
use super::super::{Answer, Kind, Learn, Still};
use super::{FIRST_RETRY, Mirror, Task, What, end_watch, queue_read};

impl Mirror {
    pub(super) fn take_in(
        &mut self,
        connection: &mut Connection,
        left: &mut u32,
        until: Option<Instant>,
        learn: &mut dyn Learn,
        still: Still<'_>,
    ) -> io::Result<bool> {
        let came = connection.receive()?;
        let mut now = None;
        self.batch += 1;
        if came {
            self.retry = FIRST_RETRY;
        }
        while *left > 0
            && let Some(message) = connection.inbox().take()?
        {
            *left -= 1;
            self.taken += 1;
            if left.is_multiple_of(64) && until.is_some_and(|until| Instant::now() >= until) {
                *left = 0;
            }
            let now = *now.get_or_insert_with(Instant::now);
            self.act_on(&message, now, learn, still);
        }
        Ok(came)
    }

    pub(super) fn act_on(
        &mut self,
        message: &Message<'_>,
        now: Instant,
        learn: &mut dyn Learn,
        still: Still<'_>,
    ) {
        let answer = match message.kind {
            xs_wire::WATCH_EVENT => return self.fired(message.payload, now, learn),
            xs_wire::READ | xs_wire::DIRECTORY => Answer::Value(message.payload),
            xs_wire::ERROR if message.payload.starts_with(b"ENOENT") => Answer::Missing,
            xs_wire::ERROR => Answer::Failed,
            _ => return,
        };
        if let Some(request) = self.requests.take(message.request) {
            self.answered(request, answer, learn, still);
        }
    }

    /// A watch fired. One that is not there any more is of a domain that is gone.
    pub(super) fn fired(&mut self, payload: &[u8], now: Instant, learn: &mut dyn Learn) {
        let mut parts = payload.split(|&byte| byte == 0);
        let (path, token) = (parts.next(), parts.next().and_then(Token::take));
        let (Some(path), Some(token)) = (path, token) else {
            return;
        };
        let Some(at) = self.place_of(token.domid, token.serial) else {
            return;
        };
        let life = &mut self.lives[at];
        if token.watch.can_storm() {
            if life.rest.is_some() {
                return;
            }
            if !life.budget.spend(now) {
                return self.rest(at, now, learn);
            }
        }
        let lists = |kind: Kind, devid| learn.lists(token.domid, kind, devid);
        let (urgent, later) = (&mut self.urgent, &mut self.later);
        changed(token.watch, path, lists, |node| {
            if life.mark(node) {
                queue_read(urgent, later, life, node);
            }
        });
    }

    pub(super) fn answered(
        &mut self,
        request: Request,
        answer: Answer<'_>,
        learn: &mut dyn Learn,
        still: Still<'_>,
    ) {
        let Request {
            domid,
            serial,
            node,
        } = request;
        let Some(at) = self.place_of(domid, serial) else {
            return;
        };
        let life = &mut self.lives[at];
        let was_waiting = life.is_waiting();
        let Some(again) = life.answer(node) else {
            return;
        };
        if again {
            queue_read(&mut self.urgent, &mut self.later, life, node);
        }
        if was_waiting && !life.is_waiting() {
            self.waiting -= 1;
        }
        // xenstore knows domids alone, and its answer may be of one that was made since the domains
        // were listed. All that came together is from before this call.
        let is_there = match life.checked {
            Some((batch, is_there)) if batch == self.batch => is_there,
            _ => still(life.identity),
        };
        life.checked = Some((self.batch, is_there));
        if !is_there || life.rest.is_some() && node.is_report() {
            return;
        }
        match node {
            Node::DiskBackend(devid) => self.found_backend(at, devid, answer, learn),
            Node::Vbds => {
                learn.learn(domid, node, answer);
                self.listed_disks(at, answer);
            }
            _ => learn.learn(domid, node, answer),
        }
    }

    /// Follows the backends of the disks that are listed.
    pub(super) fn listed_disks(&mut self, at: usize, answer: Answer<'_>) {
        let names = match answer {
            Answer::Value(names) => names,
            Answer::Missing => b"",
            Answer::Failed => return,
        };
        let life = &mut self.lives[at];
        for gone in life.list_disks(names) {
            if gone.watched {
                let watch = Watch::Disk(gone.devid);
                end_watch(&mut self.unwatch, life, watch, &gone.backend);
            }
        }
        let disks = life.disks().iter();
        let disks: Vec<_> = disks.map(|d| (d.devid, !d.backend.is_empty())).collect();
        for (devid, has_backend) in disks {
            self.read_again(at, Node::DiskBackend(devid));
            if has_backend {
                self.read_disk(at, devid);
            }
        }
    }

    /// Follows the backend of a disk.
    pub(super) fn found_backend(
        &mut self,
        at: usize,
        devid: u32,
        answer: Answer<'_>,
        learn: &mut dyn Learn,
    ) {
        let life = &mut self.lives[at];
        let (domid, serial) = (life.identity.id, life.serial);
        let backend = match answer {
            Answer::Value(value) => backend_of(value, domid, devid).unwrap_or_default(),
            _ => "",
        };
        let Some(disk) = life.disk_mut(devid) else {
            return;
        };
        if disk.backend == backend {
            return;
        }
        let before = std::mem::replace(&mut disk.backend, backend.to_owned());
        let was_watched = std::mem::take(&mut disk.watched);
        let watch = Watch::Disk(devid);
        if was_watched {
            end_watch(&mut self.unwatch, life, watch, &before);
        }
        learn.learn(domid, Node::DiskParams(devid), Answer::Missing);
        learn.learn(domid, Node::DiskSectors(devid), Answer::Missing);
        if !backend.is_empty() {
            self.later.push_back(Task {
                domid,
                serial,
                what: What::Watch(watch),
            });
        }
        // Else the watch has them read as it begins.
        if self.lives[at].rest.is_some() {
            self.read_disk(at, devid);
        }
    }

    pub(super) fn read_disk(&mut self, at: usize, devid: u32) {
        for node in [Node::DiskParams(devid), Node::DiskSectors(devid)] {
            self.read_again(at, node);
        }
    }

    /// Has a node read, once more if it is being read now.
    pub(super) fn read_again(&mut self, at: usize, node: Node) {
        let life = &mut self.lives[at];
        if life.mark(node) {
            queue_read(&mut self.urgent, &mut self.later, life, node);
        }
    }
}
