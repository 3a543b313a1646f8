//! The nodes of every domain, watched and read again when they change.
//!
//! A watch fires at once and then at every change, and puts its node into a queue: each node once,
//! however often it changed, and never while it is being read. So what is under way is bounded by the
//! number of nodes, whatever the guests write. A guest that writes without a pause loses the watches
//! on what it writes for a while. A steady tick costs one look at the connection; between two ticks
//! the connection is emptied as well, for xenstored makes guests wait whose events nobody takes.

mod message;
mod pump;
mod storm;

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::thread;
use std::time::{Duration, Instant};

use virtmon_model::{Domain, Identity};

use self::storm::POLL;
use super::connection::Connection;
use super::life::Life;
use super::node::Node;
use super::requests::Requests;
use super::watch::{Token, Watch};
use super::{Learn, Still};

/// How long the first sample may wait for names and devices: there is no tick yet that it could
/// delay.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// How long a later one may wait for those of domains that are new.
const WAIT: Duration = Duration::from_millis(20);
/// How long to leave a xenstore alone that could not be reached, at first and at most.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(10);
/// How long the start waits for a xenstore that has others to take first.
const OPEN_WAIT: Duration = Duration::from_secs(1);
/// So many messages are taken in a tick; more are taken between ticks, or in the next.
const TICK_MESSAGES: u32 = 1024;
/// So many more at a time, while a row waits.
const WAIT_MESSAGES: u32 = 64;
/// Between two looks at the connection, at least, and so many times as long as a look took: virtmon
/// spends one part in so many on what guests do to xenstore.
const SPACING: Duration = Duration::from_millis(50);
const SHARE: u32 = 20;
/// And at least, while answers are under way.
const OWN_SPACING: Duration = Duration::from_millis(1);

/// What is to be done for a domain, in its turn.
#[derive(Debug, Clone, Copy)]
struct Task {
    domid: u32,
    serial: u32,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Watch(Watch),
    Read(Node),
}

/// xenstore, as far as it is followed.
pub(crate) struct Mirror {
    connection: Option<Connection>,
    retry_at: Instant,
    retry: Duration,
    /// In ascending order of domid.
    lives: Vec<Life>,
    /// How many of them have a row that waits.
    waiting: usize,
    urgent: VecDeque<Task>,
    later: VecDeque<Task>,
    /// Path and token of watches to be taken away.
    unwatch: VecDeque<(String, String)>,
    requests: Requests,
    /// Those that write without a pause, or did until a moment ago.
    stormy: Vec<(u32, u32)>,
    last_serial: u32,
    batch: u64,
    /// How long the next sample may wait.
    patience: Duration,
    /// When to look at the connection next, between ticks.
    look_at: Instant,
    path: String,
    token: String,
    /// Messages taken so far.
    taken: u64,
}

impl Mirror {
    /// This host's xenstore.
    pub(crate) fn open() -> Self {
        let until = Instant::now() + OPEN_WAIT;
        loop {
            match Connection::open() {
                Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < until => {
                    thread::sleep(Duration::from_millis(10));
                }
                connected => return Self::over(connected.ok()),
            }
        }
    }

    /// Follows a xenstore over a socket that does not block, and waits for nothing.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn on(socket: std::os::fd::OwnedFd) -> Self {
        Self {
            patience: Duration::ZERO,
            retry: LAST_RETRY,
            ..Self::over(Some(Connection::over(socket)))
        }
    }

    /// About how many bytes wait in queues.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn held(&self) -> usize {
        let tasks = self.urgent.len() + self.later.len();
        let ends = self
            .unwatch
            .iter()
            .map(|(path, token)| path.len() + token.len());
        let connection = self.connection.as_ref();
        tasks * size_of::<Task>() + ends.sum::<usize>() + connection.map_or(0, Connection::unsent)
    }

    pub(super) fn over(connection: Option<Connection>) -> Self {
        let now = Instant::now();
        Self {
            connection,
            retry_at: now + FIRST_RETRY,
            retry: FIRST_RETRY,
            lives: Vec::new(),
            waiting: 0,
            urgent: VecDeque::new(),
            later: VecDeque::new(),
            unwatch: VecDeque::new(),
            requests: Requests::default(),
            stormy: Vec::new(),
            last_serial: 0,
            batch: 0,
            patience: FIRST_WAIT,
            look_at: now,
            path: String::new(),
            token: String::new(),
            taken: 0,
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// Writes why something is not known that xenstore could tell, if there is such a reason.
    pub(crate) fn warnings(&self, into: &mut dyn FnMut(std::fmt::Arguments<'_>)) {
        if self.connection.is_none() {
            into(format_args!(
                "xenstore can't be reached: the names of new domains are not known"
            ));
        } else if self.waiting > 0 && self.patience.is_zero() {
            into(format_args!(
                "xenstore does not answer: the names of new domains are not known"
            ));
        }
        match *self.stormy {
            [] => {}
            [(domid, _)] => into(format_args!(
                "domain {domid} writes to xenstore without a pause: what its agent reports is \
                 unknown, and its devices are listed every {POLL:?}"
            )),
            [(domid, _), ref others @ ..] => into(format_args!(
                "domain {domid} and {} others write to xenstore without a pause: what their agents \
                 report is unknown, and their devices are listed every {POLL:?}",
                others.len()
            )),
        }
    }

    /// What becomes readable when xenstore has something to say, and the moment before which it is
    /// not looked at.
    pub(crate) fn descriptor(&self) -> Option<(BorrowedFd<'_>, Instant)> {
        Some((self.connection.as_ref()?.fd(), self.look_at))
    }

    /// Follows these domains from now on, in ascending order of domid.
    pub(crate) fn follow(&mut self, domains: &[Domain]) {
        let known = self.lives.iter().map(|life| life.identity);
        if known.eq(domains.iter().map(|domain| domain.identity)) {
            return;
        }
        let mut before = std::mem::take(&mut self.lives).into_iter().peekable();
        for domain in domains {
            let identity = domain.identity;
            while let Some(gone) = before.next_if(|life| life.identity.id < identity.id) {
                self.forget(&gone);
            }
            let same_id = before.next_if(|life| life.identity.id == identity.id);
            let life = match same_id {
                Some(life) if life.identity == identity => life,
                other => {
                    if let Some(gone) = other {
                        self.forget(&gone);
                    }
                    self.meet(identity)
                }
            };
            self.lives.push(life);
        }
        for gone in before {
            self.forget(&gone);
        }
        self.purge();
        self.waiting = self.lives.iter().filter(|life| life.is_waiting()).count();
    }

    fn meet(&mut self, identity: Identity) -> Life {
        self.last_serial = self.last_serial.wrapping_add(1);
        let life = Life::new(identity, self.last_serial);
        if self.connection.is_some() {
            self.begin(&life);
        }
        life
    }

    fn begin(&mut self, life: &Life) {
        for watch in Watch::of(life.identity.id) {
            let task = Task {
                domid: life.identity.id,
                serial: life.serial,
                what: What::Watch(watch),
            };
            if watch.is_urgent() {
                self.urgent.push_back(task);
            } else {
                self.later.push_back(task);
            }
        }
    }

    fn forget(&mut self, life: &Life) {
        let set = Watch::FIXED.into_iter();
        for watch in set.filter(|watch| life.watched & watch.bit() != 0) {
            end_watch(&mut self.unwatch, life, watch, "");
        }
        for disk in life.disks().iter().filter(|disk| disk.watched) {
            end_watch(
                &mut self.unwatch,
                life,
                Watch::Disk(disk.devid),
                &disk.backend,
            );
        }
    }

    /// Takes out of the queues what is of domains that are gone: nothing else does while xenstore is
    /// silent.
    fn purge(&mut self) {
        let lives = &self.lives;
        let is_there = |domid: u32, serial: u32| {
            place(lives, domid).is_some_and(|at| lives[at].serial == serial)
        };
        self.urgent.retain(|task| is_there(task.domid, task.serial));
        self.later.retain(|task| is_there(task.domid, task.serial));
        self.stormy
            .retain(|&(domid, serial)| is_there(domid, serial));
    }

    /// Takes what has come and asks what is to be asked, waiting a little while a row waits.
    ///
    /// A xenstore that let that time pass once is not waited for again until it has answered all:
    /// it costs a tick once, not every tick.
    pub(crate) fn exchange(&mut self, learn: &mut dyn Learn, still: Still<'_>) {
        if self.talk(learn, still).is_err() {
            self.lose(learn);
        }
        if self.connection.is_none() && Instant::now() >= self.retry_at {
            self.reconnect();
        }
    }

    fn talk(&mut self, learn: &mut dyn Learn, still: Still<'_>) -> io::Result<()> {
        if !self.stormy.is_empty() {
            self.calm(Instant::now());
        }
        let mut until = None;
        let mut left = TICK_MESSAGES;
        loop {
            let idle = self.turn(&mut left, None, learn, still)?;
            let Some(connection) = &self.connection else {
                return Ok(());
            };
            if self.waiting == 0 {
                self.patience = WAIT;
            }
            if !idle && left > 0 {
                continue;
            }
            if self.waiting == 0 || self.patience.is_zero() {
                return Ok(());
            }
            let until = *until.get_or_insert_with(|| Instant::now() + self.patience);
            let in_time = match idle {
                true => connection.wait(until)?,
                false => Instant::now() < until,
            };
            if !in_time {
                self.patience = Duration::ZERO;
                return Ok(());
            }
            left = left.max(WAIT_MESSAGES);
        }
    }

    /// Takes what has come between two ticks, until then at most, and says when to look next.
    pub(crate) fn drain(&mut self, until: Instant, learn: &mut dyn Learn, still: Still<'_>) {
        let began = Instant::now();
        let mut left = u32::MAX;
        let done = loop {
            match self.turn(&mut left, Some(until), learn, still) {
                Ok(false) if Instant::now() < until => {}
                done => break done,
            }
        };
        if done.is_err() {
            self.lose(learn);
        }
        let now = Instant::now();
        let took = now.saturating_duration_since(began);
        // Answers to what was asked are soon there, and there are no more of them than questions.
        let asked = self.has_work() || self.requests.are_under_way();
        self.look_at = now
            + match asked {
                true => OWN_SPACING.max(took),
                false => SPACING.max(took * SHARE),
            };
    }

    /// Reads once, acts on what came, and sends. Says whether there is nothing more to take.
    fn turn(
        &mut self,
        left: &mut u32,
        until: Option<Instant>,
        learn: &mut dyn Learn,
        still: Still<'_>,
    ) -> io::Result<bool> {
        let Some(mut connection) = self.connection.take() else {
            return Ok(true);
        };
        let came = self.take_in(&mut connection, left, until, learn, still);
        self.connection = Some(connection);
        let came = came?;
        if self.has_work() {
            self.pump();
        }
        if let Some(connection) = &mut self.connection {
            connection.send()?;
        }
        Ok(!came && *left > 0)
    }

    fn place_of(&self, domid: u32, serial: u32) -> Option<usize> {
        place(&self.lives, domid).filter(|&at| self.lives[at].serial == serial)
    }

    fn lose(&mut self, learn: &mut dyn Learn) {
        self.connection = None;
        self.retry_at = Instant::now() + self.retry;
        self.urgent.clear();
        self.later.clear();
        self.unwatch.clear();
        self.stormy.clear();
        self.requests.clear();
        for life in &mut self.lives {
            life.reset();
        }
        self.waiting = self.lives.len();
        learn.lost();
    }

    fn reconnect(&mut self) {
        self.retry = (self.retry * 2).min(LAST_RETRY);
        self.retry_at = Instant::now() + self.retry;
        let Ok(connection) = Connection::open() else {
            return;
        };
        self.begin_over(connection);
    }

    /// Follows all that is followed over this connection, from the beginning.
    fn begin_over(&mut self, connection: Connection) {
        self.connection = Some(connection);
        self.patience = WAIT;
        let lives = std::mem::take(&mut self.lives);
        for life in &lives {
            self.begin(life);
        }
        self.lives = lives;
    }
}

fn place(lives: &[Life], domid: u32) -> Option<usize> {
    lives
        .binary_search_by_key(&domid, |life| life.identity.id)
        .ok()
}

fn queue_read(urgent: &mut VecDeque<Task>, later: &mut VecDeque<Task>, life: &Life, node: Node) {
    let task = Task {
        domid: life.identity.id,
        serial: life.serial,
        what: What::Read(node),
    };
    if node.is_urgent() {
        urgent.push_back(task);
    } else {
        later.push_back(task);
    }
}

/// Queues the end of a watch.
fn end_watch(unwatch: &mut VecDeque<(String, String)>, life: &Life, watch: Watch, backend: &str) {
    let token = Token {
        domid: life.identity.id,
        serial: life.serial,
        watch,
    };
    let (mut path, mut text) = (String::new(), String::new());
    watch.path(token.domid, backend, &mut path);
    token.put(&mut text);
    unwatch.push_back((path, text));
}

#[cfg(test)]
mod tests;
