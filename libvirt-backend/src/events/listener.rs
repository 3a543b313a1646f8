//! Hears what libvirt tells by itself, on a connection of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::{io, mem, thread};

use virtmon_model::{Notification, NotificationKind, Uuid, name_from_bytes};

use crate::events::aliases::Aliases;
use crate::ffi::event_queue::{Heard, MOST, Told, What};
use crate::ffi::{
    self, Subscription, VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_STARTED,
    VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_SUSPENDED, VIR_ERR_NO_SUPPORT,
};
use crate::workers::worker::Target;

/// A thread that keeps a connection on which events come. Dropping it ends both.
pub(crate) struct Watch {
    heard: Arc<Heard>,
    notifications: Arc<Mutex<Vec<Notification>>>,
}

impl Watch {
    /// Starts it, and libvirt's event loop. To be called before the connections that it is about
    /// to have events on.
    pub(crate) fn start(target: Target) -> io::Result<Self> {
        ffi::run_loop(target.library)?;
        let heard = Arc::new(Heard::default());
        let notifications = Arc::new(Mutex::new(Vec::new()));
        let (told, ready) = (Arc::clone(&heard), Arc::clone(&notifications));
        thread::Builder::new()
            .name("virtmon-watch".into())
            .spawn(move || {
                let keeper = Keeper {
                    target,
                    heard: told,
                    notifications: ready,
                    subscription: None,
                    aliases: Aliases::default(),
                };
                keeper.keep();
            })?;
        let watch = Self {
            heard,
            notifications,
        };
        watch.nudge();
        Ok(watch)
    }

    /// Has the connection made anew if it is lost. Waits for nobody.
    pub(crate) fn nudge(&self) {
        self.heard.nudge();
    }

    /// What was told since the last call, oldest first.
    pub(crate) fn take(&self) -> Vec<Notification> {
        mem::take(
            &mut self
                .notifications
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.heard.end();
    }
}

/// The thread's own.
struct Keeper {
    target: Target,
    heard: Arc<Heard>,
    notifications: Arc<Mutex<Vec<Notification>>>,
    subscription: Option<Subscription>,
    aliases: Aliases,
}

impl Keeper {
    /// Until the end, or until the driver turns out to have no events.
    fn keep(mut self) {
        while let Some(told) = self.heard.wait() {
            for event in told {
                self.pass_on(event);
            }
            if self
                .subscription
                .as_ref()
                .is_some_and(Subscription::is_alive)
            {
                continue;
            }
            // The lost one first, so that there are never two.
            self.subscription = None;
            let (library, uri) = (self.target.library, self.target.uri.as_deref());
            match Subscription::open(library, uri, &self.heard) {
                Ok(open) => {
                    self.subscription = Some(open);
                    self.learn_all();
                }
                Err(fault) if fault.code() == VIR_ERR_NO_SUPPORT => return,
                // The readers say what is wrong with the daemon.
                Err(_) => {}
            }
        }
    }

    fn pass_on(&mut self, told: Told) {
        let uuid = told.uuid;
        let (kind, reason) = match told.what {
            What::Lifecycle(event, detail) => match lifecycle(event, detail) {
                Some(of_its_life) => of_its_life,
                None => return,
            },
            What::Reset => (NotificationKind::Reset, ""),
            What::Added(alias) => {
                self.learn(uuid);
                let (class, name) = self.aliases.device(uuid, alias);
                (NotificationKind::DeviceAdded(class, name), "")
            }
            What::Removed(alias) => {
                let (class, name) = self.aliases.remove(uuid, alias);
                (NotificationKind::DeviceRemoved(class, name), "")
            }
            What::Balloon(kib) => (NotificationKind::Memory(kib << 10), "its balloon has moved"),
            What::Pass(pass) => (
                NotificationKind::MemoryCopy(pass),
                "its memory is copied: a migration, a save, a snapshot or a dump",
            ),
        };
        if kind == NotificationKind::Stopped {
            self.aliases.forget(uuid);
        }
        let begins = kind == NotificationKind::Started;
        let mut notifications = self
            .notifications
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if notifications.len() < MOST {
            notifications.push(Notification {
                kind,
                mono_ns: told.mono_ns,
                uuid,
                id: told.id,
                name: (!told.name.is_empty()).then(|| name_from_bytes(&told.name)),
                reason,
            });
        }
        drop(notifications);
        // After it was passed on, which is not to wait.
        if begins {
            self.learn(uuid);
        }
    }

    /// Reads what the devices of a domain are, if it is still there.
    fn learn(&mut self, uuid: Uuid) {
        let Some(subscription) = &self.subscription else {
            return;
        };
        if let Ok(found) = subscription.connection().find(uuid)
            && let Ok(xml) = found.domain().xml()
        {
            self.aliases.learn(uuid, &xml);
        }
    }

    /// The same for all domains, on a new connection.
    fn learn_all(&mut self) {
        self.aliases = Aliases::default();
        let Some(subscription) = &self.subscription else {
            return;
        };
        let Ok(domains) = subscription.connection().active_domains() else {
            return;
        };
        for domain in (0..domains.len()).map(|at| domains.get(at).domain) {
            if let Ok(xml) = domain.xml() {
                self.aliases.learn(domain.uuid(), &xml);
            }
        }
    }
}

/// What an event of a domain's life is, and reason it came about in libvirt.h's words
/// (`virDomainEventStartedDetailType` and its kin).
fn lifecycle(event: u32, detail: u32) -> Option<(NotificationKind, &'static str)> {
    let (kind, words): (_, &[&str]) = match event {
        VIR_DOMAIN_EVENT_STARTED => (
            NotificationKind::Started,
            &["booted", "migrated", "restored", "from snapshot", "wakeup"],
        ),
        VIR_DOMAIN_EVENT_SUSPENDED => (
            NotificationKind::Paused,
            &[
                "paused",
                "migrated",
                "I/O error",
                "watchdog",
                "restored",
                "from snapshot",
                "API error",
                "postcopy",
                "postcopy failed",
            ],
        ),
        VIR_DOMAIN_EVENT_RESUMED => (
            NotificationKind::Resumed,
            &[
                "unpaused",
                "migrated",
                "from snapshot",
                "postcopy",
                "postcopy failed",
            ],
        ),
        VIR_DOMAIN_EVENT_STOPPED => (
            NotificationKind::Stopped,
            &[
                "shutdown",
                "destroyed",
                "crashed",
                "migrated",
                "saved",
                "failed",
                "from snapshot",
            ],
        ),
        _ => return None,
    };
    let at = usize::try_from(detail).unwrap_or(usize::MAX);
    Some((kind, words.get(at).copied().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_of_what_lists_do_not_show() {
        for (event, detail, kind, reason) in [
            (2, 2, NotificationKind::Started, "restored"),
            (3, 2, NotificationKind::Paused, "I/O error"),
            (4, 0, NotificationKind::Resumed, "unpaused"),
            (5, 4, NotificationKind::Stopped, "saved"),
            (5, 99, NotificationKind::Stopped, ""),
        ] {
            assert_eq!(lifecycle(event, detail), Some((kind, reason)));
        }
        for other in [0, 1, 6, 7, 8, 9] {
            assert_eq!(lifecycle(other, 0), None);
        }
    }
}
