//! Tests with a real libvirtd with running guests, which `lab/libvirtd` starts: every value is that of `virsh`
//! before or after the sample, or between the two.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod common;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use common::bracket::Bracket;
use common::{domain, domstats, sampled, virsh};
use libvirt_backend::{Group, LibvirtBackend, Options};
use virtmon_model::{Backend, Domain, Needs, Snapshot, State, VcpuState};

const URI: &str = "qemu:///system";
const IDLE: &str = "idle with, \"odd\" name";

/// Lets one test run at a time: the tests change the same guests.
fn alone() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn every_value_is_that_of_virsh() {
    let _alone = alone();
    let before = domstats(URI);
    let mut backend = LibvirtBackend::open(
        Some(URI),
        &Options {
            needs: Needs {
                vcpus: true,
                ..Needs::default()
            },
            stats: true,
            groups: Group::ALL.to_vec(),
            ..Options::default()
        },
    )
    .unwrap();
    let mut snapshot = Snapshot::default();
    backend.sample(&mut snapshot).unwrap();
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
        let bracket = Bracket::new(&before[name], &after[name]);
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
        check_values(domain, &bracket);
        bracket.check_rest(&domain.stats);
    }
}

/// Compares each value of the schema with its field.
fn check_values(domain: &Domain, fields: &Bracket<'_>) {
    let kib = |bytes: Option<u64>| bytes.map(|bytes| bytes / 1024);
    let memory = &domain.memory;
    // 1 is VIR_DOMAIN_RUNNING, and VIR_DOMAIN_RUNNING_BOOTED or, after a test here has suspended it,
    // 5, VIR_DOMAIN_RUNNING_UNPAUSED.
    fields.check_text("state.state", "1");
    let reason = match domain.reason {
        Some("booted") => "1",
        Some("unpaused") => "5",
        other => panic!("{other:?}"),
    };
    fields.check_text("state.reason", reason);
    for (field, value) in [
        ("cpu.time", domain.cpu_time_ns),
        ("cpu.user", domain.cpu_user_ns),
        ("cpu.system", domain.cpu_system_ns),
        ("vcpu.current", domain.vcpus_online.map(u64::from)),
        ("balloon.current", kib(domain.mem_bytes)),
        ("balloon.maximum", kib(domain.mem_max_bytes)),
        ("balloon.rss", kib(memory.rss_bytes)),
        ("balloon.available", kib(memory.guest_total_bytes)),
        ("balloon.unused", kib(memory.guest_unused_bytes)),
        ("balloon.usable", kib(memory.guest_usable_bytes)),
        ("balloon.disk_caches", kib(memory.guest_caches_bytes)),
        ("balloon.swap_in", kib(memory.swap_in_bytes)),
        ("balloon.major_fault", memory.major_faults),
        // These guests never report.
        ("balloon.last-update", memory.guest_reported_s.or(Some(0))),
    ] {
        fields.check_value(field, value);
    }
    for vcpu in domain.vcpus.rows.iter() {
        for (field, value) in [
            ("time", vcpu.cpu_time_ns),
            ("wait", vcpu.wait_ns),
            ("delay", vcpu.delay_ns),
        ] {
            fields.check_value(&format!("vcpu.{}.{field}", vcpu.id), value);
        }
        assert_eq!(vcpu.state, VcpuState::Running);
        fields.check_text(&format!("vcpu.{}.state", vcpu.id), "1");
        let halted = format!("vcpu.{}.halted", vcpu.id);
        assert_eq!(vcpu.halted.is_some(), fields.before.contains_key(&halted));
        fields.compared.borrow_mut().insert(halted);
    }
    assert!(domain.vcpus.complete);
    for (n, nic) in domain.nics.rows.iter().enumerate() {
        fields.check_text(&format!("net.{n}.name"), &nic.name);
        for (field, value) in [
            ("rx.bytes", nic.rx_bytes),
            ("rx.pkts", nic.rx_packets),
            ("rx.errs", nic.rx_errors),
            ("rx.drop", nic.rx_drops),
            ("tx.bytes", nic.tx_bytes),
            ("tx.pkts", nic.tx_packets),
            ("tx.errs", nic.tx_errors),
            ("tx.drop", nic.tx_drops),
        ] {
            fields.check_value(&format!("net.{n}.{field}"), value);
        }
    }
    for (n, disk) in domain.disks.rows.iter().enumerate() {
        fields.check_text(&format!("block.{n}.name"), &disk.name);
        fields.check_text(&format!("block.{n}.path"), &disk.path);
        for (field, value) in [
            ("rd.bytes", disk.rd_bytes),
            ("rd.reqs", disk.rd_requests),
            ("rd.times", disk.rd_time_ns),
            ("wr.bytes", disk.wr_bytes),
            ("wr.reqs", disk.wr_requests),
            ("wr.times", disk.wr_time_ns),
            ("fl.reqs", disk.fl_requests),
            ("fl.times", disk.fl_time_ns),
            ("capacity", disk.capacity_bytes),
            ("allocation", disk.allocation_bytes),
            ("physical", disk.physical_bytes),
        ] {
            fields.check_value(&format!("block.{n}.{field}"), value);
        }
    }
    fields.check_value("block.count", Some(domain.disks.rows.len() as u64));
    assert!(domain.disks.complete);
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn many_devices_are_distinguished() {
    let _alone = alone();
    let (_, snapshot) = sampled(URI);
    let vcpus: Vec<u32> = domain(&snapshot, "many-vcpus")
        .vcpus
        .rows
        .iter()
        .map(|vcpu| vcpu.id)
        .collect();
    assert_eq!(vcpus, (0..12).collect::<Vec<_>>());
    let devices = domain(&snapshot, "many-devices");
    let disks: String = devices.disks.rows.iter().map(|disk| &*disk.name).collect();
    assert_eq!(disks, "vdavdbvdcvddvdevdfvdgvdhvdivdjvdkvdl");
    assert_eq!(devices.nics.rows.len(), 3);
    assert!(devices.nics.complete);
    // The CD-ROM drive without a medium has counters and no size.
    let drive = &domain(&snapshot, IDLE).disks.rows[2];
    assert_eq!((&*drive.name, &*drive.path), ("hdc", ""));
    assert_eq!((drive.rd_bytes, drive.capacity_bytes), (Some(0), None));
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
fn a_nic_without_counters_is_unknown() {
    let _alone = alone();
    let (_, snapshot) = sampled(URI);
    let busy = domain(&snapshot, "busy");
    assert!(busy.nics.rows.is_empty());
    assert_eq!(busy.nics.sum(|nic| nic.rx_bytes), None);
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn the_busy_guest_uses_the_cpu_time() {
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
fn the_host_has_the_values_of_virsh() {
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

/// Idle time of all CPUs of the host as virsh prints it, in ns.
fn virsh_idle_ns() -> u64 {
    let text = virsh(URI, &["nodecpustats"]);
    let value = |name: &str| -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    };
    value("idle:") + value("iowait:")
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn the_idle_time_of_the_host_is_that_of_virsh() {
    let _alone = alone();
    let options = Options {
        needs: Needs {
            host: true,
            ..Needs::default()
        },
        ..Options::default()
    };
    let mut backend = LibvirtBackend::open(Some(URI), &options).unwrap();
    let mut snapshot = Snapshot::default();
    for _ in 0..3 {
        let before = virsh_idle_ns();
        backend.sample(&mut snapshot).unwrap();
        let after = virsh_idle_ns();
        let idle_ns = snapshot.host.idle_ns.unwrap();
        assert!(
            (before..=after).contains(&idle_ns),
            "{before} {idle_ns} {after}"
        );
        sleep(Duration::from_millis(200));
    }
    assert_eq!(sampled(URI).1.host.idle_ns, None);
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
