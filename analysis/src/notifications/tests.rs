use super::*;
use crate::analysis::events_between;

fn snapshot(guests: &[(u32, u128)]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for &(id, uuid) in guests {
        snapshot.domains.next_row().identity = Identity {
            id,
            uuid: Uuid::from_u128(uuid),
            incarnation: None,
        };
    }
    snapshot
}

fn notification(kind: NotificationKind, id: u32, uuid: u128, reason: &'static str) -> Notification {
    Notification {
        mono_ns: 1,
        uuid: Uuid::from_u128(uuid),
        id: Some(id).filter(|_| kind != NotificationKind::Stopped),
        kind,
        name: None,
        reason,
    }
}

/// Kind, id and cause of the events between two samples.
fn events(
    before: &[(u32, u128)],
    now: &[(u32, u128)],
    notifications: &[Notification],
) -> Vec<(&'static str, u32, String)> {
    merge(
        &mut NotificationMerger::default(),
        before,
        now,
        notifications,
    )
}

fn merge(
    merger: &mut NotificationMerger,
    before: &[(u32, u128)],
    now: &[(u32, u128)],
    notifications: &[Notification],
) -> Vec<(&'static str, u32, String)> {
    let (before, now) = (snapshot(before), snapshot(now));
    let mut events = events_between(&before, &now);
    merger.merge(notifications.to_vec(), &before, &now, &mut events);
    events
        .into_iter()
        .map(|event| {
            let id = event.identity.unwrap().id;
            (event.kind.as_str(), id, event.cause.into_owned())
        })
        .collect()
}

fn rows(rows: &[(&'static str, u32, &str)]) -> Vec<(&'static str, u32, String)> {
    rows.iter()
        .map(|&(kind, id, cause)| (kind, id, cause.to_owned()))
        .collect()
}

#[test]
fn a_change_that_samples_show_has_one_event_with_its_cause() {
    use NotificationKind::{Started, Stopped};
    let (started, stopped) = (
        notification(Started, 2, 20, "booted"),
        notification(Stopped, 1, 10, "saved"),
    );
    assert_eq!(
        events(&[(1, 10)], &[(2, 20)], &[started, stopped.clone()]),
        rows(&[("created", 2, "booted"), ("destroyed", 1, "saved")])
    );
    let again = notification(Started, 3, 10, "restored");
    let both = events(&[(1, 10)], &[(3, 10)], &[stopped, again]);
    assert_eq!(
        both,
        rows(&[("rebooted", 3, "its uuid has another life; saved; restored")])
    );
}

#[test]
fn a_change_between_samples_has_an_event() {
    use NotificationKind::{Reset, Started, Stopped};
    let transient = [
        notification(Started, 2, 20, "booted"),
        notification(Reset, 1, 10, ""),
        notification(Reset, 1, 10, ""),
        notification(Stopped, 2, 20, "destroyed"),
    ];
    assert_eq!(
        events(&[(1, 10)], &[(1, 10)], &transient),
        rows(&[
            ("created", 2, "booted"),
            ("rebooted", 1, "it was reset: its counters go on"),
            ("destroyed", 2, "destroyed"),
        ])
    );
}

#[test]
fn a_change_of_an_earlier_sample_has_no_second_event() {
    use NotificationKind::{Reset, Started, Stopped};
    let late = [
        notification(Started, 1, 10, "booted"),
        notification(Stopped, 2, 20, "destroyed"),
        notification(Reset, 2, 20, ""),
    ];
    assert_eq!(events(&[(1, 10)], &[(1, 10)], &late), []);
}

#[test]
fn a_change_during_a_sample_explains_the_next_one() {
    use NotificationKind::{Started, Stopped};
    let during = [
        notification(Stopped, 1, 10, "saved"),
        notification(Started, 2, 20, "booted"),
    ];
    let mut merger = NotificationMerger::default();
    assert_eq!(merge(&mut merger, &[(1, 10)], &[(1, 10)], &during), []);
    let next = merge(&mut merger, &[(1, 10)], &[(2, 20)], &[]);
    assert_eq!(
        next,
        rows(&[("created", 2, "booted"), ("destroyed", 1, "saved")])
    );
    // A change that the next sample does not show either is dropped.
    let ghost = [notification(Started, 3, 30, "booted")];
    for notifications in [&ghost[..], &[], &[]] {
        assert_eq!(
            merge(&mut merger, &[(2, 20)], &[(2, 20)], notifications),
            []
        );
    }
    assert!(merger.deferred.is_empty());
}
