//! The thread of a worker.

use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Instant;

use super::request::{Failure, Reply, Request, Success};
use crate::connection::phase::{Phase, PhaseCell};
use crate::connection::session::{Destination, FailedCall, Session};
use crate::connection::target::Target;
use crate::records::decode::Buffers;

/// Serves requests until the owner drops the worker.
pub(super) fn run(
    target: &Target,
    requests: &Receiver<Request>,
    replies: &SyncSender<Reply>,
    phase: &PhaseCell,
) {
    let mut buffers = Buffers::new(target.fields);
    let mut session = None;
    while let Ok(mut request) = requests.recv() {
        let result = serve(target, &mut session, &mut buffers, &mut request, phase);
        phase.set(Phase::Idle);
        let reply = Reply {
            covers_all: request.scope.is_some() && request.uuids.is_empty(),
            snapshot: request.snapshot,
            raw: request.raw,
            result,
        };
        if replies.send(reply).is_err() {
            return;
        }
    }
}

/// Serves a request. If the connection turns out to be lost, it is opened again once: a daemon that was
/// restarted between two samples costs no sample.
fn serve(
    target: &Target,
    session: &mut Option<Session>,
    buffers: &mut Buffers,
    request: &mut Request,
    phase: &PhaseCell,
) -> Result<Success, Failure> {
    let was_open = session.is_some();
    let first = attempt(target, session, buffers, request, phase);
    match first {
        Err(failure) if failure.is_disconnected && was_open => {
            // The restarted daemon may be another version.
            *target.driver.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let second = attempt(target, session, buffers, request, phase);
            second.map(|success| Success {
                has_reconnected: true,
                ..success
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
    phase: &PhaseCell,
) -> Result<Success, Failure> {
    let start = Instant::now();
    if request.scope.is_none() && slot.as_ref().is_some_and(|session| !session.is_alive()) {
        *slot = None;
    }
    let session = match slot {
        Some(session) => session,
        None => slot.insert(open(target, phase)?),
    };
    phase.set(Phase::Daemon);
    let mut incomplete = 0;
    let mut guests = session.guests_at_open();
    if let Some(scope) = request.scope {
        let destination = Destination {
            buffers,
            snapshot: &mut request.snapshot,
            // The values of the host are those of the request for all guests.
            reads_cpu_stats: target.reads_cpu_stats && request.uuids.is_empty(),
            raw: target.is_recorded.then_some(&mut request.raw),
        };
        match session.sample(scope, &request.uuids, destination, phase) {
            Ok(count) => incomplete = count,
            Err(failed) => return Err(failure(failed, slot)),
        }
        guests = request.snapshot.domains.len();
    }
    Ok(Success {
        took: start.elapsed(),
        capabilities: session.capabilities(),
        guests,
        incomplete,
        has_reconnected: false,
    })
}

fn open(target: &Target, phase: &PhaseCell) -> Result<Session, Failure> {
    phase.set(Phase::Connecting);
    let driver = || target.driver.lock().unwrap_or_else(PoisonError::into_inner);
    let known = driver().clone();
    let opened = Session::open(target.library, target.uri.as_deref(), known);
    let session = opened.map_err(|error| Failure {
        call: "virConnectOpenReadOnly",
        error,
        is_disconnected: true,
    })?;
    *driver() = Some(session.driver().clone());
    Ok(session)
}

/// The failure of a call. Closes the session if its connection is lost.
fn failure((call, error): FailedCall, slot: &mut Option<Session>) -> Failure {
    let is_disconnected = slot.as_ref().is_none_or(|session| !session.is_alive());
    if is_disconnected {
        *slot = None;
    }
    Failure {
        call,
        error,
        is_disconnected,
    }
}
