//! The domains' names, kept from tick to tick.
//!
//! A watch is set on `/local/domain/<domid>/name` when a domain appears. Xenstore fires it at once
//! and then at every change, and each time the node is read. So a steady tick costs one look at
//! the connection, and a domain that is named late or renamed is followed.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use virtmon_model::{Domain, Identity, name_from_bytes};
use xen_sys::xs_wire;

use crate::xenstore::{Connection, Message};

/// How long the first sample may wait for names: there is no tick yet that it could delay.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// How long a later one may wait for the names of domains that are new.
const WAIT: Duration = Duration::from_millis(20);
/// How long to leave a xenstore alone that could not be reached.
const RETRY: Duration = Duration::from_secs(10);

struct Known {
    identity: Identity,
    /// Names this life of the domain in requests: a domid can come again while an answer for its
    /// last owner is under way.
    serial: u32,
    name: Option<Arc<str>>,
    /// Whether xenstore has said what the name is, or that there is none.
    answered: bool,
}

impl Known {
    fn path(&self) -> String {
        format!("/local/domain/{}/name", self.identity.id)
    }
}

/// The names of the domains that were last seen.
pub(crate) struct Names {
    connection: Option<Connection>,
    retry_at: Instant,
    /// In ascending order of domid.
    known: Vec<Known>,
    last_serial: u32,
    /// How long the next sample may wait.
    patience: Duration,
}

impl Names {
    /// Names from this host's xenstore.
    pub(crate) fn open() -> Self {
        Self::over(Connection::open().ok())
    }

    fn over(connection: Option<Connection>) -> Self {
        Self {
            connection,
            retry_at: Instant::now() + RETRY,
            known: Vec::new(),
            last_serial: 0,
            patience: FIRST_WAIT,
        }
    }

    /// Gives every domain its name, as far as it is known. `domains` are in ascending order of
    /// domid.
    pub(crate) fn give(&mut self, domains: &mut [Domain]) {
        self.follow(domains);
        if self.exchange().is_err() {
            self.connection = None;
            self.retry_at = Instant::now() + RETRY;
        }
        if self.connection.is_none() && Instant::now() >= self.retry_at {
            self.reconnect();
        }
        for (domain, known) in domains.iter_mut().zip(&self.known) {
            // In a steady tick the row has its name from the tick before.
            if !same(domain.name.as_ref(), known.name.as_ref()) {
                domain.name.clone_from(&known.name);
            }
        }
    }

    /// Makes `known` the same domains as `domains`, in the same order.
    fn follow(&mut self, domains: &[Domain]) {
        let same = self.known.len() == domains.len()
            && self
                .known
                .iter()
                .zip(domains)
                .all(|(known, domain)| known.identity == domain.identity);
        if same {
            return;
        }
        let mut before = std::mem::take(&mut self.known).into_iter().peekable();
        for domain in domains {
            while let Some(gone) = before.next_if(|k| k.identity.id < domain.identity.id) {
                self.forget(&gone);
            }
            let kept = before.next_if(|known| known.identity.id == domain.identity.id);
            let known = match kept {
                Some(known) if known.identity == domain.identity => known,
                other => {
                    if let Some(gone) = other {
                        self.forget(&gone);
                    }
                    self.meet(domain.identity)
                }
            };
            self.known.push(known);
        }
        for gone in before {
            self.forget(&gone);
        }
    }

    fn meet(&mut self, identity: Identity) -> Known {
        self.last_serial = self.last_serial.wrapping_add(1);
        let known = Known {
            identity,
            serial: self.last_serial,
            name: None,
            answered: false,
        };
        watch(self.connection.as_mut(), &known);
        known
    }

    fn forget(&mut self, known: &Known) {
        if let Some(connection) = &mut self.connection {
            let token = known.serial.to_string();
            connection.queue(xs_wire::UNWATCH, 0, &[&known.path(), &token]);
        }
    }

    /// Sends what is to be sent and takes the answers, waiting a little while some are missing.
    ///
    /// A xenstore that let that time pass once is not waited for again until it has answered all:
    /// it costs a tick once, not every tick.
    fn exchange(&mut self) -> io::Result<()> {
        // The clock is read once there is something to wait for: in a steady tick there is not.
        let mut until = None;
        loop {
            let Some(connection) = &mut self.connection else {
                return Ok(());
            };
            connection.receive()?;
            while let Some(message) = connection.take()? {
                heed(connection, &mut self.known, &message);
            }
            connection.send()?;
            if self.known.iter().all(|known| known.answered) {
                self.patience = WAIT;
                return Ok(());
            }
            if self.patience.is_zero() {
                return Ok(());
            }
            let until = *until.get_or_insert_with(|| Instant::now() + self.patience);
            if !connection.wait(until)? {
                self.patience = Duration::ZERO;
                return Ok(());
            }
        }
    }

    fn reconnect(&mut self) {
        self.retry_at = Instant::now() + RETRY;
        self.connection = Connection::open().ok();
        for known in &mut self.known {
            known.answered = false;
            watch(self.connection.as_mut(), known);
        }
        self.patience = WAIT;
    }
}

fn same(one: Option<&Arc<str>>, other: Option<&Arc<str>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

fn watch(connection: Option<&mut Connection>, known: &Known) {
    if let Some(connection) = connection {
        let token = known.serial.to_string();
        connection.queue(xs_wire::WATCH, 0, &[&known.path(), &token]);
    }
}

/// Acts on one message.
fn heed(connection: &mut Connection, known: &mut [Known], message: &Message) {
    match message.kind {
        xs_wire::WATCH_EVENT => {
            let token = message.payload.split(|&byte| byte == 0).nth(1);
            let serial = token
                .and_then(|token| std::str::from_utf8(token).ok())
                .and_then(|token| token.parse::<u32>().ok());
            // A token that is not there any more is of a domain that is gone.
            if let Some(known) = known.iter().find(|known| Some(known.serial) == serial) {
                connection.queue(xs_wire::READ, known.serial, &[&known.path()]);
            }
        }
        xs_wire::READ | xs_wire::ERROR => {
            if let Some(known) = known.iter_mut().find(|k| k.serial == message.request) {
                known.answered = true;
                known.name = (message.kind == xs_wire::READ && !message.payload.is_empty())
                    .then(|| name_from_bytes(&message.payload));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
