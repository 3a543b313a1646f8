//! Tests with libvirt's test driver, which is part of the library: no daemon, one domain that is always
//! the same, and a bulk call that returns nothing but its state.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::bracket::Bracket;
use common::{domain, has_libvirt, sampled, virsh};
use libvirt_backend::{LibvirtBackend, LibvirtReplay, Options};
use tempfile::TempDir;
use virtmon_model::{Backend, Capabilities, Disk, Error, Needs, Snapshot, State, VcpuState};

const URI: &str = "test:///default";

#[test]
fn the_domain_has_the_values_of_virsh() {
    if !has_libvirt() {
        return;
    }
    let dominfo = || virsh(URI, &["-r", "dominfo", "test"]);
    let field = |info: &str, name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name));
        let value = line.unwrap_or_else(|| panic!("no {name} in {info}"));
        value.trim().to_owned()
    };
    let kib = |info: &str, name: &str| {
        let value = field(info, name);
        let kib: u64 = value.strip_suffix(" KiB").unwrap().parse().unwrap();
        Some(kib * 1024)
    };
    let seconds = |info: &str| -> f64 {
        let value = field(info, "CPU time:");
        value.strip_suffix('s').unwrap().parse().unwrap()
    };

    let before = dominfo();
    let (_, snapshot) = sampled(URI);
    let after = dominfo();
    assert_eq!(snapshot.domains.len(), 1);
    let test = domain(&snapshot, "test");
    assert_eq!(test.identity.id.to_string(), field(&before, "Id:"));
    assert_eq!(test.identity.uuid.to_string(), field(&before, "UUID:"));
    assert_eq!(test.state.as_str(), field(&before, "State:"));
    assert_eq!(test.mem_bytes, kib(&before, "Used memory:"));
    assert_eq!(test.mem_max_bytes, kib(&before, "Max memory:"));
    let vcpus = test.vcpus_online.unwrap();
    assert_eq!(vcpus.to_string(), field(&before, "CPU(s):"));
    // The driver's CPU time is the time of day; virsh prints tenths.
    let time = test.cpu_time_ns.unwrap() as f64 / 1e9;
    assert!(seconds(&before) - 0.1 <= time && time <= seconds(&after) + 0.1);
    let info = virsh(URI, &["-r", "vcpuinfo", "test"]);
    let running = info.matches("running").count();
    assert_eq!(test.vcpus.rows.len(), running);
    assert!(test.vcpus.complete && running == 2, "{info}");
    for (n, vcpu) in test.vcpus.rows.iter().enumerate() {
        assert_eq!((vcpu.id as usize, vcpu.state), (n, VcpuState::Running));
        assert!(vcpu.cpu_time_ns.is_some() && vcpu.pcpu.is_some());
    }
    let xml = virsh(URI, &["-r", "dumpxml", "test"]);
    let count = |element: &str| xml.matches(element).count();
    assert_eq!(test.nics.rows.len(), count("<interface "));
    assert_eq!(test.disks.rows.len(), count("<disk "));
    assert!(test.nics.complete && test.disks.complete);
}

/// A host of the test driver with one domain, which has these devices.
fn with_devices(devices: &str) -> (TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("node.xml");
    let xml = format!(
        "<node><domain type='test'><name>web</name><memory>65536</memory><os><type>hvm</type></os>
        <devices>{devices}</devices></domain></node>"
    );
    fs::write(&file, xml).unwrap();
    let uri = format!("test://{}", file.display());
    (directory, uri)
}

/// The driver has a bulk call, which returns no devices.
#[test]
fn each_device_takes_a_call_of_its_own() {
    if !has_libvirt() {
        return;
    }
    let (_directory, uri) = with_devices(
        "<interface type='network'><source network='default'/><target dev='web0'/></interface>
        <disk type='file' device='disk'><source file='/tmp/web.img'/><target dev='vda'/></disk>
        <disk type='file' device='cdrom'><target dev='hdc'/></disk>",
    );
    // The driver's counters are the time of day in parts.
    let stats = |call: &str, device: &str| -> BTreeMap<String, String> {
        let text = virsh(&uri, &["-r", call, "web", device]);
        let words = text.lines().filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        });
        words.collect()
    };
    let all = || {
        [
            ("domifstat", "web0"),
            ("domblkstat", "vda"),
            ("domblkstat", "hdc"),
        ]
        .map(|(call, device)| stats(call, device))
    };
    let before = all();
    let (_, snapshot) = sampled(&uri);
    let after = all();
    let [nic, vda, hdc] = [0, 1, 2].map(|n| Bracket::new(&before[n], &after[n]));
    let web = domain(&snapshot, "web");
    let [web_nic] = &web.nics.rows[..] else {
        panic!("{web:?}");
    };
    assert_eq!(web_nic.name, "web0");
    for (field, value) in [
        ("rx_bytes", web_nic.rx_bytes),
        ("rx_packets", web_nic.rx_packets),
        ("rx_errs", web_nic.rx_errors),
        ("rx_drop", web_nic.rx_drops),
        ("tx_bytes", web_nic.tx_bytes),
        ("tx_packets", web_nic.tx_packets),
        ("tx_errs", web_nic.tx_errors),
        ("tx_drop", web_nic.tx_drops),
    ] {
        nic.check_value(field, value);
        assert!(value.is_some(), "{field}");
    }
    let [disk, drive] = &web.disks.rows[..] else {
        panic!("{web:?}");
    };
    let place = |disk: &Disk| (disk.name.clone(), disk.path.clone());
    assert_eq!(place(disk), ("vda".into(), "/tmp/web.img".into()));
    assert_eq!(place(drive), ("hdc".into(), String::new()));
    for (bracket, disk) in [(vda, disk), (hdc, drive)] {
        for (field, value) in [
            ("rd_bytes", disk.rd_bytes),
            ("rd_req", disk.rd_requests),
            ("wr_bytes", disk.wr_bytes),
            ("wr_req", disk.wr_requests),
        ] {
            bracket.check_value(field, value);
            assert!(value.is_some(), "{field}");
        }
        // The driver has no times and no flushes.
        assert_eq!((disk.rd_time_ns, disk.fl_requests), (None, None));
    }
    assert!(web.nics.complete && web.disks.complete && snapshot.warnings.is_empty());
}

#[test]
fn devices_are_in_a_recording() {
    if !has_libvirt() {
        return;
    }
    let (_directory, uri) = with_devices(
        "<interface type='network'><source network='default'/><target dev='web0'/></interface>
        <disk type='file' device='disk'><source file='/tmp/web.img'/><target dev='vda'/></disk>",
    );
    let needs = Needs {
        raw: true,
        ..Needs::default()
    };
    let options = Options {
        needs,
        ..Options::default()
    };
    let mut backend = LibvirtBackend::open(Some(&uri), &options).unwrap();
    let (mut live, mut replayed) = (Snapshot::default(), Snapshot::default());
    backend.sample(&mut live).unwrap();
    let mut replay = LibvirtReplay::new(&backend.host_metadata()).unwrap();
    replay.sample(backend.raw(), &mut replayed).unwrap();
    let (live, replayed) = (&live.domains[0], &replayed.domains[0]);
    assert!(live.nics.rows[0].rx_bytes.is_some() && live.disks.rows[0].rd_bytes.is_some());
    assert_eq!(*live.nics.rows, *replayed.nics.rows);
    assert_eq!(*live.disks.rows, *replayed.disks.rows);
    assert!(replayed.nics.complete && replayed.disks.complete);
}

#[test]
fn the_sample_has_the_driver_and_its_host() {
    if !has_libvirt() {
        return;
    }
    let (backend, snapshot) = sampled(URI);
    assert_eq!(backend.name(), "libvirt");
    let all = Capabilities {
        nics: true,
        disks: true,
        vcpus: true,
    };
    assert_eq!(backend.capabilities(), all);
    let host = &snapshot.host;
    assert!(
        host.hypervisor.to_lowercase().starts_with("test 0."),
        "{host:?}"
    );
    let nodeinfo = virsh(URI, &["-r", "nodeinfo"]);
    let words: Vec<&str> = nodeinfo.split_whitespace().collect();
    let pcpus = host.pcpus.unwrap().to_string();
    assert!(
        words.windows(2).any(|pair| pair == ["CPU(s):", &pcpus]),
        "{nodeinfo}"
    );
    let kib = (host.mem_bytes.unwrap() / 1024).to_string();
    assert!(
        words.windows(2).any(|pair| pair == ["size:", &kib]),
        "{nodeinfo}"
    );
    assert!(host.mem_free_bytes.is_some());
    assert_eq!(host.idle_ns, None);
}

#[test]
fn the_idle_time_of_the_host_is_read_if_the_host_is_needed() {
    if !has_libvirt() {
        return;
    }
    let options = Options {
        needs: Needs {
            host: true,
            ..Needs::default()
        },
        ..Options::default()
    };
    let mut backend = LibvirtBackend::open(Some(URI), &options).unwrap();
    let mut snapshot = Snapshot::default();
    backend.sample(&mut snapshot).unwrap();
    let text = virsh(URI, &["-r", "nodecpustats"]);
    let value = |name: &str| -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    };
    let expected = value("idle:") + value("iowait:");
    assert_eq!(snapshot.host.idle_ns, Some(expected));
}

#[test]
fn later_samples_reuse_the_rows_and_the_name_of_the_first() {
    if !has_libvirt() {
        return;
    }
    let (mut backend, mut snapshot) = sampled(URI);
    let name = snapshot.domains[0].name.clone().unwrap();
    let hypervisor = snapshot.host.hypervisor.as_ptr();
    snapshot.domains[0].state = State::Dying;
    // There are two sets of rows: the caller has one while the other is filled.
    backend.sample(&mut snapshot).unwrap();
    backend.sample(&mut snapshot).unwrap();
    let test = &snapshot.domains[0];
    assert!(std::sync::Arc::ptr_eq(&name, test.name.as_ref().unwrap()));
    assert_eq!(test.state, State::Running);
    assert_eq!(snapshot.host.hypervisor.as_ptr(), hypervisor);
}

/// The error of a URI that cannot be opened.
fn refusal(uri: &str) -> String {
    match LibvirtBackend::open(
        Some(uri),
        &Options {
            needs: Needs {
                vcpus: true,
                ..Needs::default()
            },
            ..Options::default()
        },
    )
    .map(drop)
    {
        Err(Error::Unavailable(line)) => {
            assert!(line.contains(uri) && !line.contains('\n'), "{line:?}");
            line
        }
        other => panic!("{uri}: {other:?}"),
    }
}

#[test]
fn a_missing_daemon_is_reported_in_one_line() {
    if !has_libvirt() {
        return;
    }
    let line = refusal("qemu+unix:///system?socket=/nonexistent");
    assert!(line.contains("'/nonexistent': No such file"), "{line}");
    assert!(line.contains("is libvirtd"), "{line}");
    refusal("nosuch:///x");
    refusal("not a uri");
}

#[test]
fn a_uri_with_a_nul_byte_is_refused() {
    if !has_libvirt() {
        return;
    }
    assert!(matches!(
        LibvirtBackend::open(Some("test:///\0"), &Options::default()).map(drop),
        Err(Error::Unavailable(_))
    ));
}

#[test]
fn several_backends_work_at_the_same_time() {
    if !has_libvirt() {
        return;
    }
    let mut backends: Vec<_> = (0..3).map(|_| sampled(URI).0).collect();
    backends.remove(1);
    let mut snapshot = Snapshot::default();
    for backend in &mut backends {
        backend.sample(&mut snapshot).unwrap();
    }
    assert_eq!(snapshot.domains.len(), 1);
}
