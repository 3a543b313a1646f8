//! The events of a domain's life.

use virtmon_model::NotificationKind;

use crate::ffi::bindings::{
    VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STOPPED,
    VIR_DOMAIN_EVENT_SUSPENDED,
};

/// The notification for a lifecycle event, and its reason in libvirt.h's words
/// (`virDomainEventStartedDetailType` and the corresponding types of the other events). `None` if the event
/// shows nothing that lists of domains do not show.
pub(super) fn notification(event: u32, detail: u32) -> Option<(NotificationKind, &'static str)> {
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
    fn lifecycle_events_have_a_kind_and_a_reason() {
        for (event, detail, kind, reason) in [
            (2, 2, NotificationKind::Started, "restored"),
            (3, 2, NotificationKind::Paused, "I/O error"),
            (4, 0, NotificationKind::Resumed, "unpaused"),
            (5, 4, NotificationKind::Stopped, "saved"),
            (5, 99, NotificationKind::Stopped, ""),
        ] {
            assert_eq!(notification(event, detail), Some((kind, reason)));
        }
        for other in [0, 1, 6, 7, 8, 9] {
            assert_eq!(notification(other, 0), None);
        }
    }
}
