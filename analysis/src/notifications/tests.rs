use super::*;
use crate::changes;
use crate::rates::Deltas;

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

/// Kind, id, and cause of what is told between two readings.
fn told(
    before: &[(u32, u128)],
    now: &[(u32, u128)],
    notifications: &[Notification],
) -> Vec<(&'static str, u32, String)> {
    tell(&mut Told::default(), before, now, notifications)
}

fn tell(
    told: &mut Told,
    before: &[(u32, u128)],
    now: &[(u32, u128)],
    notifications: &[Notification],
) -> Vec<(&'static str, u32, String)> {
    let (before, now) = (snapshot(before), snapshot(now));
    let mut deltas = Deltas::default();
    deltas.take(&before, 1);
    let rates = deltas.take(&now, 2);
    let mut events = Vec::new();
    changes::compare(&before, &now, rates, &mut Vec::new(), &mut events);
    told.complete(notifications.to_vec(), &before, &now, &mut events);
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
fn what_the_readings_show_is_told_once_and_explained() {
    use NotificationKind::{Started, Stopped};
    let (began, ended) = (
        notification(Started, 2, 20, "booted"),
        notification(Stopped, 1, 10, "saved"),
    );
    assert_eq!(
        told(&[(1, 10)], &[(2, 20)], &[began, ended.clone()]),
        rows(&[("created", 2, "booted"), ("destroyed", 1, "saved")])
    );
    let again = notification(Started, 3, 10, "restored");
    let both = told(&[(1, 10)], &[(3, 10)], &[ended, again]);
    assert_eq!(
        both,
        rows(&[("rebooted", 3, "its uuid has another life; saved; restored")])
    );
}

#[test]
fn what_lies_between_the_readings_is_told() {
    use NotificationKind::{Reset, Started, Stopped};
    let passing = [
        notification(Started, 2, 20, "booted"),
        notification(Reset, 1, 10, ""),
        notification(Reset, 1, 10, ""),
        notification(Stopped, 2, 20, "destroyed"),
    ];
    assert_eq!(
        told(&[(1, 10)], &[(1, 10)], &passing),
        rows(&[
            ("created", 2, "booted"),
            ("rebooted", 1, "it was reset: its counters go on"),
            ("destroyed", 2, "destroyed"),
        ])
    );
}

#[test]
fn what_an_earlier_reading_showed_is_not_told_again() {
    use NotificationKind::{Reset, Started, Stopped};
    let late = [
        notification(Started, 1, 10, "booted"),
        notification(Stopped, 2, 20, "destroyed"),
        notification(Reset, 2, 20, ""),
    ];
    assert_eq!(told(&[(1, 10)], &[(1, 10)], &late), []);
}

#[test]
fn what_happened_while_a_reading_was_made_explains_the_next() {
    use NotificationKind::{Started, Stopped};
    let during = [
        notification(Stopped, 1, 10, "saved"),
        notification(Started, 2, 20, "booted"),
    ];
    let mut told = Told::default();
    assert_eq!(tell(&mut told, &[(1, 10)], &[(1, 10)], &during), []);
    let next = tell(&mut told, &[(1, 10)], &[(2, 20)], &[]);
    assert_eq!(
        next,
        rows(&[("created", 2, "booted"), ("destroyed", 1, "saved")])
    );
    // What the next one does not show either is over.
    let ghost = [notification(Started, 3, 30, "booted")];
    for notifications in [&ghost[..], &[], &[]] {
        assert_eq!(tell(&mut told, &[(2, 20)], &[(2, 20)], notifications), []);
    }
    assert!(told.kept.is_empty());
}
