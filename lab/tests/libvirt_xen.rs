//! Compares libvirt's Xen driver with the hypercall, for the same guests in the same boot.
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use virtmon_lab::{Lab, Row, rows};

/// One boot serves all tests. Its clock counts instructions.
static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let job = include_str!("libvirt-xen-job.sh");
    Lab::run("bookworm", job, &["--icount", "--limit", "600"])
});

const BY_LIBVIRT: [&str; 3] = ["Domain-0", "made-1", "made-2"];

fn names(rows: &[Row]) -> BTreeSet<&str> {
    rows.iter().map(|row| row.text("name")).collect()
}

fn row<'a>(rows: &'a [Row], name: &str) -> &'a Row {
    let mut found = rows.iter().filter(|row| row.text("name") == name);
    let row = found.next().unwrap();
    assert!(found.next().is_none(), "{name} is there twice");
    row
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn the_hypercall_lists_the_guests_of_libvirt_and_of_xl() {
    let (xen, libvirt) = (
        rows(&LAB.file("before.csv")),
        rows(&LAB.file("libvirt.csv")),
    );
    let virsh = LAB.file("virsh-names");
    let virsh: BTreeSet<&str> = virsh.split_whitespace().collect();
    assert_eq!(virsh, BTreeSet::from(BY_LIBVIRT));
    assert_eq!(names(&libvirt), virsh);
    let mut all = virsh;
    all.insert("by-xl");
    assert_eq!(names(&xen), all);
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn both_have_the_same_domains() {
    let [before, between, after] =
        ["before.csv", "libvirt.csv", "after.csv"].map(|name| rows(&LAB.file(name)));
    for name in BY_LIBVIRT {
        let [before, row, after] = [&before, &between, &after].map(|rows| row(rows, name));
        let columns = ["id", "uuid", "name", "vcpus_online", "mem_bytes"];
        for column in columns {
            assert_eq!(row.text(column), before.text(column), "{name} {column}");
        }
        let time = |row: &Row| row.number("cpu_time_ns").unwrap();
        let bracket = time(before)..=time(after);
        assert!(bracket.contains(&time(row)), "{name} {row:?} {bracket:?}");
    }
}

/// Row of a device, by its name on the host or in the configuration of the guest.
fn device<'a>(rows: &'a [Row], guest: &str, column: &str, name: &str) -> Option<&'a Row> {
    let is_it = |row: &&Row| row.text("name") == guest && row.text(column) == name;
    rows.iter().find(is_it)
}

/// Compares the counters of a device with those of the hypercall before and after. Returns the number of
/// counters that libvirt reported.
fn lie_between(between: &Row, before: &Row, after: &Row, counters: &[&str]) -> usize {
    let known = counters.iter().filter(|column| {
        let number = |row: &Row| row.number(column);
        let Some(value) = number(between) else {
            return false;
        };
        let bracket = number(before).unwrap()..=number(after).unwrap();
        assert!(bracket.contains(&value), "{column}: {value} {bracket:?}");
        true
    });
    known.count()
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn both_have_the_same_nics() {
    let [before, between, after] =
        ["before.nic.csv", "libvirt.nic.csv", "after.nic.csv"].map(|name| rows(&LAB.file(name)));
    let of_it: Vec<&Row> = between
        .iter()
        .filter(|row| row.text("name") == "made-1")
        .collect();
    let [row] = of_it[..] else {
        panic!("{of_it:?}");
    };
    let nic = |rows| device(rows, "made-1", "nic", row.text("nic")).unwrap();
    let counters = [
        "rx_bytes",
        "rx_packets",
        "rx_drops",
        "tx_bytes",
        "tx_packets",
        "tx_drops",
    ];
    let known = lie_between(row, nic(&before), nic(&after), &counters);
    assert_eq!(known, counters.len());
    assert!(row.number("tx_bytes").unwrap() > 0.0, "{row:?}");
    let domains = rows(&LAB.file("libvirt.csv"));
    assert_eq!(
        self::row(&domains, "made-1").text("net_tx_bytes"),
        row.text("tx_bytes")
    );
    // Without a NIC the sum is 0.
    assert_eq!(self::row(&domains, "made-2").text("net_tx_bytes"), "0");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn both_have_the_same_disks() {
    let [before, between, after] =
        ["before.disk.csv", "libvirt.disk.csv", "after.disk.csv"].map(|name| rows(&LAB.file(name)));
    for name in ["xvda", "xvdb"] {
        let disk = |rows| device(rows, "made-1", "disk", name).unwrap();
        let row = disk(&between);
        let counters = ["rd_bytes", "rd_requests", "wr_bytes", "wr_requests"];
        let known = lie_between(row, disk(&before), disk(&after), &counters);
        assert_eq!(known, counters.len());
        assert!(row.number("rd_bytes").unwrap() > 0.0, "{row:?}");
    }
    let domains = rows(&LAB.file("libvirt.csv"));
    let written = row(&domains, "made-1").number("disk_wr_bytes");
    assert!(written.unwrap() > 0.0);
    assert_eq!(row(&domains, "made-2").text("disk_wr_bytes"), "0");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn counters_that_libvirt_refuses_are_unknown_with_a_warning() {
    let nics = rows(&LAB.file("refused.nic.csv"));
    let nic = nics.iter().find(|row| row.text("name") == "made-1");
    assert_eq!(nic.unwrap().text("rx_bytes"), "");
    let domains = rows(&LAB.file("refused.csv"));
    let made = row(&domains, "made-1");
    assert_eq!(made.text("net_rx_bytes"), "");
    assert!(made.number("disk_rd_bytes").is_some() && made.number("cpu_time_ns").is_some());
    let stderr = LAB.file("refused.err");
    let warning = "virDomainInterfaceStats: no counters of 1 NICs";
    assert!(stderr.contains(warning), "{stderr}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn both_have_the_same_vcpus() {
    let [before, between, after] =
        ["before.vcpu.csv", "libvirt.vcpu.csv", "after.vcpu.csv"].map(|name| rows(&LAB.file(name)));
    let vcpu = |rows: &[Row], name: &str, number: &str| -> f64 {
        let is = |row: &&Row| row.text("name") == name && row.text("vcpu") == number;
        rows.iter().find(is).unwrap().number("cpu_time_ns").unwrap()
    };
    for row in &between {
        let (name, number) = (row.text("name"), row.text("vcpu"));
        let bracket = vcpu(&before, name, number)..=vcpu(&after, name, number);
        assert!(
            bracket.contains(&row.number("cpu_time_ns").unwrap()),
            "{row:?} {bracket:?}"
        );
        assert!(row.number("pcpu").is_some(), "{row:?}");
    }
    assert_eq!(names(&between), BTreeSet::from(BY_LIBVIRT));
}

/// Instructions of the cheapest sample.
fn cost(name: &str) -> f64 {
    let rows = rows(&LAB.file(name));
    let each = rows.iter().map(|row| row.number("sample_ns").unwrap());
    each.fold(f64::INFINITY, f64::min)
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn the_hypercall_is_many_times_cheaper() {
    let (xen, libvirt) = (cost("xen-cost.csv"), cost("libvirt-cost.csv"));
    println!("libvirt-xen,hypercall,with devices,instructions,{xen}");
    println!("libvirt-xen,libvirt,with devices,instructions,{libvirt}");
    assert!(libvirt > 5.0 * xen, "{libvirt} and {xen}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn the_end_of_a_guest_has_its_cause() {
    let rows = rows(&LAB.file("churn.event.csv"));
    // A sample may show the guest in shutdown before.
    let mut of_it = rows.iter().filter(|row| row.text("name") == "made-2");
    let last = of_it.next_back().unwrap();
    assert_eq!(last.text("event"), "destroyed");
    assert!(last.text("cause").ends_with("destroyed"), "{last:?}");
}
