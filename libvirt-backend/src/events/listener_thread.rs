//! The thread that opens the connection for events, and makes notifications of them.

use std::sync::{Arc, Mutex, PoisonError};

use virtmon_model::{Notification, NotificationKind, Uuid, name_from_bytes};

use super::aliases::DeviceAliases;
use super::lifecycle;
use crate::connection::target::Target;
use crate::ffi::bindings::VIR_ERR_NO_SUPPORT;
use crate::ffi::event_queue::{DomainEvent, EventKind, EventQueue, MAX_EVENTS};
use crate::ffi::subscription::Subscription;

/// The state of the listener's thread.
pub(super) struct ListenerThread {
    target: Target,
    events: Arc<EventQueue>,
    notifications: Arc<Mutex<Vec<Notification>>>,
    subscription: Option<Subscription>,
    aliases: DeviceAliases,
}

impl ListenerThread {
    /// A listener without a connection.
    pub(super) fn new(
        target: Target,
        events: Arc<EventQueue>,
        notifications: Arc<Mutex<Vec<Notification>>>,
    ) -> Self {
        Self {
            target,
            events,
            notifications,
            subscription: None,
            aliases: DeviceAliases::default(),
        }
    }

    /// Handles events until the queue is closed, or until the driver turns out to have no events.
    pub(super) fn run(mut self) {
        while let Some(events) = self.events.recv() {
            for event in events {
                self.handle(event);
            }
            if self
                .subscription
                .as_ref()
                .is_some_and(Subscription::is_alive)
            {
                continue;
            }
            // The lost connection is closed first, so that there are never two.
            self.subscription = None;
            let (library, uri) = (self.target.library, self.target.uri.as_deref());
            match Subscription::open(library, uri, &self.events) {
                Ok(subscription) => {
                    self.subscription = Some(subscription);
                    self.read_all_devices();
                }
                Err(error) if error.code() == VIR_ERR_NO_SUPPORT => return,
                // The workers report the daemon's errors.
                Err(_) => {}
            }
        }
    }

    /// Makes a notification of an event, if it has one.
    fn handle(&mut self, event: DomainEvent) {
        let uuid = event.uuid;
        let Some((kind, reason)) = self.notification(uuid, event.kind) else {
            return;
        };
        if kind == NotificationKind::Stopped {
            self.aliases.remove_domain(uuid);
        }
        let has_started = kind == NotificationKind::Started;
        self.push(Notification {
            kind,
            mono_ns: event.mono_ns,
            uuid,
            id: event.id,
            name: (!event.name.is_empty()).then(|| name_from_bytes(&event.name)),
            reason,
        });
        // After the notification, which must not wait for the call.
        if has_started {
            self.read_devices(uuid);
        }
    }

    fn notification(
        &mut self,
        uuid: Uuid,
        kind: EventKind,
    ) -> Option<(NotificationKind, &'static str)> {
        Some(match kind {
            EventKind::Lifecycle(event, detail) => return lifecycle::notification(event, detail),
            EventKind::Reset => (NotificationKind::Reset, ""),
            EventKind::DeviceAdded(alias) => {
                self.read_devices(uuid);
                let (class, name) = self.aliases.resolve(uuid, alias);
                (NotificationKind::DeviceAdded(class, name), "")
            }
            EventKind::DeviceRemoved(alias) => {
                let (class, name) = self.aliases.remove(uuid, alias);
                (NotificationKind::DeviceRemoved(class, name), "")
            }
            EventKind::Balloon(kib) => {
                (NotificationKind::Memory(kib << 10), "its balloon has moved")
            }
            EventKind::MigrationIteration(pass) => (
                NotificationKind::MemoryCopy(pass),
                "its memory is copied: a migration, a save, a snapshot or a dump",
            ),
        })
    }

    fn push(&self, notification: Notification) {
        let mut notifications = self
            .notifications
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if notifications.len() < MAX_EVENTS {
            notifications.push(notification);
        }
    }

    /// Reads the aliases of a domain's devices, if the domain still exists.
    fn read_devices(&mut self, uuid: Uuid) {
        let Some(subscription) = &self.subscription else {
            return;
        };
        if let Ok(found) = subscription.connection().find(uuid)
            && let Ok(xml) = found.domain().xml()
        {
            self.aliases.update(uuid, &xml);
        }
    }

    /// Reads the aliases of all domains' devices, on a new connection.
    fn read_all_devices(&mut self) {
        self.aliases = DeviceAliases::default();
        let Some(subscription) = &self.subscription else {
            return;
        };
        let Ok(domains) = subscription.connection().active_domains() else {
            return;
        };
        for domain in (0..domains.len()).map(|index| domains.get(index).domain) {
            if let Ok(xml) = domain.xml() {
                self.aliases.update(domain.uuid(), &xml);
            }
        }
    }
}
