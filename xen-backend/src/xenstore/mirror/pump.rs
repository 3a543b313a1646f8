//! Sending of requests: from the queues to the connection, as long as both have room.

use xen_sys::xs_wire;

use super::super::connection::Connection;
use super::super::node::Node;
use super::super::requests::Request;
use super::super::watch::{Token, Watch};
use super::queues::Action;
use super::state::Mirror;

impl Mirror {
    /// Moves requests from the queues to the connection, as many as the connection and the table of
    /// pending requests have room for.
    pub(super) fn pump(&mut self) {
        while self.connection.as_ref().is_some_and(Connection::has_room) {
            if let Some((path, token)) = self.queues.unwatch.pop_front() {
                self.send(xs_wire::UNWATCH, 0, &path, Some(&token));
                continue;
            }
            if !self.requests.has_room() {
                return;
            }
            let next = self.queues.urgent.pop_front();
            let Some(task) = next.or_else(|| self.queues.later.pop_front()) else {
                return;
            };
            if let Some(at) = self.index_of(task.domid, task.serial) {
                match task.action {
                    Action::Watch(watch) => self.set_watch(at, watch),
                    Action::Read(node) => self.read(at, node),
                }
            }
        }
    }

    fn set_watch(&mut self, at: usize, watch: Watch) {
        let tracked = &mut self.tracked[at];
        if tracked.suspension.is_some() && watch.can_storm() {
            return;
        }
        let (domid, serial) = (tracked.identity.id, tracked.serial);
        let mut path = std::mem::take(&mut self.path);
        let is_new = match watch {
            Watch::Disk(devid) => tracked.disk_mut(devid).is_some_and(|disk| {
                watch.write_path(domid, &disk.backend, &mut path);
                !disk.backend.is_empty() && !std::mem::replace(&mut disk.is_watched, true)
            }),
            _ => {
                watch.write_path(domid, "", &mut path);
                let is_new = tracked.watched & watch.bit() == 0;
                tracked.watched |= watch.bit();
                is_new
            }
        };
        if is_new {
            let mut token = std::mem::take(&mut self.token);
            Token {
                domid,
                serial,
                watch,
            }
            .write(&mut token);
            self.send(xs_wire::WATCH, 0, &path, Some(&token));
            self.token = token;
        }
        self.path = path;
    }

    fn read(&mut self, at: usize, node: Node) {
        let tracked = &mut self.tracked[at];
        let (domid, serial) = (tracked.identity.id, tracked.serial);
        if !tracked.start_read(node) {
            return;
        }
        let disk = node.disk().and_then(|devid| tracked.disk(devid));
        let backend = disk.map_or("", |disk| &*disk.backend);
        if node.is_below_backend() && backend.is_empty() {
            tracked.finish_read(node);
            return;
        }
        let mut path = std::mem::take(&mut self.path);
        node.write_path(domid, backend, &mut path);
        let request = Request {
            domid,
            serial,
            node,
        };
        if let Some(number) = self.requests.add(request) {
            let kind = match node.is_directory() {
                true => xs_wire::DIRECTORY,
                false => xs_wire::READ,
            };
            self.send(kind, number, &path, None);
        }
        self.path = path;
    }

    fn send(&mut self, kind: u32, request: u32, path: &str, token: Option<&str>) {
        if let Some(connection) = &mut self.connection {
            match token {
                Some(token) => connection.queue(kind, request, &[path, token]),
                None => connection.queue(kind, request, &[path]),
            }
        }
    }
}
