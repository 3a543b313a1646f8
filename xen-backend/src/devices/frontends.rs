//! Which devices a domain has: the frontends that xenstore lists, kept by a watch.
//!
//! A watch on `/local/domain/<domid>/device` fires at once and then at every change below it.
//! The guest itself writes there while its drivers start, but can make no device: only a change
//! of a device's own directory, or of one above, has the list read again.

use std::io;
use std::time::{Duration, Instant};

use virtmon_model::name_from_bytes;
use xen_sys::xs_wire;

use super::class::{Kind, Listing};
use super::guest::Guest;
use crate::xenstore::{Connection, Message, Still};

/// How long the first sample may wait for the lists: there is no tick yet that it could delay.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How long a later one may wait for those of domains that are new.
const WAIT: Duration = Duration::from_millis(10);
/// How long to leave a xenstore alone that could not be reached.
const RETRY: Duration = Duration::from_secs(10);

/// A question that xenstore has not answered.
struct Asked {
    request: u32,
    serial: u32,
    question: Question,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    /// The devices of one kind.
    List(Kind),
    /// What is behind a disk.
    Path(u32),
}

/// xenstore, asked for devices.
pub(crate) struct Frontends {
    connection: Option<Connection>,
    retry_at: Instant,
    asked: Vec<Asked>,
    /// What a watch has said is to be listed again.
    stale: Vec<(u32, Kind)>,
    last_request: u32,
    /// How long the next sample may wait.
    patience: Duration,
    /// Whether some guest's devices have never been told.
    waiting: bool,
}

impl Frontends {
    pub(crate) fn over(connection: Option<Connection>) -> Self {
        Self {
            connection,
            retry_at: Instant::now() + RETRY,
            asked: Vec::new(),
            stale: Vec::new(),
            last_request: 0,
            patience: FIRST_WAIT,
            waiting: false,
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// Begins to follow a domain's devices.
    pub(crate) fn meet(&mut self, guest: &mut Guest) {
        if !guest.has_frontends() {
            return;
        }
        guest.set_listing(Listing::Waiting);
        self.waiting = true;
        self.watch(xs_wire::WATCH, guest);
    }

    /// Ends it.
    pub(crate) fn forget(&mut self, guest: &Guest) {
        if guest.has_frontends() {
            self.watch(xs_wire::UNWATCH, guest);
        }
        self.asked.retain(|asked| asked.serial != guest.serial);
        self.stale.retain(|(serial, _)| *serial != guest.serial);
    }

    fn watch(&mut self, kind: u32, guest: &Guest) {
        if let Some(connection) = &mut self.connection {
            let path = format!("/local/domain/{}/device", guest.identity.id);
            connection.queue(kind, 0, &[&path, &guest.serial.to_string()]);
        }
    }

    /// Takes the answers and asks what is to be asked. Says whether any list may have changed.
    pub(crate) fn exchange(&mut self, guests: &mut [Guest], still: Still<'_>) -> bool {
        let changed = self.talk(guests, still);
        if changed.is_err() {
            self.connection = None;
            self.retry_at = Instant::now() + RETRY;
            // Nobody tells of changes any more.
            for guest in guests.iter_mut() {
                guest.set_listing(Listing::Unknown);
            }
        }
        if self.connection.is_none() && Instant::now() >= self.retry_at {
            self.reconnect(guests);
        }
        changed.unwrap_or(true)
    }

    fn reconnect(&mut self, guests: &mut [Guest]) {
        self.retry_at = Instant::now() + RETRY;
        self.asked.clear();
        self.stale.clear();
        self.connection = Connection::open().ok();
        if self.connection.is_some() {
            self.patience = WAIT;
            for guest in guests {
                self.meet(guest);
            }
        }
    }

    /// As with names, a xenstore that let the time pass once is not waited for again until it has
    /// answered all: it costs a tick once, not every tick.
    fn talk(&mut self, guests: &mut [Guest], still: Still<'_>) -> io::Result<bool> {
        let mut until = None;
        let mut changed = false;
        loop {
            let Some(connection) = &mut self.connection else {
                return Ok(changed);
            };
            connection.receive()?;
            while let Some(message) = self
                .connection
                .as_mut()
                .map_or(Ok(None), Connection::take)?
            {
                changed |= self.heed(guests, &message, still);
            }
            self.ask_lists(guests);
            if let Some(connection) = &mut self.connection {
                connection.send()?;
            }
            if self.waiting {
                self.waiting = guests.iter().any(Guest::is_waiting);
            }
            if self.asked.is_empty() && !self.waiting {
                self.patience = WAIT;
                return Ok(changed);
            }
            if self.patience.is_zero() {
                return Ok(changed);
            }
            let until = *until.get_or_insert_with(|| Instant::now() + self.patience);
            let waited = self
                .connection
                .as_ref()
                .map(|c| c.wait(until))
                .transpose()?;
            if waited != Some(true) {
                self.patience = Duration::ZERO;
                return Ok(changed);
            }
        }
    }

    /// Acts on one message. Says whether it was a list.
    fn heed(&mut self, guests: &mut [Guest], message: &Message, still: Still<'_>) -> bool {
        match message.kind {
            xs_wire::WATCH_EVENT => {
                let mut parts = message.payload.split(|&byte| byte == 0);
                let (path, token) = (parts.next(), parts.next());
                let token = token.and_then(|token| std::str::from_utf8(token).ok());
                if let (Some(path), Some(Ok(serial))) = (path, token.map(str::parse)) {
                    let guest = guests.iter().find(|guest| guest.serial == serial);
                    for kind in Kind::ALL {
                        let known = |devid| guest.is_some_and(|g| g.has(kind, devid));
                        if concerns(path, kind, known) && !self.stale.contains(&(serial, kind)) {
                            self.stale.push((serial, kind));
                        }
                    }
                }
                false
            }
            xs_wire::DIRECTORY | xs_wire::READ | xs_wire::ERROR => {
                let place = self.asked.iter().position(|a| a.request == message.request);
                let Some(asked) = place.map(|place| self.asked.swap_remove(place)) else {
                    return false;
                };
                match guests.iter_mut().find(|g| g.serial == asked.serial) {
                    Some(guest) if still(guest.identity) => {
                        self.answered(guest, asked.question, message)
                    }
                    // The next list of domains has it no more.
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn answered(&mut self, guest: &mut Guest, question: Question, message: &Message) -> bool {
        match (question, message.kind) {
            (Question::List(kind), xs_wire::DIRECTORY) => guest.list(kind, &message.payload),
            // No such directory: no such device.
            (Question::List(kind), _) if message.payload.starts_with(b"ENOENT") => {
                guest.list(kind, b"");
            }
            (Question::List(Kind::Vif), _) => guest.vifs.listing = Listing::Unknown,
            (Question::List(Kind::Vbd), _) => guest.vbds.listing = Listing::Unknown,
            (Question::Path(devid), xs_wire::READ) => {
                for slot in guest.vbds.slots.iter_mut().filter(|s| s.devid == devid) {
                    slot.path.clear();
                    slot.path.push_str(&name_from_bytes(&message.payload));
                }
            }
            (Question::Path(_), _) => {}
        }
        if question == Question::List(Kind::Vbd) {
            for slot in &guest.vbds.slots {
                self.ask_path(guest, slot.devid);
            }
        }
        matches!(question, Question::List(_))
    }

    /// Asks for the lists that are to be read again, one question at a time for each.
    fn ask_lists(&mut self, guests: &[Guest]) {
        let mut at = 0;
        while let Some(&(serial, kind)) = self.stale.get(at) {
            let question = Question::List(kind);
            if self
                .asked
                .iter()
                .any(|a| a.serial == serial && a.question == question)
            {
                at += 1;
                continue;
            }
            self.stale.swap_remove(at);
            // A token that is not there any more is of a domain that is gone.
            if let Some(guest) = guests.iter().find(|guest| guest.serial == serial) {
                let domid = guest.identity.id;
                let path = format!("/local/domain/{domid}/device/{}", kind.word());
                self.ask(xs_wire::DIRECTORY, serial, question, &path);
            }
        }
    }

    /// A path without a slash in front is below this domain's own: its backends.
    fn ask_path(&mut self, guest: &Guest, devid: u32) {
        let path = format!("backend/vbd/{}/{devid}/params", guest.identity.id);
        self.ask(xs_wire::READ, guest.serial, Question::Path(devid), &path);
    }

    fn ask(&mut self, kind: u32, serial: u32, question: Question, path: &str) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        self.last_request = self.last_request.wrapping_add(1).max(1);
        connection.queue(kind, self.last_request, &[path]);
        self.asked.push(Asked {
            request: self.last_request,
            serial,
            question,
        });
    }
}

/// Whether a change of this path can change the list of one kind: `/local/domain/3/device` and
/// what is above, its `vif`, a device in that, or anything in one that is not known yet: a toolstack
/// that writes the leaves alone has no event for the device itself.
fn concerns(path: &[u8], kind: Kind, known: impl Fn(u32) -> bool) -> bool {
    let mut words = path.split(|&byte| byte == b'/').skip(4);
    match (words.next(), words.next(), words.next(), words.next()) {
        (None, ..) | (Some(b"device"), None, ..) => true,
        (Some(b"device"), Some(word), devid, deeper) if word == kind.word().as_bytes() => {
            let devid = devid.and_then(|devid| std::str::from_utf8(devid).ok()?.parse().ok());
            deeper.is_none() || devid.is_some_and(|devid| !known(devid))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_guests_driver_writes_is_passed_over() {
        let concerned =
            |path: &str| Kind::ALL.map(|kind| concerns(path.as_bytes(), kind, |devid| devid != 7));
        assert_eq!(concerned("/local/domain/3"), [true, true]);
        assert_eq!(concerned("/local/domain/3/device"), [true, true]);
        assert_eq!(concerned("/local/domain/3/device/vif"), [true, false]);
        assert_eq!(concerned("/local/domain/3/device/vbd/51712"), [false, true]);
        for path in [
            "vbd/51712/state",
            "vif/0/ring-ref/0",
            "console",
            "console/0",
        ] {
            let path = format!("/local/domain/3/device/{path}");
            assert_eq!(concerned(&path), [false, false]);
        }
        assert_eq!(
            concerned("/local/domain/3/device/vbd/7/state"),
            [false, true]
        );
        assert_eq!(concerned("/local/domain/3/name"), [false, false]);
    }
}
