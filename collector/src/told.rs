//! What the toolstack told by itself, beside what two readings show: a pure function of both.

mod between;

use std::borrow::Cow;

use virtmon_model::{DeviceClass, Domain, Identity, Notice, NoticeKind, Snapshot, Uuid};

use crate::event::Value;
use crate::{Event, EventKind};

/// What was told and no reading has shown yet.
#[derive(Debug, Default)]
pub(crate) struct Told {
    kept: Vec<Notice>,
}

impl Told {
    /// Completes the events between two readings. Those that the readings show learn how and when
    /// they came about; what came and went between the two, and what no reading shows, is added.
    ///
    /// What happened while the second one was made, and is not in it, is kept for the next.
    pub(crate) fn complete(
        &mut self,
        notices: Vec<Notice>,
        before: &Snapshot,
        now: &Snapshot,
        events: &mut Vec<Event>,
    ) {
        let shown = events.len();
        let old = self.kept.len();
        let mut all = std::mem::take(&mut self.kept);
        all.extend(notices);
        for (n, notice) in all.iter().enumerate() {
            let place = Place {
                shown,
                is_new: n >= old,
                later: &all[n + 1..],
                before: find(before, notice.uuid),
                now: find(now, notice.uuid),
            };
            if place.takes(notice, events) == Taken::Later {
                self.kept.push(notice.clone());
            }
        }
    }
}

/// Where a notice stands between two readings.
struct Place<'a> {
    /// How many events the readings show by themselves.
    shown: usize,
    /// Whether it was not told before the reading before this one already.
    is_new: bool,
    /// What was told after it.
    later: &'a [Notice],
    /// The domain in both readings.
    before: Option<&'a Domain>,
    now: Option<&'a Domain>,
}

/// What becomes of a notice.
#[derive(PartialEq, Eq)]
enum Taken {
    /// It is told, or there is nothing to tell.
    Now,
    /// The next reading may show it.
    Later,
}

impl Place<'_> {
    fn takes(&self, notice: &Notice, events: &mut Vec<Event>) -> Taken {
        match &notice.kind {
            NoticeKind::Started => self.started(notice, events),
            NoticeKind::Stopped => self.stopped(notice, events),
            NoticeKind::Reset => self.reset(notice, events),
            NoticeKind::Paused => self.paused(notice, true, events),
            NoticeKind::Resumed => self.paused(notice, false, events),
            NoticeKind::DeviceAdded(class, name) => {
                self.device(notice, (*class, name), true, events)
            }
            NoticeKind::DeviceRemoved(class, name) => {
                self.device(notice, (*class, name), false, events)
            }
            NoticeKind::Memory(bytes) => self.memory(notice, *bytes, events),
            NoticeKind::Copying(pass) => self.copying(notice, *pass, events),
        }
    }

    fn started(&self, notice: &Notice, events: &mut Vec<Event>) -> Taken {
        let shows = [EventKind::Created, EventKind::Rebooted];
        if explain(&mut events[..self.shown], notice, &shows, "")
            || self.before.is_some()
            || self.now.is_some()
        {
            return Taken::Now;
        }
        if self.is_followed_by(notice.uuid, &NoticeKind::Stopped) {
            events.push(passing(EventKind::Created, notice, notice.id));
            return Taken::Now;
        }
        self.later_if(true)
    }

    fn stopped(&self, notice: &Notice, events: &mut Vec<Event>) -> Taken {
        let shows = [EventKind::Destroyed, EventKind::Rebooted];
        if explain(&mut events[..self.shown], notice, &shows, "") {
            return Taken::Now;
        }
        let began = self.added(events, notice.uuid, EventKind::Created, "");
        if let Some(id) = began.and_then(|event| event.identity) {
            events.push(passing(EventKind::Destroyed, notice, Some(id.id)));
            return Taken::Now;
        }
        self.later_if(self.now.is_some())
    }

    /// One reset may be told several times: libvirt does so where it has found its QEMU again after
    /// a restart of its own.
    fn reset(&self, notice: &Notice, events: &mut Vec<Event>) -> Taken {
        let is_told = self.added(events, notice.uuid, EventKind::Rebooted, "");
        if is_told.is_none()
            && let Some(domain) = self.now
        {
            let id = Value::Number(domain.identity.id.into());
            let event = Event::of(domain, EventKind::Rebooted, id.clone(), id);
            let event = event.because("it was reset: its counters go on");
            events.push(event.told_at(notice.mono_ns));
        }
        Taken::Now
    }

    /// An event of this kind that a notice has added, of this domain and device.
    fn added<'e>(
        &self,
        events: &'e [Event],
        uuid: Uuid,
        kind: EventKind,
        device: &str,
    ) -> Option<&'e Event> {
        let is_it =
            |event: &&Event| event.kind == kind && is_of(event, uuid) && event.device == device;
        events[self.shown..].iter().rev().find(is_it)
    }

    fn is_followed_by(&self, uuid: Uuid, kind: &NoticeKind) -> bool {
        let is_it = |notice: &Notice| notice.uuid == uuid && notice.kind == *kind;
        self.later.iter().any(is_it)
    }

    /// Once.
    fn later_if(&self, may_show: bool) -> Taken {
        match may_show && self.is_new {
            true => Taken::Later,
            false => Taken::Now,
        }
    }
}

fn is_of(event: &Event, uuid: Uuid) -> bool {
    event.identity.is_some_and(|identity| identity.uuid == uuid)
}

fn find(snapshot: &Snapshot, uuid: Uuid) -> Option<&Domain> {
    snapshot
        .domains
        .iter()
        .find(|domain| domain.identity.uuid == uuid)
}

/// Adds how and when it came about to an event of these kinds that is the same domain's and device's.
/// Says whether there is one.
fn explain(events: &mut [Event], notice: &Notice, kinds: &[EventKind], device: &str) -> bool {
    let event = events.iter_mut().find(|event| {
        kinds.contains(&event.kind) && is_of(event, notice.uuid) && event.device == device
    });
    let Some(event) = event else { return false };
    event.told_ns = Some(notice.mono_ns);
    if event.cause.is_empty() {
        event.cause = Cow::Borrowed(notice.how);
    } else if !notice.how.is_empty() && !event.cause.ends_with(notice.how) {
        event.cause = Cow::Owned(format!("{}; {}", event.cause, notice.how));
    }
    true
}

/// An event of a domain that no reading has.
fn passing(kind: EventKind, notice: &Notice, id: Option<u32>) -> Event {
    Event {
        identity: Some(Identity {
            id: id.unwrap_or_default(),
            uuid: notice.uuid,
            incarnation: None,
        }),
        name: notice.name.clone(),
        ..Event::host(kind, Cow::Borrowed(notice.how)).told_at(notice.mono_ns)
    }
}

#[cfg(test)]
mod between_tests;
#[cfg(test)]
mod tests;
