//! The test guest, made from nothing by scripts/test-guest in a real dom0, each way that it knows.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::sync::LazyLock;

use virtmon_lab::{Lab, loads, rows, suite};

static LAB: LazyLock<Lab> =
    LazyLock::new(|| Lab::run(&suite(), include_str!("guest.sh"), &["--limit", "600"]));

/// It ran from its own disk, and virtmon saw it.
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
    // Its superblock at least.
    assert!(row.number("disk_rd_bytes").unwrap() > 1024.0, "{row:?}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn on_a_file() {
    ran("file");
    let disk = LAB.file("file.blkid");
    assert!(disk.contains("LABEL=cirros-rootfs"), "{disk}");
    assert!(disk.contains("TYPE=ext3"), "{disk}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn on_a_logical_volume() {
    ran("volume");
    let disk = LAB.file("volume.blkid");
    assert!(disk.contains("DEVNAME=/dev/vg0/cirros"), "{disk}");
    assert!(disk.contains("TYPE=ext3"), "{disk}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn from_an_image_laid_out_as_those_of_cirros_with_eat_memory_in_it() {
    ran("release");
    let loads = loads(&LAB.file("release.console"));
    let [load] = &loads[..] else {
        panic!("{loads:?}");
    };
    assert_eq!(load.did("held_bytes"), Some(f64::from(16 << 20)));
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn what_it_refuses() {
    for (what, status, why) in [
        (
            "other",
            "1",
            "other.img holds something else than a test guest",
        ),
        (
            "image",
            "1",
            "other.sum is not the -rootfs.img.gz of a release",
        ),
        ("usage", "2", "usage: scripts/test-guest"),
    ] {
        assert_eq!(LAB.file(&format!("{what}.status")).trim(), status);
        let said = LAB.file(&format!("{what}.err"));
        assert!(said.contains(why), "{said}");
    }
}
