//! Never held up: readers that a guest holds are left to it, and another reader goes on.
//!
//! A call that asks a guest whose QEMU is stuck does not return before QEMU goes on, and nothing
//! can call it back. But while it waits, libvirt leaves that guest's monitor out of every other
//! call that says `NOWAIT`. So the reader that was caught keeps the guest from catching the next,
//! and when the guest goes on, the call returns and the reader is free.

use std::time::Duration;
use std::{io, mem, thread};

use virtmon_model::{Capabilities, Error, Snapshot};

use crate::patience::Patience;
use crate::reader::{Done, Failure, Reader, Reply, Request, Target, Unheard};
use crate::session::Ask;

/// How many readers guests may hold: each is one of the daemon's workers too, of which libvirtd
/// has 20 for all who ask it (`max_workers`).
const MOST_HELD: usize = 8;
/// How many guests may catch a reader within one reading.
const MOST_CAUGHT: usize = 4;
/// How many readers to keep that have nothing to do, beside the one that reads.
const IDLE: usize = 1;
/// How often to ask again where another client was asking a guest.
const MOST_REPEATS: u32 = 5;
/// How long the daemon may take to answer at the least: for as long nothing else is done.
const FOR_DAEMON: Duration = Duration::from_millis(800);
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
    /// Guests that the last reading left out.
    skipped: usize,
    /// What the next reading is made in.
    snapshot: Snapshot,
    /// What it is made of, where that is wanted.
    kept: Vec<u8>,
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
            snapshot: Snapshot::default(),
            kept: Vec::new(),
        });
        let done = match first.hear(TO_CONNECT) {
            Ok(reply) => reply.done.map_err(|failure| failure.fault.on_open(uri))?,
            Err(Unheard::Silence) => {
                let silence = silence(TO_CONNECT);
                return Err(Error::NotHere(format!("libvirt: {silence}")));
            }
            Err(Unheard::Gone) => return Err(gone()),
        };
        let readers = Self {
            target,
            readers: vec![first],
            left: Vec::new(),
            to_reconnect: TO_RECONNECT,
            patience: Patience::for_guests(done.guests),
            skipped: 0,
            snapshot: Snapshot::default(),
            kept: Vec::new(),
        };
        Ok((readers, done.capabilities))
    }

    /// Reads the host and its guests, of them these groups.
    pub(crate) fn read(&mut self, groups: u32) -> Result<Reading<'_>, Unread> {
        self.hear_the_late()?;
        let mut caught = 0;
        let mut repeats = 0;
        loop {
            let held = self
                .readers
                .iter()
                .filter(|reader| reader.is_held())
                .count();
            let ask = if held >= MOST_HELD || caught >= MOST_CAUGHT {
                Ask::Daemon
            } else {
                Ask::Guests(groups)
            };
            let at = self.idle()?;
            self.readers[at].ask(Request {
                ask: Some(ask),
                snapshot: mem::take(&mut self.snapshot),
                kept: mem::take(&mut self.kept),
            });
            let Some(done) = self.hear(at)? else {
                caught += 1;
                continue;
            };
            // Another client's call is over in a moment, as is one of a reader that was given up
            // too soon; what was there the last time is not.
            if ask != Ask::Daemon && done.skipped > self.skipped && repeats < MOST_REPEATS {
                thread::sleep(Duration::from_millis(2 << repeats));
                repeats += 1;
                continue;
            }
            self.skipped = done.skipped;
            if held >= MOST_HELD {
                let trouble = self.snapshot.troubles.next_row();
                trouble.clear();
                trouble.push_str(TOO_MANY);
            }
            return Ok(Reading {
                snapshot: &mut self.snapshot,
                kept: &self.kept,
                carries: held < MOST_HELD,
            });
        }
    }

    /// Waits for a reader's reply: `None` where a guest holds it.
    fn hear(&mut self, at: usize) -> Result<Option<Done>, Unread> {
        // A guest is given up soon: should it answer after all, nothing is lost. A daemon is not:
        // without it there is no reading.
        let slice = self.patience.allowed();
        let most = slice.max(FOR_DAEMON);
        let mut waited = Duration::ZERO;
        while waited < most {
            match self.readers[at].hear(slice) {
                Ok(reply) => return self.take(reply).map(Some),
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

    fn take(&mut self, reply: Reply) -> Result<Done, Unread> {
        self.snapshot = reply.snapshot;
        self.kept = reply.kept;
        match reply.done {
            Ok(done) => {
                self.patience.learn(reply.took);
                self.to_reconnect = TO_RECONNECT;
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

    /// Frees the readers whose calls have returned since, and waits for one that the daemon
    /// itself has not answered: another would not be answered either. One that connects may wait for
    /// a peer that is not there any more; after a while another tries.
    fn hear_the_late(&mut self) -> Result<(), Unread> {
        self.left
            .retain_mut(|reader| matches!(reader.hear(Duration::ZERO), Err(Unheard::Silence)));
        for at in (0..self.readers.len()).rev() {
            let reader = &mut self.readers[at];
            if !reader.is_busy() {
                continue;
            }
            if reader.connects_for() >= self.to_reconnect && self.left.len() < MOST_LEFT {
                self.left.push(self.readers.swap_remove(at));
                self.to_reconnect *= 2;
            } else if !reader.is_held() {
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

    /// A reader that has nothing to do.
    fn idle(&mut self) -> Result<usize, Unread> {
        if let Some(at) = self.readers.iter().position(|reader| !reader.is_busy()) {
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
