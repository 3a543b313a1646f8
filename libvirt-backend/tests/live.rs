//! Against a real libvirtd with running guests, which `lab/libvirtd` starts: every figure is
//! that of `virsh` before, after, or between the two.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use common::{domain, domstats, sampled, virsh};
use virtmon_model::{Backend, State};

const URI: &str = "qemu:///system";
const IDLE: &str = "idle with, \"odd\" name";

/// One test at a time: they move the same guests.
fn alone() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A field of a domain before and after.
struct Bracket<'a> {
    before: &'a BTreeMap<String, String>,
    after: &'a BTreeMap<String, String>,
}

impl Bracket<'_> {
    fn holds(&self, field: &str, value: Option<u64>) {
        let parse = |fields: &BTreeMap<String, String>| fields[field].parse().unwrap();
        let (before, after): (u64, u64) = (parse(self.before), parse(self.after));
        let value = value.unwrap_or_else(|| panic!("no {field}"));
        assert!(
            (before..=after).contains(&value),
            "{field}: {before} <= {value} <= {after}"
        );
    }
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn every_figure_is_that_of_virsh() {
    let _alone = alone();
    let before = domstats(URI);
    let (backend, snapshot) = sampled(URI);
    let after = domstats(URI);
    assert!(backend.capabilities().nics && backend.capabilities().disks);

    let names: Vec<&str> = snapshot
        .domains
        .iter()
        .flat_map(|d| d.name.as_deref())
        .collect();
    assert_eq!(names.len(), before.len());
    let mut ids: Vec<u32> = snapshot.domains.iter().map(|d| d.identity.id).collect();
    assert!(ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), names.len());

    for domain in snapshot.domains.iter() {
        let name = domain.name.as_deref().unwrap();
        let bracket = Bracket {
            before: &before[name],
            after: &after[name],
        };
        assert_eq!(
            virsh(URI, &["domid", name]).trim(),
            domain.identity.id.to_string()
        );
        assert_eq!(
            virsh(URI, &["domuuid", name]).trim(),
            domain.identity.uuid.to_string()
        );
        assert_eq!(
            virsh(URI, &["domstate", name]).trim(),
            domain.state.as_str()
        );
        bracket.holds("cpu.time", domain.cpu_time_ns);
        bracket.holds("vcpu.current", domain.vcpus_online.map(u64::from));
        bracket.holds(
            "balloon.current",
            domain.mem_bytes.map(|bytes| bytes / 1024),
        );
        bracket.holds(
            "balloon.maximum",
            domain.mem_max_bytes.map(|bytes| bytes / 1024),
        );
        for (n, nic) in domain.nics.rows.iter().enumerate() {
            assert_eq!(before[name][&format!("net.{n}.name")], nic.name);
            bracket.holds(&format!("net.{n}.rx.bytes"), nic.rx_bytes);
            bracket.holds(&format!("net.{n}.tx.bytes"), nic.tx_bytes);
        }
        for (n, disk) in domain.disks.rows.iter().enumerate() {
            assert_eq!(before[name][&format!("block.{n}.name")], disk.name);
            bracket.holds(&format!("block.{n}.rd.bytes"), disk.rd_bytes);
            bracket.holds(&format!("block.{n}.wr.bytes"), disk.wr_bytes);
        }
        let disks: usize = before[name]["block.count"].parse().unwrap();
        assert_eq!(domain.disks.rows.len(), disks);
        assert!(domain.disks.complete);
    }
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn counters_are_from_the_guests_side() {
    let _alone = alone();
    let (_, snapshot) = sampled(URI);
    let nic = &domain(&snapshot, IDLE).nics.rows[0];
    let host_side = |direction: &str| -> u64 {
        let path = format!("/sys/class/net/{}/statistics/{direction}_bytes", nic.name);
        std::fs::read_to_string(path)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    };
    let (rx, tx) = (nic.rx_bytes.unwrap(), nic.tx_bytes.unwrap());
    assert_eq!(tx, host_side("rx"));
    assert!(0 < rx && rx <= host_side("tx"), "{rx}");
    assert_ne!(rx, tx);
    let disks = &domain(&snapshot, IDLE).disks;
    assert_eq!(disks.sum(|disk| disk.wr_bytes), Some(8192));
    assert!(disks.sum(|disk| disk.rd_bytes) >= Some(512));
}

/// User networking has no interface on the host, and libvirt no counters for it.
#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn a_nic_that_libvirt_can_not_count_is_unknown() {
    let _alone = alone();
    let (_, snapshot) = sampled(URI);
    let busy = domain(&snapshot, "busy");
    assert!(busy.nics.rows.is_empty());
    assert_eq!(busy.nics.sum(|nic| nic.rx_bytes), None);
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn time_goes_to_the_one_that_works() {
    let _alone = alone();
    let (mut backend, mut snapshot) = sampled(URI);
    let used = |snapshot: &_, name| domain(snapshot, name).cpu_time_ns.unwrap();
    let (busy, idle) = (used(&snapshot, "busy"), used(&snapshot, IDLE));
    sleep(Duration::from_secs(2));
    backend.sample(&mut snapshot).unwrap();
    let (busy, idle) = (used(&snapshot, "busy") - busy, used(&snapshot, IDLE) - idle);
    assert!(busy > 400_000_000, "{busy} ns");
    assert!(idle < busy / 4, "{idle} ns, and {busy} ns");
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn the_host_is_qemus() {
    let _alone = alone();
    let (_, snapshot) = sampled(URI);
    let host = snapshot.host;
    assert!(host.hypervisor.starts_with("QEMU "), "{host:?}");
    let version = virsh(URI, &["version"]);
    assert!(version.contains(&host.hypervisor), "{host:?}, {version}");
    let total = host.mem_bytes.unwrap();
    let free = host.mem_free_bytes.unwrap();
    assert!(0 < free && free < total, "{host:?}");
    let nodeinfo = virsh(URI, &["nodeinfo"]);
    let words: Vec<&str> = nodeinfo.split_whitespace().collect();
    let pcpus = host.pcpus.unwrap().to_string();
    assert!(
        words.windows(2).any(|pair| pair == ["CPU(s):", &pcpus]),
        "{nodeinfo}"
    );
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn a_suspended_guest_is_paused() {
    let _alone = alone();
    let (mut backend, mut snapshot) = sampled(URI);
    virsh(URI, &["suspend", "busy"]);
    let paused = backend.sample(&mut snapshot);
    virsh(URI, &["resume", "busy"]);
    paused.unwrap();
    assert_eq!(domain(&snapshot, "busy").state, State::Paused);
    assert_eq!(domain(&snapshot, IDLE).state, State::Running);
    backend.sample(&mut snapshot).unwrap();
    assert_eq!(domain(&snapshot, "busy").state, State::Running);
}
