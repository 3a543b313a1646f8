use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use virtmon_model::Domain;
use xen_sys::xs_wire;

use super::super::budget::MAX_BURST;
use super::super::handler::{Answer, NodeHandler};
use super::super::node::{DeviceKind, Node};
use super::super::requests::MAX_REQUESTS;
use super::super::scripted::{Daemon, domain};
use super::exchange::{BUSY_SPACING, MAX_TICK_MESSAGES, SPACING};
use super::queues::{Action, Task};
use super::state::{MAX_RETRY, Mirror, TIMEOUT};
use super::storm::{POLL_INTERVAL, SUSPENSION_TIME};

/// A handler that records the last value of each node.
#[derive(Default)]
struct Recorder {
    values: BTreeMap<(u32, String), Option<String>>,
    devices: BTreeSet<(u32, u32)>,
    disconnects: usize,
}

impl NodeHandler for Recorder {
    fn set_node(&mut self, domid: u32, node: Node, answer: Answer<'_>) {
        let value = match answer {
            Answer::Value(value) => Some(String::from_utf8_lossy(value).into_owned()),
            _ => None,
        };
        self.values.insert((domid, format!("{node:?}")), value);
    }

    fn has_device(&self, domid: u32, _kind: DeviceKind, devid: u32) -> bool {
        self.devices.contains(&(domid, devid))
    }

    fn on_disconnect(&mut self) {
        self.disconnects += 1;
    }
}

impl Recorder {
    fn of(&self, domid: u32, node: &str) -> Option<&str> {
        self.values.get(&(domid, node.to_owned()))?.as_deref()
    }
}

fn mirror() -> (Mirror, Daemon, Recorder) {
    let (connection, daemon) = Daemon::new();
    let mut mirror = Mirror::new(Some(connection));
    // The daemon runs in this thread, so the mirror must not wait for it.
    mirror.timeout = Duration::ZERO;
    (mirror, daemon, Recorder::default())
}

/// Runs both until neither has a message. Returns the number of checks that a domain exists.
fn settle(mirror: &mut Mirror, daemon: &mut Daemon, recorder: &mut Recorder) -> usize {
    let mut checks = 0;
    loop {
        let messages = mirror.messages;
        mirror.exchange(recorder, &mut |_| {
            checks += 1;
            true
        });
        mirror.timeout = Duration::ZERO;
        if daemon.serve() == 0 && mirror.messages == messages {
            return checks;
        }
    }
}

#[test]
fn a_changed_node_is_read_again_once() {
    let (mut mirror, mut daemon, mut recorder) = mirror();
    daemon.write(3, "name", "web");
    mirror.sync(&[domain(0, 0), domain(3, 33)]);
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(recorder.of(3, "Name"), Some("web"));
    assert_eq!(recorder.of(0, "Name"), None);
    assert_eq!(mirror.waiting, 0);

    daemon.requests.clear();
    daemon.write(3, "data/meminfo_free", "x");
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(daemon.reads(3, "data/meminfo_free"), 1);

    // It changes many times before the answer: there is one read, and one more.
    for n in 0..100 {
        daemon.write(3, "data/meminfo_free", n.to_string());
    }
    mirror.exchange(&mut recorder, &mut |_| true);
    for n in 100..200 {
        daemon.write(3, "data/meminfo_free", n.to_string());
    }
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(recorder.of(3, "MemFree"), Some("199"));
    assert!(daemon.reads(3, "data/meminfo_free") <= 2);
}

#[test]
fn a_removed_domain_has_no_watches_and_its_answers_are_ignored() {
    let (mut mirror, mut daemon, mut recorder) = mirror();
    daemon.write(3, "name", "first");
    daemon.write(
        3,
        "device/vbd/51712/backend",
        "/local/domain/0/backend/vbd/3/51712",
    );
    daemon.write(0, "backend/vbd/3/51712/params", "/dev/a");
    mirror.sync(&[domain(0, 0), domain(3, 33)]);
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(daemon.watches.len(), 4 + 7 + 1);

    // When its new name is read, another domain has domid 3.
    daemon.write(3, "name", "second");
    mirror.exchange(&mut recorder, &mut |_| true);
    daemon.serve();
    mirror.exchange(&mut recorder, &mut |identity| identity.id != 3);
    assert_eq!(recorder.of(3, "Name"), Some("first"));
    mirror.sync(&[domain(0, 0), domain(3, 99)]);
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(recorder.of(3, "Name"), Some("second"));
    assert_eq!(daemon.watches.len(), 4 + 7 + 1);

    // An event that was sent before, and answers without a request.
    mirror.sync(&[domain(0, 0)]);
    daemon.fire("/local/domain/3/name");
    daemon.send(xs_wire::READ, 7, b"x");
    daemon.send(xs_wire::WATCH_EVENT, 0, b"");
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(daemon.watches.len(), 4);
    mirror.sync(&[]);
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert!(daemon.watches.is_empty());
}

#[test]
fn the_path_of_a_disk_is_found_for_every_kind_of_backend() {
    let (mut mirror, mut daemon, mut recorder) = mirror();
    let disks = [
        (51712, "/local/domain/0/backend/vbd/3/51712"),
        (51728, "/local/domain/0/backend/vbd3/3/51728"),
        (51744, "/local/domain/9/backend/qdisk/3/51744"),
        // The guest writes the path of another domain's disk.
        (51760, "/local/domain/0/backend/vbd/4/51712"),
    ];
    for (devid, backend) in disks {
        daemon.write(3, &format!("device/vbd/{devid}/backend"), backend);
        daemon
            .nodes
            .insert(format!("{backend}/params"), format!("/dev/{devid}").into());
        daemon
            .nodes
            .insert(format!("{backend}/sectors"), b"2048".to_vec());
    }
    recorder.devices = disks.map(|(devid, _)| (3, devid)).into();
    mirror.sync(&[domain(0, 0), domain(3, 33)]);
    settle(&mut mirror, &mut daemon, &mut recorder);
    for (devid, _) in &disks[..3] {
        let path = format!("/dev/{devid}");
        assert_eq!(
            recorder.of(3, &format!("DiskParams({devid})")),
            Some(&*path)
        );
        assert_eq!(
            recorder.of(3, &format!("DiskSectors({devid})")),
            Some("2048")
        );
    }
    assert_eq!(recorder.of(3, "DiskParams(51760)"), None);

    // Another medium, and a larger disk.
    daemon.write(9, "backend/qdisk/3/51744/params", "other");
    daemon.write(0, "backend/vbd3/3/51728/sectors", "4096");
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(recorder.of(3, "DiskParams(51744)"), Some("other"));
    assert_eq!(recorder.of(3, "DiskSectors(51728)"), Some("4096"));

    // One disk is removed.
    daemon.remove(3, "device/vbd/51712");
    settle(&mut mirror, &mut daemon, &mut recorder);
    let watched = |devid: &str| daemon.watches.iter().any(|(path, _)| path.ends_with(devid));
    assert!(!watched("/51712") && watched("/51728"));
}

/// Sends events with new paths below a watched node, as a guest can cause them.
fn storm(mut socket: UnixStream, token: String, events: u32) -> thread::JoinHandle<()> {
    socket.set_nonblocking(false).unwrap();
    thread::spawn(move || {
        for n in 0..events {
            let payload = format!("/local/domain/3/data/meminfo_free/{n}\0{token}\0");
            let bytes = u32::try_from(payload.len()).unwrap();
            let mut message = [xs_wire::WATCH_EVENT, 0, 0, bytes]
                .map(u32::to_ne_bytes)
                .concat();
            message.extend_from_slice(payload.as_bytes());
            socket.write_all(&message).unwrap();
        }
    })
}

#[test]
fn a_quarter_of_a_million_events_cost_a_bounded_part_of_each_tick() {
    let (mut mirror, mut daemon, mut recorder) = mirror();
    daemon.write(3, "data/meminfo_free", "1024");
    mirror.sync(&[domain(0, 0), domain(3, 33)]);
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(recorder.of(3, "MemFree"), Some("1024"));
    daemon.requests.clear();

    let watch = daemon
        .watches
        .iter()
        .find(|(path, _)| path == "/local/domain/3/data/meminfo_free");
    let token = watch.unwrap().1.clone();
    let before = mirror.messages;
    let thread = storm(daemon.socket.try_clone().unwrap(), token, 256_000);
    let mut checks = 0;
    while mirror.messages < before + 256_000 {
        let began = mirror.messages;
        mirror.exchange(&mut recorder, &mut |_| {
            checks += 1;
            true
        });
        assert!(mirror.messages - began <= u64::from(MAX_TICK_MESSAGES));
        let connection = mirror.connection.as_ref().unwrap();
        assert!(connection.unsent() < 32 << 10);
        assert!(
            mirror.queues.later.len() + mirror.queues.urgent.len() + mirror.queues.unwatch.len()
                < 32
        );
    }
    thread.join().unwrap();
    daemon.socket.set_nonblocking(true).unwrap();
    settle(&mut mirror, &mut daemon, &mut recorder);
    // The number of reads and hypercalls does not grow with the events.
    assert!(checks < 32, "{checks}");
    assert!(daemon.requests.len() < 32, "{:?}", daemon.requests);

    // The nodes that the guest can write are not watched any more. All others are.
    let watched: Vec<&str> = daemon.watches.iter().map(|(path, _)| &**path).collect();
    assert_eq!(
        watched
            .iter()
            .filter(|p| p.starts_with("/local/domain/3/"))
            .count(),
        3,
        "{watched:?}"
    );
    assert_eq!(watched.len(), 3 + 4);
    assert_eq!(recorder.of(3, "MemFree"), None, "it is unknown now");
    let mut lines = Vec::new();
    mirror.warnings(&mut |why| lines.push(why.to_string()));
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].starts_with("domain 3 writes to xenstore without a pause"),
        "{lines:?}"
    );

    daemon.write(0, "name", "Domain-0");
    daemon.write(3, "name", "web");
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(recorder.of(0, "Name"), Some("Domain-0"));
    assert_eq!(recorder.of(3, "Name"), Some("web"));
}

#[test]
fn after_a_storm_devices_are_listed_and_later_all_nodes_are_watched_again() {
    let (mut mirror, mut daemon, mut recorder) = mirror();
    mirror.sync(&[domain(0, 0), domain(3, 33)]);
    settle(&mut mirror, &mut daemon, &mut recorder);
    for _ in 0..=MAX_BURST {
        daemon.fire("/local/domain/3/data/meminfo_total");
        settle(&mut mirror, &mut daemon, &mut recorder);
    }
    assert_eq!(daemon.watches.len(), 4 + 3);
    assert_eq!(mirror.suspended.len(), 1);

    let began = Instant::now();
    daemon.write(3, "device/vif/0/state", "1");
    daemon.write(
        3,
        "device/vbd/51712/backend",
        "/local/domain/0/backend/vbd/3/51712",
    );
    daemon.write(0, "backend/vbd/3/51712/params", "/dev/a");
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(recorder.of(3, "Vifs"), None);
    mirror.check_suspended(began + POLL_INTERVAL);
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(recorder.of(3, "Vifs"), Some("0\0"));
    assert_eq!(recorder.of(3, "DiskParams(51712)"), Some("/dev/a"));
    assert_eq!(daemon.watches.len(), 4 + 3);

    daemon.write(3, "data/meminfo_free", "1024");
    mirror.check_suspended(began + SUSPENSION_TIME + POLL_INTERVAL);
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(daemon.watches.len(), 4 + 7 + 1);
    assert_eq!(recorder.of(3, "MemFree"), Some("1024"));
    assert_eq!(mirror.suspended.len(), 1, "the suspension ended recently");
    mirror.check_suspended(began + (SUSPENSION_TIME + POLL_INTERVAL) * 2);
    assert!(mirror.suspended.is_empty());
}

#[test]
fn thirty_thousand_new_domains_cost_few_checks_each() {
    let domains: Vec<Domain> = (0..32_000).map(|id| domain(id, id.into())).collect();
    let (mut mirror, mut daemon, mut recorder) = mirror();
    // The domains have names only, because the daemon of this test is slow.
    for id in 0..32_000 {
        daemon
            .nodes
            .insert(format!("/local/domain/{id}/name"), b"n".to_vec());
    }
    mirror.sync(&domains);
    let mut checks = 0;
    while mirror.waiting > 0 {
        mirror.exchange(&mut recorder, &mut |_| {
            checks += 1;
            true
        });
        mirror.timeout = Duration::ZERO;
        // Without watches, the daemon has none to search.
        daemon.watches.clear();
        daemon.serve();
        assert!(mirror.connection.as_ref().unwrap().unsent() < 32 << 10);
    }
    let names = recorder
        .values
        .iter()
        .filter(|((_, node), value)| node == "Name" && value.is_some());
    assert_eq!(names.count(), 32_000);
    // Each domain has three answers.
    assert!(checks < 64_000, "{checks}");
}

#[test]
fn a_silent_xenstore_delays_one_tick_and_no_queue_grows() {
    let (mut mirror, daemon, mut recorder) = mirror();
    mirror.timeout = TIMEOUT;
    for uuid in 0..2_000 {
        mirror.sync(&[domain(0, 0), domain(3, uuid)]);
        mirror.exchange(&mut recorder, &mut |_| true);
        assert!(mirror.timeout.is_zero());
        assert!(mirror.connection.as_ref().unwrap().unsent() < 32 << 10);
        let queued =
            mirror.queues.later.len() + mirror.queues.urgent.len() + mirror.queues.unwatch.len();
        assert!(queued < 20_000, "{queued} after {uuid}");
    }
    // Nothing is queued for domains that do not exist any more.
    assert!(mirror.queues.later.len() + mirror.queues.urgent.len() <= 11);
    let mut lines = Vec::new();
    mirror.warnings(&mut |why| lines.push(why.to_string()));
    assert!(lines[0].contains("does not answer"), "{lines:?}");
    drop(daemon);
}

#[test]
fn a_closed_connection_is_reported_and_opened_again() {
    let (mut mirror, daemon, mut recorder) = mirror();
    mirror.sync(&[domain(0, 0), domain(3, 33)]);
    drop(daemon);
    mirror.retry_delay = MAX_RETRY;
    mirror.exchange(&mut recorder, &mut |_| true);
    assert!(!mirror.is_connected());
    assert_eq!(recorder.disconnects, 1);
    assert!(mirror.descriptor().is_none());
    let mut lines = Vec::new();
    mirror.warnings(&mut |why| lines.push(why.to_string()));
    assert!(lines[0].contains("can't be reached"), "{lines:?}");

    // There is a new daemon: all nodes are watched again.
    let (connection, mut daemon) = Daemon::new();
    daemon.write(3, "name", "web");
    mirror.restart(connection);
    mirror.timeout = Duration::ZERO;
    settle(&mut mirror, &mut daemon, &mut recorder);
    assert_eq!(recorder.of(3, "Name"), Some("web"));
    assert_eq!(mirror.waiting, 0);
}

#[test]
fn between_ticks_all_messages_are_handled_with_a_pause_after() {
    let (mut mirror, mut daemon, mut recorder) = mirror();
    mirror.sync(&[domain(0, 0), domain(3, 33)]);
    let far = Instant::now() + Duration::from_secs(3600);
    loop {
        let began = Instant::now();
        let messages = mirror.messages;
        mirror.drain(far, &mut recorder, &mut |_| true);
        let (_, drain_at) = mirror.descriptor().unwrap();
        assert!(drain_at >= began + BUSY_SPACING);
        if daemon.serve() == 0 && mirror.messages == messages {
            break;
        }
    }
    assert_eq!(mirror.waiting, 0);
    let began = Instant::now();
    mirror.drain(far, &mut recorder, &mut |_| true);
    let (_, drain_at) = mirror.descriptor().unwrap();
    assert!(drain_at >= began + SPACING, "no answer is outstanding");
    daemon.write(3, "name", "web");
    mirror.drain(far, &mut recorder, &mut |_| true);
    daemon.serve();
    mirror.drain(far, &mut recorder, &mut |_| true);
    assert_eq!(recorder.of(3, "Name"), Some("web"));

    // Without time, a part of the messages is left.
    for _ in 0..1000 {
        daemon.fire("/local/domain/3/target");
    }
    let before = mirror.messages;
    mirror.drain(Instant::now(), &mut recorder, &mut |_| true);
    assert!(
        mirror.messages - before <= 64,
        "{}",
        mirror.messages - before
    );
}

#[test]
fn the_number_of_outstanding_reads_is_bounded() {
    let (mut mirror, daemon, mut recorder) = mirror();
    let domains: Vec<Domain> = (0..1000).map(|id| domain(id, id.into())).collect();
    mirror.sync(&domains);
    for tracked in mirror.tracked.iter() {
        let action = Action::Read(Node::Name);
        let (domid, serial) = (tracked.identity.id, tracked.serial);
        mirror.queues.urgent.push_front(Task {
            domid,
            serial,
            action,
        });
    }
    mirror.exchange(&mut recorder, &mut |_| true);
    assert!(mirror.queues.urgent.len() >= 1000 - MAX_REQUESTS);
    drop(daemon);
}
