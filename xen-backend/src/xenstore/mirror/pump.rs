//! What goes to xenstore: one request after the other, as there is room.

use xen_sys::xs_wire;

use super::super::connection::Connection;
use super::super::node::Node;
use super::super::requests::Request;
use super::super::watch::{Token, Watch};
use super::{Mirror, What};

impl Mirror {
    pub(super) fn has_work(&self) -> bool {
        !(self.unwatch.is_empty() && self.urgent.is_empty() && self.later.is_empty())
    }

    /// Queues requests at the connection, as many as it and the places for answers have room for.
    pub(super) fn pump(&mut self) {
        while self.connection.as_ref().is_some_and(Connection::has_room) {
            if let Some((path, token)) = self.unwatch.pop_front() {
                self.send(xs_wire::UNWATCH, 0, &path, Some(&token));
                continue;
            }
            if !self.requests.has_room() {
                return;
            }
            let next = self.urgent.pop_front().or_else(|| self.later.pop_front());
            let Some(task) = next else {
                return;
            };
            if let Some(at) = self.place_of(task.domid, task.serial) {
                match task.what {
                    What::Watch(watch) => self.set_watch(at, watch),
                    What::Read(node) => self.read(at, node),
                }
            }
        }
    }

    pub(super) fn set_watch(&mut self, at: usize, watch: Watch) {
        let life = &mut self.lives[at];
        if life.rest.is_some() && watch.can_storm() {
            return;
        }
        let (domid, serial) = (life.identity.id, life.serial);
        let mut path = std::mem::take(&mut self.path);
        let is_new = match watch {
            Watch::Disk(devid) => life.disk_mut(devid).is_some_and(|disk| {
                watch.path(domid, &disk.backend, &mut path);
                !disk.backend.is_empty() && !std::mem::replace(&mut disk.watched, true)
            }),
            _ => {
                watch.path(domid, "", &mut path);
                let is_new = life.watched & watch.bit() == 0;
                life.watched |= watch.bit();
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
            .put(&mut token);
            self.send(xs_wire::WATCH, 0, &path, Some(&token));
            self.token = token;
        }
        self.path = path;
    }

    pub(super) fn read(&mut self, at: usize, node: Node) {
        let life = &mut self.lives[at];
        let (domid, serial) = (life.identity.id, life.serial);
        if !life.ask(node) {
            return;
        }
        let disk = node.disk().and_then(|devid| life.disk(devid));
        let backend = disk.map_or("", |disk| &*disk.backend);
        if node.is_of_backend() && backend.is_empty() {
            life.answer(node);
            return;
        }
        let mut path = std::mem::take(&mut self.path);
        node.path(domid, backend, &mut path);
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

    pub(super) fn send(&mut self, kind: u32, request: u32, path: &str, token: Option<&str>) {
        if let Some(connection) = &mut self.connection {
            match token {
                Some(token) => connection.queue(kind, request, &[path, token]),
                None => connection.queue(kind, request, &[path]),
            }
        }
    }
}
