//! What changes in a domain's life, beside the readings at both ends.

use virtmon_model::{Devices, State};

use crate::notifications::{
    DeviceClass, Domain, Event, EventKind, Notification, NotificationKind, Place, Taken, Value,
    explain, is_of, passing,
};

/// Why a row is there that two readings don't make.
const UNSEEN: &str = "no reading shows it";

/// One of two opposite turns, as an event, and the opposite.
struct Turn<'a> {
    kind: EventKind,
    device: &'a str,
    back: (NotificationKind, EventKind),
    /// Whether it had been made at the readings, where they tell.
    was: Option<bool>,
    is: Option<bool>,
}

impl Place<'_> {
    /// Paused, or resumed.
    pub(super) fn paused(
        &self,
        notification: &Notification,
        to: bool,
        events: &mut Vec<Event>,
    ) -> Taken {
        let (kind, back) = match to {
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
        let turn = Turn {
            kind,
            device: "",
            back,
            was: self.before.map(at),
            is: self.now.map(at),
        };
        self.turned(notification, &turn, events)
    }

    /// A device that came, or went.
    pub(super) fn device(
        &self,
        notification: &Notification,
        (class, name): (DeviceClass, &str),
        came: bool,
        events: &mut Vec<Event>,
    ) -> Taken {
        let [added, removed] = match class {
            DeviceClass::Nic => [EventKind::NicAdded, EventKind::NicRemoved],
            DeviceClass::Disk => [EventKind::DiskAdded, EventKind::DiskRemoved],
            DeviceClass::Other => [EventKind::DeviceAdded, EventKind::DeviceRemoved],
        };
        let device = name.to_owned();
        let (kind, back) = match came {
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
            events.push(self.unseen(kind, notification).about(name));
            return Taken::Now;
        }
        let at = |domain: &Domain| Some(has(domain, class, name)? == came);
        let turn = Turn {
            kind,
            device: name,
            back,
            was: self.before.and_then(at),
            is: self.now.and_then(at),
        };
        self.turned(notification, &turn, events)
    }

    fn turned(
        &self,
        notification: &Notification,
        turn: &Turn<'_>,
        events: &mut Vec<Event>,
    ) -> Taken {
        let (kind, device) = (turn.kind, turn.device);
        if explain(&mut events[..self.shown], notification, &[kind], device) {
            return Taken::Now;
        }
        // What it had as it began, and lost as it ended, is no change.
        let (Some(_), Some(now)) = (self.before, self.now) else {
            return Taken::Now;
        };
        let (back, back_kind) = &turn.back;
        let comes_back = self.added(events, notification.uuid, *back_kind, device);
        if comes_back.is_none() {
            if turn.was == Some(true) {
                // An earlier reading showed it.
                return Taken::Now;
            }
            // A stale row has the devices of before.
            if now.stale_ns > 0 && !device.is_empty() {
                return Taken::Later;
            }
            let is_over = turn.is == Some(true) || self.is_followed_by(notification.uuid, back);
            if self.is_new && !is_over {
                return Taken::Later;
            }
        }
        events.push(self.unseen(kind, notification).about(device));
        Taken::Now
    }

    /// What it holds.
    pub(super) fn memory(
        &self,
        notification: &Notification,
        bytes: u64,
        events: &mut Vec<Event>,
    ) -> Taken {
        let kind = EventKind::MemoryChanged;
        if explain(&mut events[..self.shown], notification, &[kind], "") {
            return Taken::Now;
        }
        let (Some(before), Some(now)) = (self.before, self.now) else {
            return Taken::Now;
        };
        if [before, now]
            .map(|domain| domain.mem_bytes)
            .contains(&Some(bytes))
        {
            // It is so in a reading, which showed it.
            return Taken::Now;
        }
        if self.is_new || now.stale_ns > 0 {
            return Taken::Later;
        }
        let mut event = self.unseen(kind, notification);
        event.new = Value::Number(bytes);
        events.push(event);
        Taken::Now
    }

    /// A pass over its memory. Of several the last is told.
    pub(super) fn copying(
        &self,
        notification: &Notification,
        pass: u32,
        events: &mut Vec<Event>,
    ) -> Taken {
        let kind = EventKind::MemoryCopy;
        let mut added = events[self.shown..].iter();
        let old = added.position(|event| event.kind == kind && is_of(event, notification.uuid));
        if let Some(old) = old {
            events.remove(self.shown + old);
        }
        let mut event = self.event(kind, notification);
        event.new = Value::Number(pass.into());
        events.push(event);
        Taken::Now
    }

    fn unseen(&self, kind: EventKind, notification: &Notification) -> Event {
        let event = self.event(kind, notification);
        match notification.reason {
            "" => event.because(UNSEEN),
            reason => event.because(format!("{reason}; {UNSEEN}")),
        }
    }

    fn event(&self, kind: EventKind, notification: &Notification) -> Event {
        let Some(domain) = self.now.or(self.before) else {
            return passing(kind, notification, notification.id);
        };
        let event = Event::of(domain, kind, Value::Nothing, Value::Nothing);
        event
            .because(notification.reason)
            .told_at(notification.mono_ns)
    }
}

/// Whether a reading has this device, where that can be told.
fn has(domain: &Domain, class: DeviceClass, name: &str) -> Option<bool> {
    fn among<D: Default>(devices: &Devices<D>, is_it: impl Fn(&D) -> bool) -> Option<bool> {
        let found = devices.rows.iter().any(is_it);
        (found || devices.complete).then_some(found)
    }
    match class {
        DeviceClass::Nic => among(&domain.nics, |nic| nic.name == name),
        DeviceClass::Disk => among(&domain.disks, |disk| disk.name == name),
        DeviceClass::Other => None,
    }
}
