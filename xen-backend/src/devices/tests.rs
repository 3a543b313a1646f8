use std::fs;
use std::os::unix::net::UnixStream;

use virtmon_model::Identity;

use super::class::Kind;
use super::*;

/// A vbd's directory as sysfs has it.
fn serve(backends: &std::path::Path, device: &str, sectors: u64) {
    let statistics = backends.join(device).join("statistics");
    fs::create_dir_all(&statistics).unwrap();
    for name in ["rd_req", "wr_req", "wr_sect", "f_req", "ds_req", "oo_req"] {
        fs::write(statistics.join(name), "1\n").unwrap();
    }
    fs::write(statistics.join("rd_sect"), format!("{sectors}\n")).unwrap();
}

fn domain(id: u32) -> Domain {
    Domain {
        identity: Identity {
            id,
            ..Identity::default()
        },
        ..Domain::default()
    }
}

/// Domain 0 and a guest, whose disks xenstore has listed.
fn two_domains(backends: &std::path::Path, vbds: &[u8]) -> (Devices, Vec<Domain>) {
    let mut devices = Devices::over(None, backends.into());
    let domains = vec![domain(0), domain(3)];
    devices.follow(&domains);
    devices.guests[1].list(Kind::Vif, b"");
    devices.guests[1].list(Kind::Vbd, vbds);
    devices.schedule();
    (devices, domains)
}

fn rd_bytes(domain: &Domain) -> Option<u64> {
    domain.disks.sum(|disk| disk.rd_bytes)
}

#[test]
fn disks_are_added_up_and_domain_0_is_unknown() {
    let root = tempfile::tempdir().unwrap();
    serve(root.path(), "vbd-3-51712", 10);
    serve(root.path(), "vbd-3-51728", 32);
    let (mut devices, mut domains) = two_domains(root.path(), b"51712\x0051728\0");
    let mut troubles = Rows::default();
    devices.give(&mut domains, true, &mut troubles, &mut |_| true);
    assert_eq!(rd_bytes(&domains[0]), None);
    assert_eq!(rd_bytes(&domains[1]), Some(42 * 512));
    assert_eq!(domains[1].disks.rows[1].name, "xvdb");
    assert_eq!(
        domains[1].nics.sum(|nic| nic.rx_bytes),
        Some(0),
        "it has none"
    );
}

#[test]
fn a_disk_that_is_not_served_here_is_unknown() {
    let root = tempfile::tempdir().unwrap();
    serve(root.path(), "vbd-3-51712", 10);
    let (mut devices, mut domains) = two_domains(root.path(), b"51712\x0051728\0");
    let mut troubles = Rows::default();
    devices.give(&mut domains, true, &mut troubles, &mut |_| true);
    let rows = &domains[1].disks.rows;
    assert_eq!(rows[0].rd_bytes, Some(5120));
    assert_eq!((&*rows[1].name, rows[1].rd_bytes), ("xvdb", None));
    assert_eq!(rd_bytes(&domains[1]), None);

    // It comes later.
    serve(root.path(), "vbd-3-51728", 32);
    devices.guests[1].look_at = Some(Instant::now());
    devices.schedule();
    devices.give(&mut domains, true, &mut troubles, &mut |_| true);
    assert_eq!(rd_bytes(&domains[1]), Some(42 * 512));
}

#[test]
fn a_truncated_counter_is_unknown_and_said() {
    let root = tempfile::tempdir().unwrap();
    serve(root.path(), "vbd-3-51712", 10);
    let (mut devices, mut domains) = two_domains(root.path(), b"51712\0");
    let mut troubles = Rows::default();
    devices.give(&mut domains, true, &mut troubles, &mut |_| true);
    let before = troubles.len();
    fs::write(root.path().join("vbd-3-51712/statistics/wr_sect"), "4").unwrap();
    troubles.clear();
    devices.give(&mut domains, true, &mut troubles, &mut |_| true);
    assert_eq!(rd_bytes(&domains[1]), None);
    assert_eq!(troubles.len(), before + 1);
    let said = troubles
        .iter()
        .any(|line| line.starts_with("vbd-3-51712: "));
    assert!(said, "{troubles:?}");
}

#[test]
fn a_silent_xenstore_costs_a_tick_once() {
    let (here, _silent) = UnixStream::pair().unwrap();
    let connection = Connection::over(here).unwrap();
    let mut devices = Devices::over(Some(connection), "/nonexistent".into());
    let mut domains = vec![domain(0), domain(3)];
    let mut troubles = Rows::default();
    devices.give(&mut domains, true, &mut troubles, &mut |_| true);
    let began = Instant::now();
    for _ in 0..100 {
        devices.give(&mut domains, true, &mut troubles, &mut |_| true);
    }
    assert!(began.elapsed().as_millis() < 100, "{:?}", began.elapsed());
    assert_eq!(rd_bytes(&domains[1]), None);
}
