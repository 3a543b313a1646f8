//! The nodes of every domain, watched and read again when they change.
//!
//! A watch fires at once and then at every change, and puts its node into a queue: each node once,
//! however often it changed, and never while it is being read. So what is under way is bounded by the
//! number of nodes, whatever the guests write. A guest that writes without a pause loses the watches
//! on what it writes for a while. A steady tick costs one look at the connection; between two ticks
//! the connection is emptied as well, for xenstored makes guests wait whose events nobody takes.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::thread;
use std::time::{Duration, Instant};

use virtmon_model::{Domain, Identity};
use xen_sys::xs_wire;

use super::budget::Budget;
use super::connection::{Connection, Message};
use super::life::{Life, Rest};
use super::node::{Kind, Node, Token, Watch, backend_of, changed};
use super::requests::{Request, Requests};
use super::{Answer, Learn, Still};

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
/// How long what the guest writes is not watched after a storm, and how often its devices are listed
/// meanwhile.
const REST: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_secs(10);
/// Between two looks at the connection, at least, and so many times as long as a look took: virtmon
/// spends one part in so many on what guests do to xenstore.
const SPACING: Duration = Duration::from_millis(50);
const SHARE: u32 = 20;

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
    pub(crate) fn trouble(&self, into: &mut dyn FnMut(std::fmt::Arguments<'_>)) {
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
        self.look_at = now + SPACING.max(took * SHARE);
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

    fn take_in(
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
            self.heed(&message, now, learn, still);
        }
        Ok(came)
    }

    fn heed(
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
    fn fired(&mut self, payload: &[u8], now: Instant, learn: &mut dyn Learn) {
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

    fn answered(
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
    fn listed_disks(&mut self, at: usize, answer: Answer<'_>) {
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
    fn found_backend(&mut self, at: usize, devid: u32, answer: Answer<'_>, learn: &mut dyn Learn) {
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

    fn read_disk(&mut self, at: usize, devid: u32) {
        for node in [Node::DiskParams(devid), Node::DiskSectors(devid)] {
            self.read_again(at, node);
        }
    }

    /// Has a node read, once more if it is being read now.
    fn read_again(&mut self, at: usize, node: Node) {
        let life = &mut self.lives[at];
        if life.mark(node) {
            queue_read(&mut self.urgent, &mut self.later, life, node);
        }
    }

    /// Takes a domain's watches away for a while on what its guest writes.
    fn rest(&mut self, at: usize, now: Instant, learn: &mut dyn Learn) {
        let life = &mut self.lives[at];
        let domid = life.identity.id;
        life.rest = Some(Rest {
            until: now + REST,
            poll_at: now + POLL,
        });
        for watch in Watch::FIXED.into_iter().filter(|watch| watch.is_guests()) {
            if life.watched & watch.bit() != 0 {
                life.watched &= !watch.bit();
                end_watch(&mut self.unwatch, life, watch, "");
            }
        }
        for at in 0..life.disks().len() {
            let disk = &mut life.disks_mut()[at];
            if std::mem::take(&mut disk.watched) {
                let (devid, backend) = (disk.devid, disk.backend.clone());
                end_watch(&mut self.unwatch, life, Watch::Disk(devid), &backend);
            }
        }
        let key = (domid, life.serial);
        if !self.stormy.contains(&key) {
            self.stormy.push(key);
        }
        for node in Node::FIXED.into_iter().filter(|node| node.is_report()) {
            learn.learn(domid, node, Answer::Missing);
        }
    }

    /// Looks after those that write without a pause: lists their devices now and then, and watches
    /// them again in the end. One that has been quiet for as long as that is no more of them.
    fn calm(&mut self, now: Instant) {
        let mut stormy = std::mem::take(&mut self.stormy);
        stormy.retain(|&(domid, serial)| {
            let Some(at) = self.place_of(domid, serial) else {
                return false;
            };
            let life = &mut self.lives[at];
            let Some(rest) = &mut life.rest else {
                return life.quiet_until.is_some_and(|until| now < until);
            };
            if now >= rest.until {
                life.rest = None;
                life.quiet_until = Some(now + REST);
                life.budget = Budget::default();
                let disks = life.disks().iter().map(|disk| Watch::Disk(disk.devid));
                let fixed = Watch::of(domid).filter(|watch| watch.is_guests());
                for watch in fixed.chain(disks) {
                    self.later.push_back(Task {
                        domid,
                        serial,
                        what: What::Watch(watch),
                    });
                }
            } else if now >= rest.poll_at {
                rest.poll_at = now + POLL;
                self.read_again(at, Node::Vifs);
                self.read_again(at, Node::Vbds);
            }
            true
        });
        self.stormy = stormy;
    }

    fn has_work(&self) -> bool {
        !(self.unwatch.is_empty() && self.urgent.is_empty() && self.later.is_empty())
    }

    /// Queues requests at the connection, as many as it and the places for answers have room for.
    fn pump(&mut self) {
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

    fn set_watch(&mut self, at: usize, watch: Watch) {
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

    fn read(&mut self, at: usize, node: Node) {
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

    fn send(&mut self, kind: u32, request: u32, path: &str, token: Option<&str>) {
        if let Some(connection) = &mut self.connection {
            match token {
                Some(token) => connection.queue(kind, request, &[path, token]),
                None => connection.queue(kind, request, &[path]),
            }
        }
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
