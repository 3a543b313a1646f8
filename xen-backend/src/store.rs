//! What xenstore tells of the domains, kept from tick to tick: their names, what they are there for,
//! and of their memory what the hypervisor does not know.
//!
//! A watch is set on a node when a domain appears. Xenstore fires it at once and then at every
//! change, and each time the node is read. So a steady tick costs one look at the connection, and
//! a domain that is named late or renamed is followed.

mod known;

use std::io;
use std::time::{Duration, Instant};

use virtmon_model::{Domain, Identity};
use xen_sys::xs_wire;

use self::known::{Known, Node};
use crate::xenstore::{Connection, Message, Still};

/// How long the first sample may wait for names: there is no tick yet that it could delay.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// How long a later one may wait for the names of domains that are new.
const WAIT: Duration = Duration::from_millis(20);
/// How long to leave a xenstore alone that could not be reached.
const RETRY: Duration = Duration::from_secs(10);
/// How many domains a tick begins to follow beyond their names, which nothing waits for.
const REST_A_TICK: usize = 64;

/// What is known of the domains that were last seen.
pub(crate) struct Store {
    connection: Option<Connection>,
    retry_at: Instant,
    /// In ascending order of domid.
    known: Vec<Known>,
    /// How many of them have not been told a name, or that there is none.
    unanswered: usize,
    /// How many of them are not followed beyond their names.
    partial: usize,
    last_serial: u32,
    /// How long the next sample may wait.
    patience: Duration,
}

impl Store {
    /// This host's xenstore.
    pub(crate) fn open() -> Self {
        Self::over(Connection::open().ok())
    }

    fn over(connection: Option<Connection>) -> Self {
        Self {
            connection,
            retry_at: Instant::now() + RETRY,
            known: Vec::new(),
            unanswered: 0,
            partial: 0,
            last_serial: 0,
            patience: FIRST_WAIT,
        }
    }

    /// Why something is not known that xenstore could tell.
    pub(crate) fn trouble(&self) -> Option<&'static str> {
        if self.connection.is_none() {
            return Some("xenstore can't be reached: the names of new domains are not known");
        }
        let silent = self.unanswered > 0 && self.patience.is_zero();
        silent.then_some("xenstore does not answer: the names of new domains are not known")
    }

    /// Gives every domain its name and its memory as far as they are known, and says whether there
    /// is news. `domains` are in ascending order of domid. Unless `all` is set, they are those of
    /// the last call and have what is known of them but the news. `still` says whether a domain is
    /// there now: xenstore knows domids alone, and what it tells may be of one that was made since
    /// the domains were listed.
    pub(crate) fn give(&mut self, domains: &mut [Domain], all: bool, still: Still<'_>) -> bool {
        let changed = all && self.follow(domains);
        let learnt = self.exchange(still).unwrap_or_else(|_| {
            self.connection = None;
            self.retry_at = Instant::now() + RETRY;
            false
        });
        if self.connection.is_none() && Instant::now() >= self.retry_at {
            self.reconnect();
        }
        if all || learnt {
            for (domain, known) in domains.iter_mut().zip(&self.known) {
                known.give(domain);
            }
        }
        changed || learnt
    }

    /// Makes `known` the same domains as `domains`, in the same order. Says whether they were not.
    fn follow(&mut self, domains: &[Domain]) -> bool {
        let known = self.known.iter().map(|known| known.identity);
        if known.eq(domains.iter().map(|domain| domain.identity)) {
            return false;
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
        self.unanswered = self.known.iter().filter(|known| !known.answered).count();
        self.partial = self.known.iter().filter(|known| !known.whole).count();
        true
    }

    fn meet(&mut self, identity: Identity) -> Known {
        self.last_serial = self.last_serial.wrapping_add(1);
        let known = Known::new(identity, self.last_serial);
        known.watch(self.connection.as_mut(), xs_wire::WATCH, Node::Name);
        known
    }

    fn forget(&mut self, known: &Known) {
        let nodes = Node::of(known.identity.id);
        let watched = if known.whole { nodes.len() } else { 1 };
        for &node in &nodes[..watched] {
            known.watch(self.connection.as_mut(), xs_wire::UNWATCH, node);
        }
    }

    /// Sends what is to be sent and takes the answers, waiting a little while names are missing.
    ///
    /// A xenstore that let that time pass once is not waited for again until it has answered all:
    /// it costs a tick once, not every tick. Says whether anything was learnt.
    fn exchange(&mut self, still: Still<'_>) -> io::Result<bool> {
        let mut until = None;
        let mut learnt = false;
        loop {
            let Some(connection) = &mut self.connection else {
                return Ok(learnt);
            };
            connection.receive()?;
            while let Some(message) = connection.take()? {
                if heed(connection, &mut self.known, &message, still) {
                    learnt = true;
                }
            }
            if learnt && self.unanswered > 0 {
                self.unanswered = self.known.iter().filter(|known| !known.answered).count();
            }
            if self.unanswered == 0 && self.partial > 0 {
                self.watch_the_rest();
            }
            let Some(connection) = &mut self.connection else {
                return Ok(learnt);
            };
            connection.send()?;
            if self.unanswered == 0 {
                self.patience = WAIT;
                return Ok(learnt);
            }
            if self.patience.is_zero() {
                return Ok(learnt);
            }
            let until = *until.get_or_insert_with(|| Instant::now() + self.patience);
            if !connection.wait(until)? {
                self.patience = Duration::ZERO;
                return Ok(learnt);
            }
        }
    }

    /// Names come first: a domain without one is what a reader can't do with.
    fn watch_the_rest(&mut self) {
        let partial = self.known.iter_mut().filter(|known| !known.whole);
        for known in partial.take(REST_A_TICK) {
            known.whole = true;
            self.partial -= 1;
            for &node in &Node::of(known.identity.id)[1..] {
                known.watch(self.connection.as_mut(), xs_wire::WATCH, node);
            }
        }
    }

    fn reconnect(&mut self) {
        self.retry_at = Instant::now() + RETRY;
        self.connection = Connection::open().ok();
        for known in &mut self.known {
            known.answered = false;
            known.whole = false;
            known.watch(self.connection.as_mut(), xs_wire::WATCH, Node::Name);
        }
        self.unanswered = self.known.len();
        self.partial = self.known.len();
        self.patience = WAIT;
    }
}

/// Acts on one message. Says whether something was learnt of a domain.
fn heed(
    connection: &mut Connection,
    known: &mut [Known],
    message: &Message,
    still: Still<'_>,
) -> bool {
    match message.kind {
        xs_wire::WATCH_EVENT => {
            let token = message.payload.split(|&byte| byte == 0).nth(1);
            let key = token
                .and_then(|token| std::str::from_utf8(token).ok())
                .and_then(|token| token.parse().ok());
            // A token that is not there any more is of a domain that is gone.
            if let Some((known, node)) = key.and_then(|key| Known::of_key(known, key)) {
                let path = node.path(known.identity.id);
                connection.queue(xs_wire::READ, known.key(node), &[&path]);
            }
            false
        }
        xs_wire::READ | xs_wire::ERROR => match Known::of_key(known, message.request) {
            Some((known, node)) if still(known.identity) => {
                let value = (message.kind == xs_wire::READ).then_some(&*message.payload);
                known.learn(node, value);
                true
            }
            // The next list has it no more.
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests;
