//! Changes within the life of a domain: pause and resume, devices, memory.

use virtmon_model::{Devices, State};

use crate::notifications::{
    Context, DeviceClass, Disposition, Domain, Event, EventKind, Notification, NotificationKind,
    Value, explain, is_of, transient_event,
};

/// Cause of an event that no sample shows.
const BETWEEN_SAMPLES: &str = "no sample shows it";

/// One of two opposite changes, and its reverse.
struct Transition<'a> {
    kind: EventKind,
    device: &'a str,
    reverse: (NotificationKind, EventKind),
    /// True if the first or the second sample shows the domain after the change; `None` if unknown.
    before: Option<bool>,
    now: Option<bool>,
}

impl Context<'_> {
    /// Applies a pause (`to` is true) or a resume.
    pub(super) fn paused(
        &self,
        notification: &Notification,
        to: bool,
        events: &mut Vec<Event>,
    ) -> Disposition {
        let (kind, reverse) = match to {
            true => (
                EventKind::Paused,
                (NotificationKind::Resumed, EventKind::Resumed),
            ),
            false => (
                EventKind::Resumed,
                (NotificationKind::Paused, EventKind::Paused),
            ),
        };
        let at = |domain: &Domain| (domain.state == State::Paused) == to;
        let change = Transition {
            kind,
            device: "",
            reverse,
            before: self.before.map(at),
            now: self.now.map(at),
        };
        self.transition(notification, &change, events)
    }

    /// Applies the arrival (`added` is true) or the removal of a device.
    pub(super) fn device(
        &self,
        notification: &Notification,
        (class, name): (DeviceClass, &str),
        is_added: bool,
        events: &mut Vec<Event>,
    ) -> Disposition {
        let [added, removed] = match class {
            DeviceClass::Nic => [EventKind::NicAdded, EventKind::NicRemoved],
            DeviceClass::Disk => [EventKind::DiskAdded, EventKind::DiskRemoved],
            DeviceClass::Other => [EventKind::DeviceAdded, EventKind::DeviceRemoved],
        };
        let device = name.to_owned();
        let (kind, reverse) = match is_added {
            true => (
                added,
                (NotificationKind::DeviceRemoved(class, device), removed),
            ),
            false => (
                removed,
                (NotificationKind::DeviceAdded(class, device), added),
            ),
        };
        if class == DeviceClass::Other {
            events.push(self.between_samples(kind, notification).about(name));
            return Disposition::Done;
        }
        let at = |domain: &Domain| Some(has(domain, class, name)? == is_added);
        let change = Transition {
            kind,
            device: name,
            reverse,
            before: self.before.and_then(at),
            now: self.now.and_then(at),
        };
        self.transition(notification, &change, events)
    }

    fn transition(
        &self,
        notification: &Notification,
        change: &Transition<'_>,
        events: &mut Vec<Event>,
    ) -> Disposition {
        let (kind, device) = (change.kind, change.device);
        if explain(&mut events[..self.sampled], notification, &[kind], device) {
            return Disposition::Done;
        }
        // A difference at the start or the end of the domain is not a change.
        let (Some(_), Some(now)) = (self.before, self.now) else {
            return Disposition::Done;
        };
        let (reverse, reverse_kind) = &change.reverse;
        let reversed = self.added(events, notification.uuid, *reverse_kind, device);
        if reversed.is_none() {
            if change.before == Some(true) {
                // An earlier sample showed it.
                return Disposition::Done;
            }
            // The devices of a stale row are those of an earlier sample.
            if now.stale_ns > 0 && !device.is_empty() {
                return Disposition::Defer;
            }
            let is_over =
                change.now == Some(true) || self.is_followed_by(notification.uuid, reverse);
            if self.is_new && !is_over {
                return Disposition::Defer;
            }
        }
        events.push(self.between_samples(kind, notification).about(device));
        Disposition::Done
    }

    /// Applies a change of the memory held.
    pub(super) fn memory(
        &self,
        notification: &Notification,
        bytes: u64,
        events: &mut Vec<Event>,
    ) -> Disposition {
        let kind = EventKind::MemoryChanged;
        if explain(&mut events[..self.sampled], notification, &[kind], "") {
            return Disposition::Done;
        }
        let (Some(before), Some(now)) = (self.before, self.now) else {
            return Disposition::Done;
        };
        if [before, now]
            .map(|domain| domain.mem_bytes)
            .contains(&Some(bytes))
        {
            // A sample has this value, so the samples show the change.
            return Disposition::Done;
        }
        if self.is_new || now.stale_ns > 0 {
            return Disposition::Defer;
        }
        let mut event = self.between_samples(kind, notification);
        event.new = Value::Number(bytes);
        events.push(event);
        Disposition::Done
    }

    /// Applies a pass over the memory. The last of several passes has the event.
    pub(super) fn memory_copy(
        &self,
        notification: &Notification,
        pass: u32,
        events: &mut Vec<Event>,
    ) -> Disposition {
        let kind = EventKind::MemoryCopy;
        let mut added = events[self.sampled..].iter();
        let old = added.position(|event| event.kind == kind && is_of(event, notification.uuid));
        if let Some(old) = old {
            events.remove(self.sampled + old);
        }
        let mut event = self.event(kind, notification);
        event.new = Value::Number(pass.into());
        events.push(event);
        Disposition::Done
    }

    fn between_samples(&self, kind: EventKind, notification: &Notification) -> Event {
        let event = self.event(kind, notification);
        match notification.reason {
            "" => event.because(BETWEEN_SAMPLES),
            reason => event.because(format!("{reason}; {BETWEEN_SAMPLES}")),
        }
    }

    fn event(&self, kind: EventKind, notification: &Notification) -> Event {
        let Some(domain) = self.now.or(self.before) else {
            return transient_event(kind, notification, notification.id);
        };
        let event = Event::of(domain, kind, Value::Nothing, Value::Nothing);
        event
            .because(notification.reason)
            .notified_at(notification.mono_ns)
    }
}

/// True if a sample has this device; `None` if the list of devices is incomplete.
fn has(domain: &Domain, class: DeviceClass, name: &str) -> Option<bool> {
    fn among<D: Default>(devices: &Devices<D>, matches: impl Fn(&D) -> bool) -> Option<bool> {
        let found = devices.rows.iter().any(matches);
        (found || devices.complete).then_some(found)
    }
    match class {
        DeviceClass::Nic => among(&domain.nics, |nic| nic.name == name),
        DeviceClass::Disk => among(&domain.disks, |disk| disk.name == name),
        DeviceClass::Other => None,
    }
}
