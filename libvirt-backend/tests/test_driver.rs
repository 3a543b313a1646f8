//! Against libvirt's test driver, which lives in the library itself: no daemon, one domain that
//! is always the same, and a bulk call that knows nothing but its state.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod common;

use common::{domain, sampled, virsh};
use libvirt_backend::{LibvirtBackend, Options};
use virtmon_model::{Backend, Capabilities, Error, Snapshot, State, VcpuState, Wanted};

const URI: &str = "test:///default";

#[test]
fn the_one_domain_is_as_virsh_has_it() {
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
    // It says nothing of devices, which is not that there are none.
    assert_eq!(test.nics.sum(|nic| nic.rx_bytes), None);
    assert_eq!(test.disks.sum(|disk| disk.rd_bytes), None);
}

#[test]
fn the_driver_and_its_host_are_told() {
    let (backend, snapshot) = sampled(URI);
    assert_eq!(backend.name(), "libvirt");
    let vcpus_alone = Capabilities {
        nics: false,
        disks: false,
        vcpus: true,
    };
    assert_eq!(backend.capabilities(), vcpus_alone);
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
}

#[test]
fn later_samples_use_the_rows_and_the_name_of_the_first() {
    let (mut backend, mut snapshot) = sampled(URI);
    let name = snapshot.domains[0].name.clone().unwrap();
    let hypervisor = snapshot.host.hypervisor.as_ptr();
    snapshot.domains[0].state = State::Dying;
    // Two sets of rows take turns: one is the caller's while the other is filled.
    backend.sample(&mut snapshot).unwrap();
    backend.sample(&mut snapshot).unwrap();
    let test = &snapshot.domains[0];
    assert!(std::sync::Arc::ptr_eq(&name, test.name.as_ref().unwrap()));
    assert_eq!(test.state, State::Running);
    assert_eq!(snapshot.host.hypervisor.as_ptr(), hypervisor);
}

/// What opening a URI that can't be opened says.
fn refusal(uri: &str) -> String {
    match LibvirtBackend::open(
        Some(uri),
        &Options {
            wanted: Wanted {
                vcpus: true,
                ..Wanted::default()
            },
            ..Options::default()
        },
    )
    .map(drop)
    {
        Err(Error::NotHere(line)) => {
            assert!(line.contains(uri) && !line.contains('\n'), "{line:?}");
            line
        }
        other => panic!("{uri}: {other:?}"),
    }
}

#[test]
fn what_is_not_there_is_told_in_one_line() {
    let line = refusal("qemu+unix:///system?socket=/nonexistent");
    assert!(line.contains("'/nonexistent': No such file"), "{line}");
    assert!(line.contains("is libvirtd"), "{line}");
    refusal("nosuch:///x");
    refusal("not a uri");
}

#[test]
fn a_uri_with_a_nul_byte_is_refused() {
    assert!(matches!(
        LibvirtBackend::open(Some("test:///\0"), &Options::default()).map(drop),
        Err(Error::NotHere(_))
    ));
}

#[test]
fn several_connections_live_side_by_side() {
    let mut backends: Vec<_> = (0..3).map(|_| sampled(URI).0).collect();
    backends.remove(1);
    let mut snapshot = Snapshot::default();
    for backend in &mut backends {
        backend.sample(&mut snapshot).unwrap();
    }
    assert_eq!(snapshot.domains.len(), 1);
}
