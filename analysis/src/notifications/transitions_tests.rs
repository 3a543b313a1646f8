use super::*;
use crate::changes;
use crate::rates::Deltas;
use virtmon_model::State;

const WEB: u128 = 7;

/// A reading of one guest with these NICs.
fn reading(nics: &[&str], change: impl FnOnce(&mut Domain)) -> Snapshot {
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
    reading(nics, |_| {})
}

/// Notices, told one after the other from this time on.
fn told(from_ns: u64, kinds: &[NotificationKind]) -> Vec<Notification> {
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

/// Event, device, cause, and when it was told.
type Row = (&'static str, String, String, Option<u64>);

fn between(
    told: &mut Told,
    before: &Snapshot,
    now: &Snapshot,
    notifications: Vec<Notification>,
) -> Vec<Row> {
    let mut deltas = Deltas::default();
    deltas.take(before, 1);
    let rates = deltas.take(now, 2);
    let mut events = Vec::new();
    changes::compare(before, now, rates, &mut Vec::new(), &mut events);
    told.complete(notifications, before, now, &mut events);
    let row = |event: Event| {
        let (kind, cause) = (event.kind.as_str(), event.cause.into_owned());
        (kind, event.device, cause, event.told_ns)
    };
    events.into_iter().map(row).collect()
}

fn row(kind: &'static str, device: &str, cause: &str, told_ns: u64) -> Row {
    (kind, device.into(), cause.into(), Some(told_ns))
}

#[test]
fn a_device_that_the_readings_show_is_told_once_with_its_time() {
    let (without, with) = (plain(&["net0"]), plain(&["net0", "net1"]));
    let mut one = Told::default();
    let came = between(&mut one, &without, &with, told(5, &[added("net1")]));
    assert_eq!(came, [row("nic_added", "net1", "", 5)]);
    // Told late, of what an earlier reading showed.
    assert_eq!(
        between(&mut one, &with, &with, told(6, &[added("net1")])),
        []
    );
    // Told early, of what the next one shows.
    let early = told(7, &[removed("net1")]);
    assert_eq!(between(&mut one, &with, &with, early), []);
    let went = between(&mut one, &with, &without, Vec::new());
    assert_eq!(went, [row("nic_removed", "net1", "", 7)]);
    assert!(one.kept.is_empty());
}

#[test]
fn a_device_that_no_reading_has_is_told() {
    let same = plain(&["net0"]);
    let mut one = Told::default();
    let passing = told(5, &[added("net1"), removed("net1")]);
    let rows = between(&mut one, &same, &same, passing);
    let unseen = "no reading shows it";
    assert_eq!(
        rows,
        [
            row("nic_added", "net1", unseen, 5),
            row("nic_removed", "net1", unseen, 6)
        ]
    );
    let changed = told(7, &[removed("net0"), added("net0")]);
    let rows = between(&mut one, &same, &same, changed);
    assert_eq!(
        rows,
        [
            row("nic_removed", "net0", unseen, 7),
            row("nic_added", "net0", unseen, 8)
        ]
    );
    let other = NotificationKind::DeviceAdded(DeviceClass::Other, "hostdev0".into());
    let rows = between(&mut one, &same, &same, told(9, &[other]));
    assert_eq!(rows, [row("device_added", "hostdev0", unseen, 9)]);
    assert!(one.kept.is_empty());
}

#[test]
fn lists_that_are_not_all_of_a_guests_devices_are_completed() {
    let part = reading(&[], |domain| domain.nics.complete = false);
    let mut one = Told::default();
    assert_eq!(
        between(&mut one, &part, &part, told(5, &[added("net1")])),
        []
    );
    let rows = between(&mut one, &part, &part, Vec::new());
    assert_eq!(rows, [row("nic_added", "net1", "no reading shows it", 5)]);
}

#[test]
fn a_stale_row_tells_nothing_of_its_devices() {
    let before = plain(&[]);
    let stale = reading(&[], |domain| domain.stale_ns = 1);
    let mut one = Told::default();
    let notifications = told(5, &[added("net1")]);
    assert_eq!(between(&mut one, &before, &stale, notifications)[1..], []);
    assert_eq!(between(&mut one, &stale, &stale, Vec::new()), []);
    let rows = between(&mut one, &stale, &plain(&["net1"]), Vec::new());
    assert_eq!(rows[1..], [row("nic_added", "net1", "", 5)]);
}

#[test]
fn a_pause_that_no_reading_has_is_told_with_its_cause() {
    let same = plain(&[]);
    let mut one = Told::default();
    let both = told(5, &[NotificationKind::Paused, NotificationKind::Resumed]);
    let rows = between(&mut one, &same, &same, both);
    let paused = row("paused", "", "I/O error; no reading shows it", 5);
    assert_eq!(rows, [paused, row("resumed", "", "no reading shows it", 6)]);
    let stopped = reading(&[], |domain| domain.state = State::Paused);
    let rows = between(
        &mut one,
        &same,
        &stopped,
        told(7, &[NotificationKind::Paused]),
    );
    assert_eq!(rows, [row("paused", "", "I/O error", 7)]);
    // As it begins to run it is resumed.
    let nobody = Snapshot::default();
    let rows = between(
        &mut one,
        &nobody,
        &same,
        told(8, &[NotificationKind::Resumed]),
    );
    assert_eq!(rows, [("created", String::new(), String::new(), None)]);
    assert!(one.kept.is_empty());
}

#[test]
fn a_balloon_is_told_once() {
    let (much, little) = (
        plain(&[]),
        reading(&[], |domain| domain.mem_bytes = Some(32)),
    );
    let moved = |ns, bytes| told(ns, &[NotificationKind::Memory(bytes)]);
    let mut one = Told::default();
    let rows = between(&mut one, &much, &little, moved(5, 32));
    assert_eq!(rows, [row("memory_changed", "", "", 5)]);
    assert_eq!(between(&mut one, &little, &little, moved(6, 32)), []);
    // No reading has it: memory is not asked for, or it was so for a moment.
    assert_eq!(between(&mut one, &little, &little, moved(7, 16)), []);
    let rows = between(&mut one, &little, &little, Vec::new());
    assert_eq!(rows, [row("memory_changed", "", "no reading shows it", 7)]);
}

#[test]
fn of_the_passes_over_its_memory_the_last_is_told() {
    let same = plain(&[]);
    let passes = told(
        5,
        &[
            NotificationKind::MemoryCopy(1),
            NotificationKind::MemoryCopy(2),
        ],
    );
    let mut events = Vec::new();
    Told::default().complete(passes, &same, &same, &mut events);
    let [event] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(
        (event.kind, event.told_ns),
        (EventKind::MemoryCopy, Some(6))
    );
    assert_eq!(event.new, Value::Number(2));
}
