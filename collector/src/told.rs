//! What the toolstack told by itself, beside what two readings show: a pure function of both.

use std::borrow::Cow;

use virtmon_model::{Domain, Identity, Notice, NoticeKind, Snapshot, Uuid};

use crate::event::Value;
use crate::{Event, EventKind};

/// What was told and no reading has shown yet.
#[derive(Debug, Default)]
pub(crate) struct Told {
    kept: Vec<Notice>,
}

impl Told {
    /// Completes the events between two readings. Those that the readings show learn how they came
    /// about; guests that came and went between the two, and resets, are added.
    ///
    /// What happened while the second one was made, and is not in it, is kept for the next.
    pub(crate) fn complete(
        &mut self,
        notices: Vec<Notice>,
        before: &Snapshot,
        now: &Snapshot,
        events: &mut Vec<Event>,
    ) {
        let shown = events.len();
        let old = self.kept.len();
        let mut all = std::mem::take(&mut self.kept);
        all.extend(notices);
        for (n, notice) in all.iter().enumerate() {
            let (uuid, is_new) = (notice.uuid, n >= old);
            match notice.kind {
                NoticeKind::Started => {
                    let shows = [EventKind::Created, EventKind::Rebooted];
                    if explain(&mut events[..shown], notice, shows)
                        || has(before, uuid)
                        || has(now, uuid)
                    {
                        continue;
                    }
                    let ends = |end: &Notice| end.kind == NoticeKind::Stopped && end.uuid == uuid;
                    if all[n..].iter().any(ends) {
                        events.push(passing(EventKind::Created, notice, notice.id));
                    } else if is_new {
                        self.kept.push(notice.clone());
                    }
                }
                NoticeKind::Stopped => {
                    let shows = [EventKind::Destroyed, EventKind::Rebooted];
                    if explain(&mut events[..shown], notice, shows) {
                        continue;
                    }
                    let began = events[shown..]
                        .iter()
                        .rev()
                        .find(|event| event.kind == EventKind::Created && is_of(event, uuid));
                    if let Some(id) = began.and_then(|event| event.identity) {
                        events.push(passing(EventKind::Destroyed, notice, Some(id.id)));
                    } else if is_new && has(now, uuid) {
                        self.kept.push(notice.clone());
                    }
                }
                // One reset may be told several times: libvirt does so where it has found its QEMU
                // again after a restart of its own.
                NoticeKind::Reset => {
                    let is_told = events[shown..]
                        .iter()
                        .any(|event| event.kind == EventKind::Rebooted && is_of(event, uuid));
                    if !is_told && let Some(domain) = find(now, uuid) {
                        let id = Value::Number(domain.identity.id.into());
                        let event = Event::of(domain, EventKind::Rebooted, id.clone(), id);
                        events.push(event.because("it was reset: its counters go on"));
                    }
                }
            }
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

fn has(snapshot: &Snapshot, uuid: Uuid) -> bool {
    find(snapshot, uuid).is_some()
}

/// Adds how it came about to an event of these kinds that is the same domain's. Says whether there
/// is one.
fn explain(events: &mut [Event], notice: &Notice, kinds: [EventKind; 2]) -> bool {
    let event = events
        .iter_mut()
        .find(|event| kinds.contains(&event.kind) && is_of(event, notice.uuid));
    let Some(event) = event else { return false };
    if event.cause.is_empty() {
        event.cause = Cow::Borrowed(notice.how);
    } else if !notice.how.is_empty() {
        event.cause = Cow::Owned(format!("{}; {}", event.cause, notice.how));
    }
    true
}

/// An event of a domain that no reading has.
fn passing(kind: EventKind, notice: &Notice, id: Option<u32>) -> Event {
    Event {
        identity: Some(Identity {
            id: id.unwrap_or_default(),
            uuid: notice.uuid,
            incarnation: None,
        }),
        name: notice.name.clone(),
        ..Event::host(kind, Cow::Borrowed(notice.how))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Deltas, changes};

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

    fn notice(kind: NoticeKind, id: u32, uuid: u128, how: &'static str) -> Notice {
        Notice {
            kind,
            uuid: Uuid::from_u128(uuid),
            id: Some(id).filter(|_| kind != NoticeKind::Stopped),
            name: None,
            how,
        }
    }

    /// Kind, id, and cause of what is told between two readings.
    fn told(
        before: &[(u32, u128)],
        now: &[(u32, u128)],
        notices: &[Notice],
    ) -> Vec<(&'static str, u32, String)> {
        tell(&mut Told::default(), before, now, notices)
    }

    fn tell(
        told: &mut Told,
        before: &[(u32, u128)],
        now: &[(u32, u128)],
        notices: &[Notice],
    ) -> Vec<(&'static str, u32, String)> {
        let (before, now) = (snapshot(before), snapshot(now));
        let mut deltas = Deltas::default();
        deltas.take(&before, 1);
        let rates = deltas.take(&now, 2);
        let mut events = Vec::new();
        changes::compare(&before, &now, rates, &mut Vec::new(), &mut events);
        told.complete(notices.to_vec(), &before, &now, &mut events);
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
        use NoticeKind::{Started, Stopped};
        let (began, ended) = (
            notice(Started, 2, 20, "booted"),
            notice(Stopped, 1, 10, "saved"),
        );
        assert_eq!(
            told(&[(1, 10)], &[(2, 20)], &[began, ended.clone()]),
            rows(&[("created", 2, "booted"), ("destroyed", 1, "saved")])
        );
        let again = notice(Started, 3, 10, "restored");
        let both = told(&[(1, 10)], &[(3, 10)], &[ended, again]);
        assert_eq!(
            both,
            rows(&[("rebooted", 3, "its uuid has another life; saved; restored")])
        );
    }

    #[test]
    fn what_lies_between_the_readings_is_told() {
        use NoticeKind::{Reset, Started, Stopped};
        let passing = [
            notice(Started, 2, 20, "booted"),
            notice(Reset, 1, 10, ""),
            notice(Reset, 1, 10, ""),
            notice(Stopped, 2, 20, "destroyed"),
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
        use NoticeKind::{Reset, Started, Stopped};
        let late = [
            notice(Started, 1, 10, "booted"),
            notice(Stopped, 2, 20, "destroyed"),
            notice(Reset, 2, 20, ""),
        ];
        assert_eq!(told(&[(1, 10)], &[(1, 10)], &late), []);
    }

    #[test]
    fn what_happened_while_a_reading_was_made_explains_the_next() {
        use NoticeKind::{Started, Stopped};
        let during = [
            notice(Stopped, 1, 10, "saved"),
            notice(Started, 2, 20, "booted"),
        ];
        let mut told = Told::default();
        assert_eq!(tell(&mut told, &[(1, 10)], &[(1, 10)], &during), []);
        let next = tell(&mut told, &[(1, 10)], &[(2, 20)], &[]);
        assert_eq!(
            next,
            rows(&[("created", 2, "booted"), ("destroyed", 1, "saved")])
        );
        // What the next one does not show either is over.
        let ghost = [notice(Started, 3, 30, "booted")];
        for notices in [&ghost[..], &[], &[]] {
            assert_eq!(tell(&mut told, &[(2, 20)], &[(2, 20)], notices), []);
        }
        assert!(told.kept.is_empty());
    }
}
