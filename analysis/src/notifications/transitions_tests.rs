use super::*;
use crate::analysis::events_between;
use virtmon_model::State;

const WEB: u128 = 7;

/// A sample of one guest with these NICs.
fn sample(nics: &[&str], change: impl FnOnce(&mut Domain)) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let domain = snapshot.domains.next_row();
    domain.identity = Identity {
        id: 1,
        uuid: Uuid::from_u128(WEB),
        incarnation: None,
    };
    (domain.state, domain.mem_bytes) = (State::Running, Some(64));
    for name in nics {
        domain.nics.rows.next_row().name = (*name).to_owned();
    }
    domain.nics.complete = true;
    change(domain);
    snapshot
}

fn plain(nics: &[&str]) -> Snapshot {
    sample(nics, |_| {})
}

/// Notifications, 1 ns apart, from this time on.
fn notifications(from_ns: u64, kinds: &[NotificationKind]) -> Vec<Notification> {
    let times = from_ns..;
    let all = kinds.iter().zip(times).map(|(kind, mono_ns)| Notification {
        kind: kind.clone(),
        mono_ns,
        uuid: Uuid::from_u128(WEB),
        id: Some(1),
        name: None,
        reason: match kind {
            NotificationKind::Paused => "I/O error",
            _ => "",
        },
    });
    all.collect()
}

fn added(name: &str) -> NotificationKind {
    NotificationKind::DeviceAdded(DeviceClass::Nic, name.into())
}

fn removed(name: &str) -> NotificationKind {
    NotificationKind::DeviceRemoved(DeviceClass::Nic, name.into())
}

/// Event, device, cause, and time of the notification.
type Row = (&'static str, String, String, Option<u64>);

fn between(
    merger: &mut NotificationMerger,
    before: &Snapshot,
    now: &Snapshot,
    notifications: Vec<Notification>,
) -> Vec<Row> {
    let mut events = events_between(before, now);
    merger.merge(notifications, before, now, &mut events);
    let row = |event: Event| {
        let (kind, cause) = (event.kind.as_str(), event.cause.into_owned());
        (kind, event.device, cause, event.notified_ns)
    };
    events.into_iter().map(row).collect()
}

fn row(kind: &'static str, device: &str, cause: &str, notified_ns: u64) -> Row {
    (kind, device.into(), cause.into(), Some(notified_ns))
}

#[test]
fn a_device_that_samples_show_has_one_event_with_its_time() {
    let (without, with) = (plain(&["net0"]), plain(&["net0", "net1"]));
    let mut merger = NotificationMerger::default();
    let came = between(
        &mut merger,
        &without,
        &with,
        notifications(5, &[added("net1")]),
    );
    assert_eq!(came, [row("nic_added", "net1", "", 5)]);
    // A late notification: an earlier sample showed the change.
    assert_eq!(
        between(
            &mut merger,
            &with,
            &with,
            notifications(6, &[added("net1")])
        ),
        []
    );
    // An early notification: the next sample shows the change.
    let early = notifications(7, &[removed("net1")]);
    assert_eq!(between(&mut merger, &with, &with, early), []);
    let went = between(&mut merger, &with, &without, Vec::new());
    assert_eq!(went, [row("nic_removed", "net1", "", 7)]);
    assert!(merger.deferred.is_empty());
}

#[test]
fn a_device_that_no_sample_has_has_an_event() {
    let same = plain(&["net0"]);
    let mut merger = NotificationMerger::default();
    let transient = notifications(5, &[added("net1"), removed("net1")]);
    let rows = between(&mut merger, &same, &same, transient);
    let unseen = "no sample shows it";
    assert_eq!(
        rows,
        [
            row("nic_added", "net1", unseen, 5),
            row("nic_removed", "net1", unseen, 6)
        ]
    );
    let changed = notifications(7, &[removed("net0"), added("net0")]);
    let rows = between(&mut merger, &same, &same, changed);
    assert_eq!(
        rows,
        [
            row("nic_removed", "net0", unseen, 7),
            row("nic_added", "net0", unseen, 8)
        ]
    );
    let other = NotificationKind::DeviceAdded(DeviceClass::Other, "hostdev0".into());
    let rows = between(&mut merger, &same, &same, notifications(9, &[other]));
    assert_eq!(rows, [row("device_added", "hostdev0", unseen, 9)]);
    assert!(merger.deferred.is_empty());
}

#[test]
fn incomplete_lists_of_devices_are_completed() {
    let part = sample(&[], |domain| domain.nics.complete = false);
    let mut merger = NotificationMerger::default();
    assert_eq!(
        between(
            &mut merger,
            &part,
            &part,
            notifications(5, &[added("net1")])
        ),
        []
    );
    let rows = between(&mut merger, &part, &part, Vec::new());
    assert_eq!(rows, [row("nic_added", "net1", "no sample shows it", 5)]);
}

#[test]
fn a_stale_row_has_no_events_of_devices() {
    let before = plain(&[]);
    let stale = sample(&[], |domain| domain.stale_ns = 1);
    let mut merger = NotificationMerger::default();
    let notifications = notifications(5, &[added("net1")]);
    assert_eq!(
        between(&mut merger, &before, &stale, notifications)[1..],
        []
    );
    assert_eq!(between(&mut merger, &stale, &stale, Vec::new()), []);
    let rows = between(&mut merger, &stale, &plain(&["net1"]), Vec::new());
    assert_eq!(rows[1..], [row("nic_added", "net1", "", 5)]);
}

#[test]
fn a_pause_that_no_sample_has_has_an_event_with_its_cause() {
    let same = plain(&[]);
    let mut merger = NotificationMerger::default();
    let both = notifications(5, &[NotificationKind::Paused, NotificationKind::Resumed]);
    let rows = between(&mut merger, &same, &same, both);
    let paused = row("paused", "", "I/O error; no sample shows it", 5);
    assert_eq!(rows, [paused, row("resumed", "", "no sample shows it", 6)]);
    let stopped = sample(&[], |domain| domain.state = State::Paused);
    let rows = between(
        &mut merger,
        &same,
        &stopped,
        notifications(7, &[NotificationKind::Paused]),
    );
    assert_eq!(rows, [row("paused", "", "I/O error", 7)]);
    // A guest that starts is resumed.
    let nobody = Snapshot::default();
    let rows = between(
        &mut merger,
        &nobody,
        &same,
        notifications(8, &[NotificationKind::Resumed]),
    );
    assert_eq!(rows, [("created", String::new(), String::new(), None)]);
    assert!(merger.deferred.is_empty());
}

#[test]
fn a_balloon_has_one_event() {
    let (much, little) = (
        plain(&[]),
        sample(&[], |domain| domain.mem_bytes = Some(32)),
    );
    let moved = |ns, bytes| notifications(ns, &[NotificationKind::Memory(bytes)]);
    let mut merger = NotificationMerger::default();
    let rows = between(&mut merger, &much, &little, moved(5, 32));
    assert_eq!(rows, [row("memory_changed", "", "", 5)]);
    assert_eq!(between(&mut merger, &little, &little, moved(6, 32)), []);
    // No sample has it: memory is not sampled, or the value lasted a moment.
    assert_eq!(between(&mut merger, &little, &little, moved(7, 16)), []);
    let rows = between(&mut merger, &little, &little, Vec::new());
    assert_eq!(rows, [row("memory_changed", "", "no sample shows it", 7)]);
}

#[test]
fn the_last_pass_over_the_memory_has_the_event() {
    let same = plain(&[]);
    let passes = notifications(
        5,
        &[
            NotificationKind::MemoryCopy(1),
            NotificationKind::MemoryCopy(2),
        ],
    );
    let mut events = Vec::new();
    NotificationMerger::default().merge(passes, &same, &same, &mut events);
    let [event] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(
        (event.kind, event.notified_ns),
        (EventKind::MemoryCopy, Some(6))
    );
    assert_eq!(event.new, Value::Number(2));
}
