//! A thread with a connection of its own, which may be waited for or left to itself.

use std::ffi::CString;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use virtmon_model::{Capabilities, Snapshot, Uuid};

use crate::connection::error::Fault;
use crate::connection::phase::{Phase, Progress};
use crate::connection::session::{Ask, Facts, Failed, Session};
use crate::ffi::Library;
use crate::recording::encode::RawSample;
use crate::records::decode::Buffers;
use crate::records::fields::FieldSelection;

/// What to connect to, and what to read there.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) library: &'static Library,
    pub(crate) uri: Option<CString>,
    pub(crate) take: FieldSelection,
    /// Whether to keep what libvirt returns.
    pub(crate) raw: bool,
    /// What a session has found out of the daemon that is there, for those that are opened later.
    pub(crate) facts: Arc<Mutex<Option<Facts>>>,
}

/// What a reader is to do.
pub(crate) struct Request {
    /// Who is to be asked; nobody where it is to connect, and no more.
    pub(crate) ask: Option<Ask>,
    /// These guests alone, where there are some.
    pub(crate) only: Vec<Uuid>,
    /// What to read into.
    pub(crate) snapshot: Snapshot,
    /// Where to keep what libvirt returns, if that is wanted.
    pub(crate) kept: RawSample,
}

/// What came of it.
pub(crate) struct Reply {
    /// The snapshot of the request: read, or, after a failure, of no meaning.
    pub(crate) snapshot: Snapshot,
    /// What libvirt returned, if that is wanted.
    pub(crate) kept: RawSample,
    /// Whether all guests were asked for.
    pub(crate) is_of_all: bool,
    pub(crate) done: Result<Done, Failure>,
}

/// What is known after a success.
pub(crate) struct Done {
    /// How long it took.
    pub(crate) took: Duration,
    /// What the driver can tell.
    pub(crate) capabilities: Capabilities,
    /// How many guests there are.
    pub(crate) guests: usize,
    /// How many of them libvirt left out what their QEMU tells, since it was being asked already.
    pub(crate) skipped: usize,
    /// Whether the connection had been lost, and was made again.
    pub(crate) reconnected: bool,
}

/// What is known after a failure.
pub(crate) struct Failure {
    pub(crate) call: &'static str,
    pub(crate) fault: Fault,
    /// Whether there is no connection now.
    pub(crate) lost: bool,
}

/// A thread that reads, as its owner sees it. Dropping it ends the thread and its connection: at
/// once, or when the call that it is in returns, which is not waited for.
pub(crate) struct Reader {
    requests: SyncSender<Request>,
    replies: Receiver<Reply>,
    progress: Arc<Progress>,
    busy: bool,
    /// Whether it has been asked to connect, and no more.
    only_connects: bool,
    /// Whether the last request that was heard of left a connection.
    connected: bool,
    /// Since when it has been seen to connect.
    connects_since: Option<Instant>,
}

/// Why there is no reply.
pub(crate) enum Unheard {
    /// There was none so far.
    Silence,
    /// The thread is gone.
    Gone,
}

impl Reader {
    /// Starts a thread. It connects when it is first asked.
    pub(crate) fn start(target: Target) -> io::Result<Self> {
        let (requests, to_do) = sync_channel(1);
        let (done, replies) = sync_channel(1);
        let progress = Arc::new(Progress::new());
        let told = Arc::clone(&progress);
        thread::Builder::new()
            .name("virtmon-libvirt".into())
            .spawn(move || work(&target, &to_do, &done, &told))?;
        Ok(Self {
            requests,
            replies,
            progress,
            busy: false,
            only_connects: false,
            connected: false,
            connects_since: None,
        })
    }

    /// Asks a reader that is not busy.
    pub(crate) fn ask(&mut self, request: Request) {
        self.only_connects = request.ask.is_none();
        self.progress.is_at(Phase::Daemon);
        // It can only fail where the thread is gone, which waiting for its reply tells.
        let _ = self.requests.send(request);
        self.busy = true;
    }

    /// Waits for the reply to what was asked.
    pub(crate) fn hear(&mut self, within: Duration) -> Result<Reply, Unheard> {
        let heard = self.replies.recv_timeout(within);
        self.busy = heard.is_err();
        if let Ok(reply) = &heard {
            self.connected = !matches!(&reply.done, Err(failure) if failure.lost);
        }
        heard.map_err(|error| match error {
            RecvTimeoutError::Timeout => Unheard::Silence,
            RecvTimeoutError::Disconnected => Unheard::Gone,
        })
    }

    /// Whether it can ask at once.
    pub(crate) fn is_ready(&self) -> bool {
        !self.busy && self.connected
    }

    /// Whether it has been asked and not heard.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    /// Whether it is held up by a guest. As long as it is, other calls leave that guest out.
    pub(crate) fn is_held(&self) -> bool {
        self.busy && self.progress.phase() == Phase::Guests
    }

    /// Whether it connects, or has connected and has not been heard.
    pub(crate) fn connects(&self) -> bool {
        self.busy && (self.only_connects || self.progress.phase() == Phase::Connecting)
    }

    /// For how long it has been seen to connect.
    pub(crate) fn connects_for(&mut self) -> Duration {
        let connects = self.connects();
        let since = connects.then(|| self.connects_since.unwrap_or_else(Instant::now));
        self.connects_since = since;
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

/// The thread: until nobody asks or hears any more.
fn work(
    target: &Target,
    requests: &Receiver<Request>,
    replies: &SyncSender<Reply>,
    progress: &Progress,
) {
    let mut buffers = Buffers::new(target.take);
    let mut session = None;
    while let Ok(mut request) = requests.recv() {
        let done = serve(target, &mut session, &mut buffers, &mut request, progress);
        progress.is_at(Phase::Idle);
        let reply = Reply {
            is_of_all: request.ask.is_some() && request.only.is_empty(),
            snapshot: request.snapshot,
            kept: request.kept,
            done,
        };
        if replies.send(reply).is_err() {
            return;
        }
    }
}

/// Does what was asked. A connection that turns out to be lost is made anew once: a daemon that
/// was restarted between two readings costs none.
fn serve(
    target: &Target,
    session: &mut Option<Session>,
    buffers: &mut Buffers,
    request: &mut Request,
    progress: &Progress,
) -> Result<Done, Failure> {
    let was_open = session.is_some();
    let first = attempt(target, session, buffers, request, progress);
    match first {
        Err(failure) if failure.lost && was_open => {
            // The daemon that comes back may be another version.
            *target.facts.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let second = attempt(target, session, buffers, request, progress);
            second.map(|done| Done {
                reconnected: true,
                ..done
            })
        }
        other => other,
    }
}

fn attempt(
    target: &Target,
    slot: &mut Option<Session>,
    buffers: &mut Buffers,
    request: &mut Request,
    progress: &Progress,
) -> Result<Done, Failure> {
    let began = Instant::now();
    let session = match slot {
        Some(session) => session,
        None => {
            progress.is_at(Phase::Connecting);
            let facts = || target.facts.lock().unwrap_or_else(PoisonError::into_inner);
            let known = facts().clone();
            let opened = Session::open(target.library, target.uri.as_deref(), known);
            let opened = opened.map_err(|fault| Failure {
                call: "virConnectOpenReadOnly",
                fault,
                lost: true,
            })?;
            *facts() = Some(opened.facts().clone());
            slot.insert(opened)
        }
    };
    progress.is_at(Phase::Daemon);
    let mut skipped = 0;
    let mut guests = session.guests_at_open();
    if let Some(ask) = request.ask {
        let kept = target.raw.then_some(&mut request.kept);
        match session.sample(
            ask,
            &request.only,
            buffers,
            &mut request.snapshot,
            kept,
            progress,
        ) {
            Ok(left_out) => skipped = left_out,
            Err(failed) => return Err(failure(failed, slot)),
        }
        guests = request.snapshot.domains.len();
    }
    Ok(Done {
        took: began.elapsed(),
        capabilities: session.capabilities(),
        guests,
        skipped,
        reconnected: false,
    })
}

fn failure((call, fault): Failed, slot: &mut Option<Session>) -> Failure {
    let lost = slot.as_ref().is_none_or(|session| !session.is_alive());
    if lost {
        *slot = None;
    }
    Failure { call, fault, lost }
}
