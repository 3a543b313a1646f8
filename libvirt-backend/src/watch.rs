//! Hears what libvirt tells by itself, on a connection of its own.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::{io, thread};

use virtmon_model::{Notice, NoticeKind, name_from_bytes};

use crate::ffi::{
    self, Heard, Subscription, Told, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STOPPED,
    VIR_ERR_NO_SUPPORT, What,
};
use crate::reader::Target;

/// A thread that keeps a connection on which events come. Dropping it ends both.
pub(crate) struct Watch {
    heard: Arc<Heard>,
    nudges: SyncSender<()>,
}

impl Watch {
    /// Starts it, and libvirt's event loop. To be called before the connections that it is about
    /// to have events on.
    pub(crate) fn start(target: Target) -> io::Result<Self> {
        ffi::run_loop(target.library)?;
        let heard = Arc::new(Heard::default());
        let (nudges, nudged) = sync_channel(1);
        let told = Arc::clone(&heard);
        thread::Builder::new()
            .name("virtmon-watch".into())
            .spawn(move || keep(&target, &told, &nudged))?;
        let watch = Self { heard, nudges };
        watch.nudge();
        Ok(watch)
    }

    /// Has the connection made anew if it is lost. Waits for nobody.
    pub(crate) fn nudge(&self) {
        // Full is a nudge that is still to be heard; nobody there is a driver without events.
        let _ = self.nudges.try_send(());
    }

    /// What was told since the last call, oldest first.
    pub(crate) fn take(&self) -> impl Iterator<Item = Notice> + use<> {
        self.heard.take().into_iter().filter_map(notice)
    }
}

/// The thread: until nobody nudges any more, or the driver turns out to have no events.
fn keep(target: &Target, heard: &Arc<Heard>, nudged: &Receiver<()>) {
    let mut subscription: Option<Subscription> = None;
    while nudged.recv().is_ok() {
        if subscription.as_ref().is_some_and(Subscription::is_alive) {
            continue;
        }
        // The lost one first, so that there are never two.
        drop(subscription.take());
        match Subscription::open(target.library, target.uri.as_deref(), heard) {
            Ok(open) => subscription = Some(open),
            Err(fault) if fault.code() == VIR_ERR_NO_SUPPORT => return,
            // The readers say what is wrong with the daemon.
            Err(_) => {}
        }
    }
}

fn notice(told: Told) -> Option<Notice> {
    let (kind, how) = match told.what {
        What::Lifecycle(VIR_DOMAIN_EVENT_STARTED, detail) => (
            NoticeKind::Started,
            word(
                detail,
                &["booted", "migrated", "restored", "from snapshot", "wakeup"],
            ),
        ),
        What::Lifecycle(VIR_DOMAIN_EVENT_STOPPED, detail) => (
            NoticeKind::Stopped,
            word(
                detail,
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
        ),
        What::Reset => (NoticeKind::Reset, ""),
        What::Lifecycle(..) => return None,
    };
    Some(Notice {
        kind,
        uuid: told.uuid,
        id: told.id,
        name: (!told.name.is_empty()).then(|| name_from_bytes(&told.name)),
        how,
    })
}

/// libvirt.h's word for a detail (`virDomainEventStartedDetailType`, `...StoppedDetailType`).
fn word(detail: u32, words: &[&'static str]) -> &'static str {
    let at = usize::try_from(detail).unwrap_or(usize::MAX);
    words.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use virtmon_model::Uuid;

    #[test]
    fn a_notice_of_what_lists_do_not_show() {
        let told = |what| {
            let notice = notice(Told {
                uuid: Uuid::from_u128(7),
                id: None,
                name: (*b"web").into(),
                what,
            });
            notice.map(|notice| (notice.kind, notice.how))
        };
        let lifecycle = |event, detail| told(What::Lifecycle(event, detail));
        assert_eq!(lifecycle(2, 2), Some((NoticeKind::Started, "restored")));
        assert_eq!(lifecycle(5, 4), Some((NoticeKind::Stopped, "saved")));
        assert_eq!(lifecycle(5, 99), Some((NoticeKind::Stopped, "")));
        assert_eq!(told(What::Reset), Some((NoticeKind::Reset, "")));
        for other in [0, 1, 3, 4, 6, 7, 8, 9] {
            assert_eq!(lifecycle(other, 0), None);
        }
    }
}
