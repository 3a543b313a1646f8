//! Values that are read only if they are selected, tested with a real libvirtd with running guests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{domain, virsh};
use libvirt_backend::{Group, LibvirtBackend, Options};
use virtmon_model::{Backend, Snapshot};

const URI: &str = "qemu:///system";

/// Lets one test run at a time: a guest that another test queries is left out.
fn alone() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open(options: &Options) -> (LibvirtBackend, Snapshot) {
    let mut backend = LibvirtBackend::open(Some(URI), options).unwrap();
    let mut snapshot = Snapshot::default();
    backend.sample(&mut snapshot).unwrap();
    (backend, snapshot)
}

fn group(name: &str) -> Group {
    Group::named(name).unwrap()
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn additional_groups_have_their_own_names() {
    let _alone = alone();
    const MORE: [&str; 4] = ["perf", "iothread", "dirtyrate", "vm"];
    let (_, snapshot) = open(&Options {
        stats: true,
        groups: MORE.map(group).to_vec(),
        ..Options::default()
    });
    for guest in snapshot.domains.iter() {
        assert_eq!(guest.error, None);
        let stats: BTreeMap<&str, String> = guest
            .stats
            .iter()
            .map(|stat| {
                let number = stat.number.map(|number| number.to_string());
                (
                    &*stat.name,
                    number.or(stat.text.clone()).unwrap_or_default(),
                )
            })
            .collect();
        let name = guest.name.as_deref().unwrap();
        let words = MORE.map(|name| format!("--{name}"));
        let mut command = vec!["domstats"];
        command.extend(words.iter().map(|word| &**word));
        command.push(name);
        let virsh = virsh(URI, &command);
        let mut fields = 0;
        for line in virsh.lines().filter(|line| line.starts_with("  ")) {
            let (field, value) = line.trim().split_once('=').unwrap();
            assert_eq!(stats[field], value, "{name} {field}");
            fields += 1;
        }
        assert!(fields >= 4, "{virsh}");
        if name == "many-vcpus" {
            assert_eq!(stats["iothread.count"], "2");
            assert!(stats.contains_key("iothread.2.poll-max-ns"));
        }
        // So are the values of the default groups that have no column.
        assert!(stats.contains_key("vcpu.maximum"));
        assert!(!stats.contains_key("cpu.time") && !stats.contains_key("block.0.rd.reqs"));
    }
    let (_, without) = open(&Options::default());
    assert!(without.domains.iter().all(|guest| guest.stats.is_empty()));
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn a_throttled_group_is_unknown_between_its_queries() {
    let _alone = alone();
    let hour = Duration::from_secs(3600);
    let (mut backend, mut snapshot) = open(&Options {
        group_intervals: vec![(group("balloon"), hour), (group("block"), hour)],
        ..Options::default()
    });
    let rd_bytes = |snapshot: &Snapshot| domain(snapshot, "busy").disks.sum(|disk| disk.rd_bytes);
    assert_eq!(domain(&snapshot, "busy").mem_bytes, Some(64 << 20));
    assert!(rd_bytes(&snapshot).is_some());
    let before = domain(&snapshot, "busy").cpu_time_ns;
    std::thread::sleep(Duration::from_millis(200));
    backend.sample(&mut snapshot).unwrap();
    for guest in snapshot.domains.iter() {
        assert_eq!((guest.mem_bytes, guest.memory.rss_bytes), (None, None));
        assert_eq!((guest.stale_ns, &guest.error), (0, &None));
    }
    assert_eq!(rd_bytes(&snapshot), None);
    assert!(domain(&snapshot, "busy").cpu_time_ns > before);
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn a_nova_instance_is_read_once() {
    const NOVA: &str = "http://openstack.org/xmlns/libvirt/nova/1.1";
    let _alone = alone();
    let set = |xml: &str| {
        let words = [
            "metadata", "plain-5", NOVA, "--live", "--key", "nova", "--set", xml,
        ];
        virsh(URI, &words);
    };
    let xml = |name: &str| {
        format!(
            "<instance><name>{name}</name><flavor name='m1.small'/><owner>\
             <user uuid='u-1'>ann</user><project uuid='p-1'>shop</project></owner></instance>"
        )
    };
    set(&xml("web 1"));
    let options = Options {
        nova: true,
        ..Options::default()
    };
    let (mut backend, mut snapshot) = open(&options);
    let instance = domain(&snapshot, "plain-5").instance.clone().unwrap();
    assert_eq!(instance.name.as_deref(), Some("web 1"));
    assert_eq!(instance.flavor.as_deref(), Some("m1.small"));
    assert_eq!(instance.project.as_deref(), Some("shop"));
    assert_eq!(instance.user_id.as_deref(), Some("u-1"));
    assert_eq!(domain(&snapshot, "busy").instance, None);
    set(&xml("web 2"));
    backend.sample(&mut snapshot).unwrap();
    assert_eq!(domain(&snapshot, "plain-5").instance, Some(instance));
    let (_, snapshot) = open(&options);
    let other = domain(&snapshot, "plain-5").instance.clone().unwrap();
    assert_eq!(other.name.as_deref(), Some("web 2"));
}
