//! Never held up: readers that a guest holds are left to it, and another reader goes on.
//!
//! A call that asks a guest whose QEMU is stuck does not return before QEMU goes on, and nothing
//! can call it back. But while it waits, libvirt leaves that guest's monitor out of every other
//! call that says `NOWAIT`. So the reader that was caught keeps the guest from catching the next,
//! and when the guest goes on, the call returns and the reader is free. Whoever else is blocked is
//! found out at once, by asking each guest apart from the others.

use std::time::{Duration, Instant};
use std::{io, mem, thread};

use virtmon_model::{Capabilities, Error, Snapshot, Uuid};

use crate::connection::session::Ask;
use crate::recording::encode::RawSample;
use crate::workers::timeout::Patience;
use crate::workers::worker::{Done, Failure, Reader, Reply, Request, Target, Unheard};

mod apart;

/// How many readers guests may hold before no guest is asked: each is one of the daemon's workers too. libvirtd has 20 workers for all its clients (`max_workers`).
const MOST_HELD: usize = 8;
/// How many guests are asked at once, each by itself.
const MOST_APART: usize = 4;
/// How many readers to keep that have nothing to do, beside the one that reads: its connection is
/// open before it is needed.
const IDLE: usize = 1;
/// How long after the last attempt another one is made to have a connection to spare.
const SPARE_EVERY: Duration = Duration::from_secs(10);
/// How often to ask again where another client was asking a guest.
const MOST_REPEATS: u32 = 5;
/// How long the daemon may take to answer at the least: for as long nothing else is done.
const FOR_DAEMON: Duration = Duration::from_millis(800);
/// The same for its first answer, before there are ticks that could be late.
const FOR_FIRST: Duration = Duration::from_secs(30);
/// How long a connection may take to be made anew before another is tried beside it; each further one
/// twice as long as the last.
const TO_RECONNECT: Duration = Duration::from_secs(10);
/// How many may be left to themselves so. Then the last one is waited for.
const MOST_LEFT: usize = 8;
/// How long the first connection may take: a person may be typing a password.
const TO_CONNECT: Duration = Duration::from_secs(60);

const TOO_MANY: &str =
    "as many QEMU processes do not answer as may be waited for: no other is asked now";

/// The readers of one host.
pub(crate) struct Readers {
    target: Target,
    readers: Vec<Reader>,
    /// Those that were connecting for too long, until they end.
    left: Vec<Reader>,
    to_reconnect: Duration,
    patience: Patience,
    /// Whether anything has been read.
    has_read: bool,
    /// When a reader was last started to have one to spare.
    spare_since: Option<Instant>,
    /// Guests that the last reading left out.
    skipped: usize,
    /// Guests whose QEMU answered at the last reading, where some guest holds a reader.
    whole: Vec<Uuid>,
    /// What the next reading is made in.
    snapshot: Snapshot,
    /// What it is made of, where that is wanted.
    kept: RawSample,
}

/// What was read.
pub(crate) struct Reading<'r> {
    /// The host and its guests. A row with an error is not whole.
    pub(crate) snapshot: &'r mut Snapshot,
    /// What they are made of, where that is wanted.
    pub(crate) kept: &'r [u8],
    /// Whether its row before may stand in for it: not where QEMU is not asked for long, since what
    /// the daemon knows by itself would be lost.
    pub(crate) carries: bool,
}

/// Why nothing was read.
pub(crate) struct Unread {
    pub(crate) error: Error,
    /// Whether there is no connection.
    pub(crate) lost: bool,
}

impl Readers {
    /// Connects the first one.
    pub(crate) fn connect(
        target: Target,
        uri: Option<&str>,
    ) -> Result<(Self, Capabilities), Error> {
        let mut first = start(&target)?;
        first.ask(Request {
            ask: None,
            only: Vec::new(),
            snapshot: Snapshot::default(),
            kept: RawSample::default(),
        });
        let done = match first.hear(TO_CONNECT) {
            Ok(reply) => reply.done.map_err(|failure| failure.fault.on_open(uri))?,
            Err(Unheard::Silence) => {
                let silence = silence(TO_CONNECT);
                return Err(Error::Unavailable(format!("libvirt: {silence}")));
            }
            Err(Unheard::Gone) => return Err(gone()),
        };
        let readers = Self {
            target,
            readers: vec![first],
            left: Vec::new(),
            to_reconnect: TO_RECONNECT,
            patience: Patience::for_guests(done.guests),
            has_read: false,
            spare_since: None,
            skipped: 0,
            whole: Vec::new(),
            snapshot: Snapshot::default(),
            kept: RawSample::default(),
        };
        Ok((readers, done.capabilities))
    }

    /// Reads the host and its guests, of them these groups. `interval` is the time since the last
    /// reading began, where there was one.
    pub(crate) fn read(
        &mut self,
        groups: u32,
        interval: Option<Duration>,
    ) -> Result<Reading<'_>, Unread> {
        self.patience.fit(interval);
        self.hear_the_late()?;
        let held = self.held();
        let mut carries = true;
        if held < MOST_HELD {
            self.read_together(groups)?;
        } else {
            self.ask_idle(Ask::Daemon, Vec::new())?;
            carries = false;
            let trouble = self.snapshot.warnings.next_row();
            trouble.clear();
            trouble.push_str(TOO_MANY);
        }
        self.remember_whole();
        self.has_read = true;
        self.keep_one_to_spare();
        Ok(Reading {
            snapshot: &mut self.snapshot,
            kept: &self.kept.bytes,
            carries,
        })
    }

    /// Asks for all guests in one call; where one of them blocks it, for each by itself.
    fn read_together(&mut self, groups: u32) -> Result<(), Unread> {
        for repeats in 0..=MOST_REPEATS {
            let Some(done) = self.ask_idle(Ask::Guests(groups), Vec::new())? else {
                return self.read_apart(groups);
            };
            self.patience.learn(done.took);
            // Another client's call is over in a moment, as is one of a reader that was given up
            // too soon; what was there the last time is not.
            let is_new = done.skipped > self.skipped;
            if !is_new || repeats == MOST_REPEATS {
                self.skipped = done.skipped;
                break;
            }
            thread::sleep(Duration::from_millis(2 << repeats));
        }
        Ok(())
    }

    /// Has a reader that has nothing to do read, and waits for it: `None` where a guest holds it.
    fn ask_idle(&mut self, ask: Ask, only: Vec<Uuid>) -> Result<Option<Done>, Unread> {
        let at = self.idle()?;
        self.readers[at].ask(Request {
            ask: Some(ask),
            only,
            snapshot: mem::take(&mut self.snapshot),
            kept: mem::take(&mut self.kept),
        });
        self.hear(at)
    }

    /// How many readers guests hold.
    fn held(&self) -> usize {
        self.readers
            .iter()
            .filter(|reader| reader.is_held())
            .count()
    }

    /// Takes down which guests answered, for as long as one holds a reader. Where none did, those that
    /// answered before are asked again.
    fn remember_whole(&mut self) {
        if self.skipped == 0 && self.held() == 0 {
            self.whole.clear();
            return;
        }
        let rows = self.snapshot.domains.iter();
        let whole = rows.filter(|row| row.error.is_none() && row.stale_ns == 0);
        let mut whole = whole.map(|row| row.identity.uuid).peekable();
        if whole.peek().is_some() {
            self.whole.clear();
            self.whole.extend(whole);
        }
    }

    /// Has a connection opened for the next time that a guest blocks the one that is there: a busy
    /// daemon may take seconds for it.
    fn keep_one_to_spare(&mut self) {
        let now = Instant::now();
        let free = self.readers.iter().filter(|reader| !reader.is_held());
        let is_soon = |since: Instant| now.duration_since(since) < SPARE_EVERY;
        if free.count() > IDLE || self.spare_since.is_some_and(is_soon) {
            return;
        }
        self.spare_since = Some(now);
        self.start_connecting();
    }

    /// Starts a reader, which connects. Where there is no thread to be had, the reading that needs
    /// one says so.
    fn start_connecting(&mut self) {
        if let Ok(mut reader) = start(&self.target) {
            reader.ask(Request {
                ask: None,
                only: Vec::new(),
                snapshot: Snapshot::default(),
                kept: RawSample::default(),
            });
            self.readers.push(reader);
        }
    }

    /// Waits for a reader's reply: `None` where a guest holds it.
    fn hear(&mut self, at: usize) -> Result<Option<Done>, Unread> {
        // A guest is given up soon: should it answer after all, nothing is lost. A daemon is not:
        // without it there is no reading.
        let slice = self.patience.allowed();
        let most = slice.max(if self.has_read { FOR_DAEMON } else { FOR_FIRST });
        let mut waited = Duration::ZERO;
        while waited < most {
            match self.readers[at].hear(slice) {
                Ok(reply) => return self.take(at, reply).map(Some),
                Err(Unheard::Silence) if self.readers[at].is_held() => return Ok(None),
                Err(Unheard::Silence) => waited += slice,
                Err(Unheard::Gone) => {
                    self.readers.swap_remove(at);
                    return Err(Unread {
                        error: gone(),
                        lost: true,
                    });
                }
            }
        }
        Err(Unread {
            error: Error::call("libvirt", io::Error::other(silence(most))),
            lost: false,
        })
    }

    fn take(&mut self, by: usize, reply: Reply) -> Result<Done, Unread> {
        if reply.is_of_all {
            self.snapshot = reply.snapshot;
            self.kept = reply.kept;
        }
        match reply.done {
            Ok(done) => {
                self.to_reconnect = TO_RECONNECT;
                if done.reconnected {
                    self.forget_others(by);
                }
                Ok(done)
            }
            Err(Failure { call, fault, lost }) => Err(Unread {
                error: if lost {
                    fault.on_retry(call)
                } else {
                    fault.on_call(call)
                },
                lost,
            }),
        }
    }

    /// Ends the readers that have nothing to do, but for this one: what they are connected to is
    /// gone.
    fn forget_others(&mut self, by: usize) {
        let mut at = 0..;
        self.readers
            .retain(|reader| at.next() == Some(by) || reader.is_busy());
        self.spare_since = None;
    }

    /// Frees the readers whose calls have returned since, and waits for one that the daemon
    /// itself has not answered: another would not be answered either. One that connects is waited
    /// for only where no other is there; it may wait for a peer that is gone, so after a while
    /// another tries.
    fn hear_the_late(&mut self) -> Result<(), Unread> {
        self.left
            .retain_mut(|reader| matches!(reader.hear(Duration::ZERO), Err(Unheard::Silence)));
        for at in (0..self.readers.len()).rev() {
            let has_idle = self.readers.iter().any(|reader| !reader.is_busy());
            let reader = &mut self.readers[at];
            if !reader.is_busy() {
                continue;
            }
            if reader.connects_for() >= self.to_reconnect && self.left.len() < MOST_LEFT {
                self.left.push(self.readers.swap_remove(at));
                self.to_reconnect *= 2;
            } else if !(reader.is_held() || reader.connects() && has_idle) {
                self.hear(at)?;
            } else if let Err(Unheard::Gone) = reader.hear(Duration::ZERO) {
                self.readers.swap_remove(at);
            }
        }
        let mut to_keep = IDLE + 1;
        self.readers.retain(|reader| {
            let keep = reader.is_busy() || to_keep > 0;
            if !reader.is_busy() {
                to_keep = to_keep.saturating_sub(1);
            }
            keep
        });
        Ok(())
    }

    /// A reader that has nothing to do, one that is connected where there is one.
    fn idle(&mut self) -> Result<usize, Unread> {
        let ready = self.readers.iter().position(Reader::is_ready);
        let idle = || self.readers.iter().position(|reader| !reader.is_busy());
        if let Some(at) = ready.or_else(idle) {
            return Ok(at);
        }
        let reader = start(&self.target).map_err(|error| Unread { error, lost: false })?;
        self.readers.push(reader);
        Ok(self.readers.len() - 1)
    }
}

fn start(target: &Target) -> Result<Reader, Error> {
    Reader::start(target.clone()).map_err(|source| Error::call("a thread for libvirt", source))
}

fn silence(within: Duration) -> String {
    if within < Duration::from_secs(1) {
        return "it does not answer".into();
    }
    format!("it did not answer within {} s", within.as_secs())
}

fn gone() -> Error {
    Error::call(
        "libvirt",
        io::Error::other("the thread that reads it is gone"),
    )
}
