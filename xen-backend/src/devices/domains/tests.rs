use std::fs;

use virtmon_model::Identity;

use super::*;

/// Creates the directory of a vbd as sysfs has it.
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

/// Domain 0 and a guest with a list of disks.
fn two_domains(backends: &std::path::Path, vbds: &[u8]) -> (Devices, Vec<Domain>) {
    let mut devices = Devices::new(backends.into());
    let domains = vec![domain(0), domain(3)];
    devices.sync(&domains);
    devices.set_node(3, Node::Vifs, Answer::Missing);
    devices.set_node(3, Node::Vbds, Answer::Value(vbds));
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
    let mut warnings = Rows::default();
    devices.update(&mut domains, true, &mut warnings, true);
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
    let mut warnings = Rows::default();
    devices.update(&mut domains, true, &mut warnings, true);
    let rows = &domains[1].disks.rows;
    assert_eq!(rows[0].rd_bytes, Some(5120));
    assert_eq!((&*rows[1].name, rows[1].rd_bytes), ("xvdb", None));
    assert_eq!(rd_bytes(&domains[1]), None);

    // It appears later.
    serve(root.path(), "vbd-3-51728", 32);
    devices.guests[1].scan_at = Some(Instant::now());
    devices.schedule_scan();
    devices.update(&mut domains, true, &mut warnings, true);
    assert_eq!(rd_bytes(&domains[1]), Some(42 * 512));
}

#[test]
fn a_truncated_counter_is_unknown_and_causes_a_warning() {
    let root = tempfile::tempdir().unwrap();
    serve(root.path(), "vbd-3-51712", 10);
    let (mut devices, mut domains) = two_domains(root.path(), b"51712\0");
    let mut warnings = Rows::default();
    devices.update(&mut domains, true, &mut warnings, true);
    let before = warnings.len();
    fs::write(root.path().join("vbd-3-51712/statistics/wr_sect"), "4").unwrap();
    warnings.clear();
    devices.update(&mut domains, true, &mut warnings, true);
    assert_eq!(rd_bytes(&domains[1]), None);
    assert_eq!(warnings.len(), before + 1);
    let is_reported = warnings
        .iter()
        .any(|line| line.starts_with("vbd-3-51712: "));
    assert!(is_reported, "{warnings:?}");
}

#[test]
fn a_lost_connection_makes_lists_unknown_and_causes_a_warning() {
    let (mut devices, mut domains) = two_domains(std::path::Path::new("/nonexistent"), b"51712\0");
    let mut warnings = Rows::default();
    devices.update(&mut domains, true, &mut warnings, true);
    assert!(domains[1].disks.complete && domains[1].nics.complete);
    assert!(warnings.is_empty());
    devices.on_disconnect();
    assert!(devices.update(&mut domains, false, &mut warnings, false));
    assert!(!domains[1].disks.complete && !domains[1].nics.complete);
    assert!(warnings[0].contains("can't be reached"), "{warnings:?}");
}

#[test]
fn the_path_and_the_size_of_a_disk_follow_its_backend() {
    let (mut devices, mut domains) = two_domains(std::path::Path::new("/nonexistent"), b"51712\0");
    devices.set_node(3, Node::DiskParams(51712), Answer::Value(b"/dev/vg/web"));
    devices.set_node(3, Node::DiskSectors(51712), Answer::Value(b"2048"));
    // A disk that is not in the list.
    devices.set_node(3, Node::DiskParams(51728), Answer::Value(b"/dev/vg/other"));
    let mut warnings = Rows::default();
    assert!(devices.update(&mut domains, true, &mut warnings, true));
    let disk = &domains[1].disks.rows[0];
    assert_eq!(disk.path, "/dev/vg/web");
    assert_eq!(disk.capacity_bytes, Some(1 << 20));

    // The same value again is no change. An invalid size is unknown.
    devices.set_node(3, Node::DiskParams(51712), Answer::Value(b"/dev/vg/web"));
    assert!(!devices.update(&mut domains, false, &mut warnings, true));
    for no_size in [&b""[..], b"-1", b"0x10", b"18446744073709551615", b"\xff"] {
        devices.set_node(3, Node::DiskSectors(51712), Answer::Value(b"2048"));
        devices.set_node(3, Node::DiskSectors(51712), Answer::Value(no_size));
        devices.update(&mut domains, false, &mut warnings, true);
        assert_eq!(domains[1].disks.rows[0].capacity_bytes, None);
    }
    devices.set_node(3, Node::DiskParams(51712), Answer::Missing);
    devices.update(&mut domains, false, &mut warnings, true);
    assert_eq!(domains[1].disks.rows[0].path, "");
}
