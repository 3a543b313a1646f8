//! What the toolstack told by itself, beside what two readings show: a pure function of both.

mod transitions;

use std::borrow::Cow;

use virtmon_model::{
    DeviceClass, Domain, Identity, Notification, NotificationKind, Snapshot, Uuid,
};

use crate::event::Value;
use crate::event::{Event, EventKind};

/// What was told and no reading has shown yet.
#[derive(Debug, Default)]
pub struct Told {
    kept: Vec<Notification>,
}

impl Told {
    /// Completes the events between two readings. Those that the readings show learn reason and when
    /// they came about; what came and went between the two, and what no reading shows, is added.
    ///
    /// What happened while the second one was made, and is not in it, is kept for the next.
    pub fn complete(
        &mut self,
        notifications: Vec<Notification>,
        before: &Snapshot,
        now: &Snapshot,
        events: &mut Vec<Event>,
    ) {
        let shown = events.len();
        let old = self.kept.len();
        let mut all = std::mem::take(&mut self.kept);
        all.extend(notifications);
        for (n, notification) in all.iter().enumerate() {
            let place = Place {
                shown,
                is_new: n >= old,
                later: &all[n + 1..],
                before: find(before, notification.uuid),
                now: find(now, notification.uuid),
            };
            if place.takes(notification, events) == Taken::Later {
                self.kept.push(notification.clone());
            }
        }
    }
}

/// Where a notification stands between two readings.
struct Place<'a> {
    /// How many events the readings show by themselves.
    shown: usize,
    /// Whether it was not told before the reading before this one already.
    is_new: bool,
    /// What was told after it.
    later: &'a [Notification],
    /// The domain in both readings.
    before: Option<&'a Domain>,
    now: Option<&'a Domain>,
}

/// What becomes of a notification.
#[derive(PartialEq, Eq)]
enum Taken {
    /// It is told, or there is nothing to tell.
    Now,
    /// The next reading may show it.
    Later,
}

impl Place<'_> {
    fn takes(&self, notification: &Notification, events: &mut Vec<Event>) -> Taken {
        match &notification.kind {
            NotificationKind::Started => self.started(notification, events),
            NotificationKind::Stopped => self.stopped(notification, events),
            NotificationKind::Reset => self.reset(notification, events),
            NotificationKind::Paused => self.paused(notification, true, events),
            NotificationKind::Resumed => self.paused(notification, false, events),
            NotificationKind::DeviceAdded(class, name) => {
                self.device(notification, (*class, name), true, events)
            }
            NotificationKind::DeviceRemoved(class, name) => {
                self.device(notification, (*class, name), false, events)
            }
            NotificationKind::Memory(bytes) => self.memory(notification, *bytes, events),
            NotificationKind::MemoryCopy(pass) => self.copying(notification, *pass, events),
        }
    }

    fn started(&self, notification: &Notification, events: &mut Vec<Event>) -> Taken {
        let shows = [EventKind::Created, EventKind::Rebooted];
        if explain(&mut events[..self.shown], notification, &shows, "")
            || self.before.is_some()
            || self.now.is_some()
        {
            return Taken::Now;
        }
        if self.is_followed_by(notification.uuid, &NotificationKind::Stopped) {
            events.push(passing(EventKind::Created, notification, notification.id));
            return Taken::Now;
        }
        self.later_if(true)
    }

    fn stopped(&self, notification: &Notification, events: &mut Vec<Event>) -> Taken {
        let shows = [EventKind::Destroyed, EventKind::Rebooted];
        if explain(&mut events[..self.shown], notification, &shows, "") {
            return Taken::Now;
        }
        let began = self.added(events, notification.uuid, EventKind::Created, "");
        if let Some(id) = began.and_then(|event| event.identity) {
            events.push(passing(EventKind::Destroyed, notification, Some(id.id)));
            return Taken::Now;
        }
        self.later_if(self.now.is_some())
    }

    /// One reset may be told several times: libvirt does so where it has found its QEMU again after
    /// a restart of its own.
    fn reset(&self, notification: &Notification, events: &mut Vec<Event>) -> Taken {
        let is_told = self.added(events, notification.uuid, EventKind::Rebooted, "");
        if is_told.is_none()
            && let Some(domain) = self.now
        {
            let id = Value::Number(domain.identity.id.into());
            let event = Event::of(domain, EventKind::Rebooted, id.clone(), id);
            let event = event.because("it was reset: its counters go on");
            events.push(event.told_at(notification.mono_ns));
        }
        Taken::Now
    }

    /// An event of this kind that a notification has added, of this domain and device.
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

    fn is_followed_by(&self, uuid: Uuid, kind: &NotificationKind) -> bool {
        let is_it =
            |notification: &Notification| notification.uuid == uuid && notification.kind == *kind;
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

/// Adds reason and when it came about to an event of these kinds that is the same domain's and device's.
/// Says whether there is one.
fn explain(
    events: &mut [Event],
    notification: &Notification,
    kinds: &[EventKind],
    device: &str,
) -> bool {
    let event = events.iter_mut().find(|event| {
        kinds.contains(&event.kind) && is_of(event, notification.uuid) && event.device == device
    });
    let Some(event) = event else { return false };
    event.told_ns = Some(notification.mono_ns);
    if event.cause.is_empty() {
        event.cause = Cow::Borrowed(notification.reason);
    } else if !notification.reason.is_empty() && !event.cause.ends_with(notification.reason) {
        event.cause = Cow::Owned(format!("{}; {}", event.cause, notification.reason));
    }
    true
}

/// An event of a domain that no reading has.
fn passing(kind: EventKind, notification: &Notification, id: Option<u32>) -> Event {
    Event {
        identity: Some(Identity {
            id: id.unwrap_or_default(),
            uuid: notification.uuid,
            incarnation: None,
        }),
        name: notification.name.clone(),
        ..Event::host(kind, Cow::Borrowed(notification.reason)).told_at(notification.mono_ns)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod transitions_tests;
