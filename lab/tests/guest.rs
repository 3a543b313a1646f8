//! Builds the test guest with scripts/test-guest in a real dom0, in each supported way.
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::sync::LazyLock;

use virtmon_lab::{Lab, loads, rows, suite};

static LAB: LazyLock<Lab> =
    LazyLock::new(|| Lab::run(&suite(), include_str!("guest.sh"), &["--limit", "600"]));

/// Checks that the guest ran from its disk, and that virtmon has a row of it.
fn ran(way: &str) {
    let console = LAB.file(&format!("{way}.console"));
    assert!(console.contains("guest: idle"), "{console}");
    let mounted = "EXT4-fs (xvda): mounted filesystem";
    assert!(console.contains(mounted), "{console}");
    let rows = rows(&LAB.file(&format!("{way}.csv")));
    let row = rows
        .iter()
        .find(|row| row.text("name") == "cirros")
        .unwrap();
    // At least the superblock.
    assert!(row.number("disk_rd_bytes").unwrap() > 1024.0, "{row:?}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_guest_on_a_file_runs() {
    ran("file");
    let disk = LAB.file("file.blkid");
    assert!(disk.contains("LABEL=cirros-rootfs"), "{disk}");
    assert!(disk.contains("TYPE=ext3"), "{disk}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_guest_on_a_logical_volume_runs() {
    ran("volume");
    let disk = LAB.file("volume.blkid");
    assert!(disk.contains("DEVNAME=/dev/vg0/cirros"), "{disk}");
    assert!(disk.contains("TYPE=ext3"), "{disk}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn an_image_with_the_layout_of_cirros_runs_with_eat_memory() {
    ran("release");
    let loads = loads(&LAB.file("release.console"));
    let [load] = &loads[..] else {
        panic!("{loads:?}");
    };
    assert_eq!(load.done("held_bytes"), Some(f64::from(16 << 20)));
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn wrong_disks_images_and_options_are_refused() {
    for (what, status, why) in [
        ("other", "1", "other.img is not the disk of a test guest"),
        (
            "image",
            "1",
            "other.sum is not the -rootfs.img.gz of a release",
        ),
        ("usage", "2", "usage: scripts/test-guest"),
    ] {
        assert_eq!(LAB.file(&format!("{what}.status")).trim(), status);
        let stderr = LAB.file(&format!("{what}.err"));
        assert!(stderr.contains(why), "{stderr}");
    }
}
