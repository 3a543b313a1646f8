//! A scripted xenstore daemon with a few nodes. It runs in the thread of the test, when the test
//! calls it.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

use virtmon_model::{Domain, Identity, Uuid};
use xen_sys::xs_wire;

use super::connection::Connection;

/// The daemon.
pub(crate) struct Daemon {
    pub(crate) socket: UnixStream,
    pub(crate) nodes: BTreeMap<String, Vec<u8>>,
    /// Path and token of each watch.
    pub(crate) watches: Vec<(String, String)>,
    /// Kind and path of each request.
    pub(crate) requests: Vec<(u32, String)>,
    inbox: Vec<u8>,
    /// Bytes that the socket had no room for.
    out: Vec<u8>,
}

impl Daemon {
    /// A connection, and the daemon that serves it.
    pub(crate) fn new() -> (Connection, Self) {
        let (here, there) = UnixStream::pair().unwrap();
        here.set_nonblocking(true).unwrap();
        there.set_nonblocking(true).unwrap();
        let daemon = Self {
            socket: there,
            nodes: BTreeMap::new(),
            watches: Vec::new(),
            requests: Vec::new(),
            inbox: Vec::new(),
            out: Vec::new(),
        };
        (Connection::from_socket(here.into()), daemon)
    }

    /// Writes a node of a domain, and fires the watches on it.
    pub(crate) fn write(&mut self, domid: u32, node: &str, value: impl AsRef<[u8]>) {
        let path = format!("/local/domain/{domid}/{node}");
        self.nodes.insert(path.clone(), value.as_ref().to_vec());
        self.fire(&path);
    }

    /// Removes a node of a domain and all nodes below it, and fires the watches.
    pub(crate) fn remove(&mut self, domid: u32, node: &str) {
        let path = format!("/local/domain/{domid}/{node}");
        let below = format!("{path}/");
        self.nodes
            .retain(|node, _| *node != path && !node.starts_with(&below));
        self.fire(&path);
    }

    /// Fires the watches on a path, and on the nodes above and below it.
    pub(crate) fn fire(&mut self, path: &str) {
        for (watched, token) in self.watches.clone() {
            let is_below = |path: &str, above: &str| {
                path.strip_prefix(above)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let fired = match (is_below(path, &watched), is_below(&watched, path)) {
                (true, _) => path,
                (false, true) => &watched,
                _ => continue,
            };
            self.send(
                xs_wire::WATCH_EVENT,
                0,
                format!("{fired}\0{token}\0").as_bytes(),
            );
        }
    }

    pub(crate) fn send(&mut self, kind: u32, request: u32, payload: &[u8]) {
        let words = [kind, request, 0, u32::try_from(payload.len()).unwrap()];
        let mut bytes = words.map(u32::to_ne_bytes).concat();
        bytes.extend_from_slice(payload);
        self.out.extend_from_slice(&bytes);
        self.flush();
    }

    fn flush(&mut self) {
        while !self.out.is_empty() {
            match self.socket.write(&self.out) {
                Ok(sent) => drop(self.out.drain(..sent)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Answers the requests that arrived. Returns their number.
    pub(crate) fn serve(&mut self) -> usize {
        self.flush();
        let mut chunk = [0; 4096];
        loop {
            match self.socket.read(&mut chunk) {
                Ok(0) => break,
                Ok(received) => self.inbox.extend_from_slice(&chunk[..received]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        let inbox = std::mem::take(&mut self.inbox);
        let mut rest = &inbox[..];
        let mut served = 0;
        while let Some(header) = rest.first_chunk::<16>() {
            let word = |n: usize| u32::from_ne_bytes(header[n * 4..n * 4 + 4].try_into().unwrap());
            let end = 16 + word(3) as usize;
            let Some(payload) = rest.get(16..end) else {
                break;
            };
            let text = String::from_utf8(payload.to_vec()).unwrap();
            self.answer(word(0), word(1), &text);
            rest = &rest[end..];
            served += 1;
        }
        self.inbox = rest.to_vec();
        served
    }

    fn answer(&mut self, kind: u32, request: u32, text: &str) {
        let parts: Vec<&str> = text.split_terminator('\0').collect();
        self.requests.push((kind, parts[0].to_owned()));
        match kind {
            xs_wire::READ => match self.nodes.get(parts[0]).cloned() {
                Some(value) => self.send(kind, request, &value),
                None => self.send(xs_wire::ERROR, request, b"ENOENT\0"),
            },
            xs_wire::DIRECTORY => match self.directory(parts[0]) {
                Some(names) => self.send(kind, request, names.as_bytes()),
                None => self.send(xs_wire::ERROR, request, b"ENOENT\0"),
            },
            xs_wire::WATCH => {
                self.send(kind, request, b"OK\0");
                let event = format!("{}\0{}\0", parts[0], parts[1]);
                self.send(xs_wire::WATCH_EVENT, 0, event.as_bytes());
                self.watches.push((parts[0].into(), parts[1].into()));
            }
            xs_wire::UNWATCH => {
                let before = self.watches.len();
                self.watches
                    .retain(|(path, token)| (&**path, &**token) != (parts[0], parts[1]));
                assert_eq!(self.watches.len() + 1, before, "{parts:?} was not watched");
                self.send(kind, request, b"OK\0");
            }
            other => panic!("request {other}"),
        }
    }

    fn directory(&self, path: &str) -> Option<String> {
        let below = format!("{path}/");
        let mut names = String::new();
        for (node, _) in self.nodes.range(below.clone()..) {
            let Some(rest) = node.strip_prefix(&below) else {
                break;
            };
            let name = format!("{}\0", rest.split('/').next()?);
            if !names.ends_with(&name) {
                names.push_str(&name);
            }
        }
        (!names.is_empty() || self.nodes.contains_key(path)).then_some(names)
    }

    /// Number of reads of a node of a domain since the last call.
    pub(crate) fn reads(&mut self, domid: u32, node: &str) -> usize {
        let path = format!("/local/domain/{domid}/{node}");
        let requests = std::mem::take(&mut self.requests);
        let is_read = |kind: u32| kind == xs_wire::READ || kind == xs_wire::DIRECTORY;
        let reads = requests
            .iter()
            .filter(|(kind, requests)| is_read(*kind) && *requests == path);
        reads.count()
    }
}

/// A row of a domain with its identity only.
pub(crate) fn domain(id: u32, uuid: u128) -> Domain {
    Domain {
        identity: Identity {
            id,
            uuid: Uuid::from_u128(uuid),
            incarnation: None,
        },
        ..Domain::default()
    }
}
