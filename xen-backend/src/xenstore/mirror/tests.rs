use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::os::unix::net::UnixStream;

use xen_sys::xs_wire;

use super::super::budget::BURST;
use super::super::requests::MOST;
use super::super::scripted::{Daemon, domain};
use super::super::{Answer, Kind};
use super::storm::REST;
use super::*;

/// What was learnt last of each node.
#[derive(Default)]
struct Learnt {
    values: BTreeMap<(u32, String), Option<String>>,
    listed: BTreeSet<(u32, u32)>,
    lost: usize,
}

impl Learn for Learnt {
    fn learn(&mut self, domid: u32, node: Node, answer: Answer<'_>) {
        let value = match answer {
            Answer::Value(value) => Some(String::from_utf8_lossy(value).into_owned()),
            _ => None,
        };
        self.values.insert((domid, format!("{node:?}")), value);
    }

    fn lists(&self, domid: u32, _kind: Kind, devid: u32) -> bool {
        self.listed.contains(&(domid, devid))
    }

    fn lost(&mut self) {
        self.lost += 1;
    }
}

impl Learnt {
    fn of(&self, domid: u32, node: &str) -> Option<&str> {
        self.values.get(&(domid, node.to_owned()))?.as_deref()
    }
}

fn mirror() -> (Mirror, Daemon, Learnt) {
    let (connection, daemon) = Daemon::new();
    let mut mirror = Mirror::over(Some(connection));
    // The daemon serves in this thread: nobody is waited for.
    mirror.patience = Duration::ZERO;
    (mirror, daemon, Learnt::default())
}

/// Has both talk until neither has anything to say. Returns how often a domain was looked at.
fn settle(mirror: &mut Mirror, daemon: &mut Daemon, learnt: &mut Learnt) -> usize {
    let mut looked_at = 0;
    loop {
        let taken = mirror.taken;
        mirror.exchange(learnt, &mut |_| {
            looked_at += 1;
            true
        });
        mirror.patience = Duration::ZERO;
        if daemon.serve() == 0 && mirror.taken == taken {
            return looked_at;
        }
    }
}

#[test]
fn what_changed_is_read_again_once() {
    let (mut mirror, mut daemon, mut learnt) = mirror();
    daemon.write(3, "name", "web");
    mirror.follow(&[domain(0, 0), domain(3, 33)]);
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(learnt.of(3, "Name"), Some("web"));
    assert_eq!(learnt.of(0, "Name"), None);
    assert_eq!(mirror.waiting, 0);

    daemon.asked.clear();
    daemon.write(3, "data/meminfo_free", "x");
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(daemon.reads(3, "data/meminfo_free"), 1);

    // However often it changes before the answer is there: that read, and one more.
    for n in 0..100 {
        daemon.write(3, "data/meminfo_free", n.to_string());
    }
    mirror.exchange(&mut learnt, &mut |_| true);
    for n in 100..200 {
        daemon.write(3, "data/meminfo_free", n.to_string());
    }
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(learnt.of(3, "MemFree"), Some("199"));
    assert!(daemon.reads(3, "data/meminfo_free") <= 2);
}

#[test]
fn of_a_domain_that_is_gone_nothing_is_watched_and_nothing_believed() {
    let (mut mirror, mut daemon, mut learnt) = mirror();
    daemon.write(3, "name", "first");
    daemon.write(
        3,
        "device/vbd/51712/backend",
        "/local/domain/0/backend/vbd/3/51712",
    );
    daemon.write(0, "backend/vbd/3/51712/params", "/dev/a");
    mirror.follow(&[domain(0, 0), domain(3, 33)]);
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(daemon.watches.len(), 4 + 7 + 1);

    // By the time that its new name is read, domid 3 is another one's.
    daemon.write(3, "name", "second");
    mirror.exchange(&mut learnt, &mut |_| true);
    daemon.serve();
    mirror.exchange(&mut learnt, &mut |identity| identity.id != 3);
    assert_eq!(learnt.of(3, "Name"), Some("first"));
    mirror.follow(&[domain(0, 0), domain(3, 99)]);
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(learnt.of(3, "Name"), Some("second"));
    assert_eq!(daemon.watches.len(), 4 + 7 + 1);

    // An event that was on its way, and answers to nobody.
    mirror.follow(&[domain(0, 0)]);
    daemon.fire("/local/domain/3/name");
    daemon.send(xs_wire::READ, 7, b"x");
    daemon.send(xs_wire::WATCH_EVENT, 0, b"");
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(daemon.watches.len(), 4);
    mirror.follow(&[]);
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert!(daemon.watches.is_empty());
}

#[test]
fn what_is_behind_a_disk_is_found_whatever_serves_it() {
    let (mut mirror, mut daemon, mut learnt) = mirror();
    let disks = [
        (51712, "/local/domain/0/backend/vbd/3/51712"),
        (51728, "/local/domain/0/backend/vbd3/3/51728"),
        (51744, "/local/domain/9/backend/qdisk/3/51744"),
        // The guest writes that its disk is another one's.
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
    learnt.listed = disks.map(|(devid, _)| (3, devid)).into();
    mirror.follow(&[domain(0, 0), domain(3, 33)]);
    settle(&mut mirror, &mut daemon, &mut learnt);
    for (devid, _) in &disks[..3] {
        let path = format!("/dev/{devid}");
        assert_eq!(learnt.of(3, &format!("DiskParams({devid})")), Some(&*path));
        assert_eq!(learnt.of(3, &format!("DiskSectors({devid})")), Some("2048"));
    }
    assert_eq!(learnt.of(3, "DiskParams(51760)"), None);

    // Another medium, and a larger disk.
    daemon.write(9, "backend/qdisk/3/51744/params", "other");
    daemon.write(0, "backend/vbd3/3/51728/sectors", "4096");
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(learnt.of(3, "DiskParams(51744)"), Some("other"));
    assert_eq!(learnt.of(3, "DiskSectors(51728)"), Some("4096"));

    // One is taken away.
    daemon.remove(3, "device/vbd/51712");
    settle(&mut mirror, &mut daemon, &mut learnt);
    let watched = |devid: &str| daemon.watches.iter().any(|(path, _)| path.ends_with(devid));
    assert!(!watched("/51712") && watched("/51728"));
}

/// Events of ever new paths below a node that is watched, as a guest can cause them.
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
    let (mut mirror, mut daemon, mut learnt) = mirror();
    daemon.write(3, "data/meminfo_free", "1024");
    mirror.follow(&[domain(0, 0), domain(3, 33)]);
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(learnt.of(3, "MemFree"), Some("1024"));
    daemon.asked.clear();

    let watch = daemon
        .watches
        .iter()
        .find(|(path, _)| path == "/local/domain/3/data/meminfo_free");
    let token = watch.unwrap().1.clone();
    let before = mirror.taken;
    let thread = storm(daemon.socket.try_clone().unwrap(), token, 256_000);
    let mut looked_at = 0;
    while mirror.taken < before + 256_000 {
        let began = mirror.taken;
        mirror.exchange(&mut learnt, &mut |_| {
            looked_at += 1;
            true
        });
        assert!(mirror.taken - began <= u64::from(TICK_MESSAGES));
        let connection = mirror.connection.as_ref().unwrap();
        assert!(connection.unsent() < 32 << 10);
        assert!(mirror.later.len() + mirror.urgent.len() + mirror.unwatch.len() < 32);
    }
    thread.join().unwrap();
    daemon.socket.set_nonblocking(true).unwrap();
    settle(&mut mirror, &mut daemon, &mut learnt);
    // No read and no hypercall for each of them.
    assert!(looked_at < 32, "{looked_at}");
    assert!(daemon.asked.len() < 32, "{:?}", daemon.asked);

    // What the guest can write is not watched any more, the rest of it and the others are.
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
    assert_eq!(learnt.of(3, "MemFree"), None, "it is unknown now");
    let mut said = Vec::new();
    mirror.warnings(&mut |why| said.push(why.to_string()));
    assert_eq!(said.len(), 1);
    assert!(
        said[0].starts_with("domain 3 writes to xenstore without a pause"),
        "{said:?}"
    );

    daemon.write(0, "name", "Domain-0");
    daemon.write(3, "name", "web");
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(learnt.of(0, "Name"), Some("Domain-0"));
    assert_eq!(learnt.of(3, "Name"), Some("web"));
}

#[test]
fn after_a_storm_devices_are_still_listed_and_all_is_watched_again() {
    let (mut mirror, mut daemon, mut learnt) = mirror();
    mirror.follow(&[domain(0, 0), domain(3, 33)]);
    settle(&mut mirror, &mut daemon, &mut learnt);
    for _ in 0..=BURST {
        daemon.fire("/local/domain/3/data/meminfo_total");
        settle(&mut mirror, &mut daemon, &mut learnt);
    }
    assert_eq!(daemon.watches.len(), 4 + 3);
    assert_eq!(mirror.stormy.len(), 1);

    let began = Instant::now();
    daemon.write(3, "device/vif/0/state", "1");
    daemon.write(
        3,
        "device/vbd/51712/backend",
        "/local/domain/0/backend/vbd/3/51712",
    );
    daemon.write(0, "backend/vbd/3/51712/params", "/dev/a");
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(learnt.of(3, "Vifs"), None);
    mirror.calm(began + POLL);
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(learnt.of(3, "Vifs"), Some("0\0"));
    assert_eq!(learnt.of(3, "DiskParams(51712)"), Some("/dev/a"));
    assert_eq!(daemon.watches.len(), 4 + 3);

    daemon.write(3, "data/meminfo_free", "1024");
    mirror.calm(began + REST + POLL);
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(daemon.watches.len(), 4 + 7 + 1);
    assert_eq!(learnt.of(3, "MemFree"), Some("1024"));
    assert_eq!(mirror.stormy.len(), 1, "that is not long ago");
    mirror.calm(began + (REST + POLL) * 2);
    assert!(mirror.stormy.is_empty());
}

#[test]
fn thirty_thousand_domains_are_met_with_few_looks_at_each() {
    let domains: Vec<Domain> = (0..32_000).map(|id| domain(id, id.into())).collect();
    let (mut mirror, mut daemon, mut learnt) = mirror();
    // Their names only: the daemon of this test is slow.
    for id in 0..32_000 {
        daemon
            .nodes
            .insert(format!("/local/domain/{id}/name"), b"n".to_vec());
    }
    mirror.follow(&domains);
    let mut looked_at = 0;
    while mirror.waiting > 0 {
        mirror.exchange(&mut learnt, &mut |_| {
            looked_at += 1;
            true
        });
        mirror.patience = Duration::ZERO;
        // Its watches are not looked through.
        daemon.watches.clear();
        daemon.serve();
        assert!(mirror.connection.as_ref().unwrap().unsent() < 32 << 10);
    }
    let names = learnt
        .values
        .iter()
        .filter(|((_, node), value)| node == "Name" && value.is_some());
    assert_eq!(names.count(), 32_000);
    // Three answers each.
    assert!(looked_at < 64_000, "{looked_at}");
}

#[test]
fn a_silent_xenstore_is_waited_for_once_and_nothing_grows() {
    let (mut mirror, daemon, mut learnt) = mirror();
    mirror.patience = WAIT;
    for life in 0..2_000 {
        mirror.follow(&[domain(0, 0), domain(3, life)]);
        mirror.exchange(&mut learnt, &mut |_| true);
        assert!(mirror.patience.is_zero());
        assert!(mirror.connection.as_ref().unwrap().unsent() < 32 << 10);
        let queued = mirror.later.len() + mirror.urgent.len() + mirror.unwatch.len();
        assert!(queued < 20_000, "{queued} after {life}");
    }
    // What was never sent is not queued for domains that are gone.
    assert!(mirror.later.len() + mirror.urgent.len() <= 11);
    let mut said = Vec::new();
    mirror.warnings(&mut |why| said.push(why.to_string()));
    assert!(said[0].contains("does not answer"), "{said:?}");
    drop(daemon);
}

#[test]
fn a_dead_xenstore_is_lost_and_said() {
    let (mut mirror, daemon, mut learnt) = mirror();
    mirror.follow(&[domain(0, 0), domain(3, 33)]);
    drop(daemon);
    mirror.retry = LAST_RETRY;
    mirror.exchange(&mut learnt, &mut |_| true);
    assert!(!mirror.is_connected());
    assert_eq!(learnt.lost, 1);
    assert!(mirror.descriptor().is_none());
    let mut said = Vec::new();
    mirror.warnings(&mut |why| said.push(why.to_string()));
    assert!(said[0].contains("can't be reached"), "{said:?}");

    // Another one is there: all is watched from the beginning.
    let (connection, mut daemon) = Daemon::new();
    daemon.write(3, "name", "web");
    mirror.begin_over(connection);
    mirror.patience = Duration::ZERO;
    settle(&mut mirror, &mut daemon, &mut learnt);
    assert_eq!(learnt.of(3, "Name"), Some("web"));
    assert_eq!(mirror.waiting, 0);
}

#[test]
fn between_ticks_all_is_taken_and_then_there_is_a_pause() {
    let (mut mirror, mut daemon, mut learnt) = mirror();
    mirror.follow(&[domain(0, 0), domain(3, 33)]);
    let far = Instant::now() + Duration::from_secs(3600);
    loop {
        let began = Instant::now();
        let taken = mirror.taken;
        mirror.drain(far, &mut learnt, &mut |_| true);
        let (_, look_at) = mirror.descriptor().unwrap();
        assert!(look_at >= began + OWN_SPACING);
        if daemon.serve() == 0 && mirror.taken == taken {
            break;
        }
    }
    assert_eq!(mirror.waiting, 0);
    let began = Instant::now();
    mirror.drain(far, &mut learnt, &mut |_| true);
    let (_, look_at) = mirror.descriptor().unwrap();
    assert!(look_at >= began + SPACING, "nothing is under way");
    daemon.write(3, "name", "web");
    mirror.drain(far, &mut learnt, &mut |_| true);
    daemon.serve();
    mirror.drain(far, &mut learnt, &mut |_| true);
    assert_eq!(learnt.of(3, "Name"), Some("web"));

    // Where there is no time, a part of it is left.
    for _ in 0..1000 {
        daemon.fire("/local/domain/3/target");
    }
    let before = mirror.taken;
    mirror.drain(Instant::now(), &mut learnt, &mut |_| true);
    assert!(mirror.taken - before <= 64, "{}", mirror.taken - before);
}

#[test]
fn so_many_reads_are_under_way_and_no_more() {
    let (mut mirror, daemon, mut learnt) = mirror();
    let domains: Vec<Domain> = (0..1000).map(|id| domain(id, id.into())).collect();
    mirror.follow(&domains);
    for life in &mirror.lives {
        let what = What::Read(Node::Name);
        let (domid, serial) = (life.identity.id, life.serial);
        mirror.urgent.push_front(Task {
            domid,
            serial,
            what,
        });
    }
    mirror.exchange(&mut learnt, &mut |_| true);
    assert!(mirror.urgent.len() >= 1000 - MOST);
    drop(daemon);
}
