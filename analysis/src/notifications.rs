//! Merge of the notifications of a toolstack with the events that two samples show.

mod transitions;

use std::borrow::Cow;

use virtmon_model::{
    DeviceClass, Domain, Identity, Notification, NotificationKind, Snapshot, Uuid,
};

use crate::event::{Event, EventKind, Value};

/// Notifications that no sample has shown yet.
#[derive(Debug, Default)]
pub struct NotificationMerger {
    deferred: Vec<Notification>,
}

impl NotificationMerger {
    /// Merges notifications into the events between two samples. An event that the samples show gets
    /// its cause and its time. A change that no sample shows, or that was undone between the two,
    /// gets an event of its own.
    ///
    /// A change that happened while the second sample was made, and that the sample does not show, is
    /// deferred to the next one.
    pub fn merge(
        &mut self,
        notifications: Vec<Notification>,
        before: &Snapshot,
        now: &Snapshot,
        events: &mut Vec<Event>,
    ) {
        let sampled = events.len();
        let old = self.deferred.len();
        let mut all = std::mem::take(&mut self.deferred);
        all.extend(notifications);
        for (n, notification) in all.iter().enumerate() {
            let context = Context {
                sampled,
                is_new: n >= old,
                later: &all[n + 1..],
                before: find(before, notification.uuid),
                now: find(now, notification.uuid),
            };
            if context.apply(notification, events) == Disposition::Defer {
                self.deferred.push(notification.clone());
            }
        }
    }
}

/// Surroundings of a notification between two samples.
struct Context<'a> {
    /// Number of events that the samples show.
    sampled: usize,
    /// True if the notification arrived after the first of the two samples.
    is_new: bool,
    /// Notifications that arrived after it.
    later: &'a [Notification],
    /// The domain in the first and in the second sample.
    before: Option<&'a Domain>,
    now: Option<&'a Domain>,
}

/// Result of applying a notification.
#[derive(PartialEq, Eq)]
enum Disposition {
    /// The notification is in an event, or needs none.
    Done,
    /// The next sample may show the change.
    Defer,
}

impl Context<'_> {
    fn apply(&self, notification: &Notification, events: &mut Vec<Event>) -> Disposition {
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
            NotificationKind::MemoryCopy(pass) => self.memory_copy(notification, *pass, events),
        }
    }

    fn started(&self, notification: &Notification, events: &mut Vec<Event>) -> Disposition {
        let kinds = [EventKind::Created, EventKind::Rebooted];
        if explain(&mut events[..self.sampled], notification, &kinds, "")
            || self.before.is_some()
            || self.now.is_some()
        {
            return Disposition::Done;
        }
        if self.is_followed_by(notification.uuid, &NotificationKind::Stopped) {
            events.push(transient_event(
                EventKind::Created,
                notification,
                notification.id,
            ));
            return Disposition::Done;
        }
        self.defer_if(true)
    }

    fn stopped(&self, notification: &Notification, events: &mut Vec<Event>) -> Disposition {
        let kinds = [EventKind::Destroyed, EventKind::Rebooted];
        if explain(&mut events[..self.sampled], notification, &kinds, "") {
            return Disposition::Done;
        }
        let started = self.added(events, notification.uuid, EventKind::Created, "");
        if let Some(id) = started.and_then(|event| event.identity) {
            events.push(transient_event(
                EventKind::Destroyed,
                notification,
                Some(id.id),
            ));
            return Disposition::Done;
        }
        self.defer_if(self.now.is_some())
    }

    /// Applies a reset. libvirt may notify of one reset several times: it does so after its own
    /// restart, when it has connected to the QEMU again.
    fn reset(&self, notification: &Notification, events: &mut Vec<Event>) -> Disposition {
        let known = self.added(events, notification.uuid, EventKind::Rebooted, "");
        if known.is_none()
            && let Some(domain) = self.now
        {
            let id = Value::Number(domain.identity.id.into());
            let event = Event::of(domain, EventKind::Rebooted, id.clone(), id);
            let event = event.because("it was reset: its counters go on");
            events.push(event.notified_at(notification.mono_ns));
        }
        Disposition::Done
    }

    /// Event of this kind, domain and device that a notification has added.
    fn added<'e>(
        &self,
        events: &'e [Event],
        uuid: Uuid,
        kind: EventKind,
        device: &str,
    ) -> Option<&'e Event> {
        let matches =
            |event: &&Event| event.kind == kind && is_of(event, uuid) && event.device == device;
        events[self.sampled..].iter().rev().find(matches)
    }

    fn is_followed_by(&self, uuid: Uuid, kind: &NotificationKind) -> bool {
        let matches =
            |notification: &Notification| notification.uuid == uuid && notification.kind == *kind;
        self.later.iter().any(matches)
    }

    /// Defers a notification, at most once.
    fn defer_if(&self, may_show: bool) -> Disposition {
        match may_show && self.is_new {
            true => Disposition::Defer,
            false => Disposition::Done,
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

/// Adds the reason and the time of a notification to the event of the same domain and device that has
/// one of these kinds. Returns true if there is one.
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
    event.notified_ns = Some(notification.mono_ns);
    if event.cause.is_empty() {
        event.cause = Cow::Borrowed(notification.reason);
    } else if !notification.reason.is_empty() && !event.cause.ends_with(notification.reason) {
        event.cause = Cow::Owned(format!("{}; {}", event.cause, notification.reason));
    }
    true
}

/// Event of a domain that no sample contains.
fn transient_event(kind: EventKind, notification: &Notification, id: Option<u32>) -> Event {
    Event {
        identity: Some(Identity {
            id: id.unwrap_or_default(),
            uuid: notification.uuid,
            incarnation: None,
        }),
        name: notification.name.clone(),
        ..Event::host(kind, Cow::Borrowed(notification.reason)).notified_at(notification.mono_ns)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod transitions_tests;
