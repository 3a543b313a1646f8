//! Compares the NICs and disks of a guest under load in virtmon's CSV with the kernel's files and xentop.
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::sync::LazyLock;

use virtmon_lab::{Lab, Row, assert_replays, rows, suite};

static LAB: LazyLock<Lab> =
    LazyLock::new(|| Lab::run(&suite(), include_str!("devices.sh"), &["--limit", "420"]));

/// Values of the four columns, in the order of `COLUMNS`.
type Sums = [f64; 4];

const COLUMNS: [&str; 4] = [
    "net_rx_bytes",
    "net_tx_bytes",
    "disk_rd_bytes",
    "disk_wr_bytes",
];

/// Sums of the files of the guest's devices, from the view of the guest. A sector has 512 bytes.
fn of_sysfs(name: &str) -> Sums {
    let files = [
        ("statistics/tx_bytes", 1.0),
        ("statistics/rx_bytes", 1.0),
        ("statistics/rd_sect", 512.0),
        ("statistics/wr_sect", 512.0),
    ];
    let text = LAB.file(name);
    files.map(|(file, unit)| {
        let values: Vec<f64> = text
            .lines()
            .filter_map(|line| line.rsplit_once(':'))
            .filter(|(path, _)| path.ends_with(file))
            .map(|(_, value)| value.parse().unwrap())
            .collect();
        assert_eq!(values.len(), 2, "two NICs and two disks: {text}");
        unit * values.iter().sum::<f64>()
    })
}

/// Values of the guest's last line of xentop, from the view of the guest: network in KiB, and sectors in
/// bytes.
fn of_xentop(name: &str) -> Sums {
    let text = LAB.file(name);
    let line = text
        .lines()
        .rfind(|line| line.trim_start().starts_with("dev "));
    let words: Vec<&str> = line.unwrap().split_whitespace().collect();
    // NAME STATE CPU(sec) CPU(%) MEM(k) MEM(%) MAXMEM(k) MAXMEM(%) VCPUS NETS NETTX(k) NETRX(k)
    // VBDS VBD_OO VBD_RD VBD_WR VBD_RSECT VBD_WSECT SSID
    let number = |n: usize| -> f64 { words[n].parse().unwrap() };
    assert_eq!((number(9), number(12)), (2.0, 2.0), "{words:?}");
    [
        number(10),
        number(11),
        512.0 * number(16),
        512.0 * number(17),
    ]
}

fn of_row(row: &Row) -> [Option<f64>; 4] {
    COLUMNS.map(|column| row.number(column))
}

fn of_csv(name: &str) -> Vec<[Option<f64>; 4]> {
    let rows = rows(&LAB.file(name));
    let rows = rows.iter().filter(|row| row.text("name") == "dev");
    rows.map(of_row).collect()
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn under_load_every_row_is_between_the_files_before_and_after() {
    let (before, after) = (of_sysfs("sysfs-before"), of_sysfs("sysfs-after"));
    let rows = of_csv("steady.csv");
    assert_eq!(rows.len(), 10);
    let mut last = before;
    for row in &rows {
        let row = row.map(Option::unwrap);
        for n in 0..4 {
            let range = last[n]..=after[n];
            assert!(range.contains(&row[n]), "{}: {row:?}", COLUMNS[n]);
        }
        last = row;
    }
    for n in 0..4 {
        assert!(last[n] > before[n], "{} did not change", COLUMNS[n]);
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_paused_guest_has_equal_values_in_files_xentop_and_virtmon() {
    let files = of_sysfs("sysfs-paused");
    let after = of_sysfs("sysfs-paused-after");
    let xentop = of_xentop("xentop-paused");
    for row in of_csv("paused.csv") {
        let row = row.map(Option::unwrap);
        // The bridge may still add its broadcasts to the guest's queue.
        assert!((files[0]..=after[0]).contains(&row[0]), "{row:?}");
        assert_eq!(row[1..], files[1..]);
    }
    assert!((xentop[0] - files[0] / 1024.0).abs() < 2.0, "{xentop:?}");
    assert_eq!(xentop[1], (files[1] / 1024.0).floor());
    assert_eq!(files[2..], xentop[2..]);
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn size_and_path_of_a_disk_are_those_of_its_backend() {
    let files = LAB.file("disks");
    let mut expected: Vec<(&str, &str, f64)> = files
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            // xen-vbd-interface(7): 202 << 8 | disk << 4.
            let name = ["xvda", "xvdb"][(words[0].parse::<usize>().unwrap() & 0xff) >> 4];
            (name, words[1], words[2].parse().unwrap())
        })
        .collect();
    expected.sort_by_key(|(name, ..)| *name);
    assert_eq!(expected.len(), 2, "{files}");
    assert!(expected.iter().all(|(_, path, _)| path.starts_with('/')));
    let data = 8_388_608.0;
    assert!(
        (expected[1].2 - data).abs() < 0.5,
        "size of data.img is not 8 MiB: {files}"
    );
    let rows = rows(&LAB.file("named.disk.csv"));
    let of = |row: &&Row| row.text("name") == "dev" && !row.text("disk").is_empty();
    let rows: Vec<_> = rows.iter().filter(of).collect();
    let mut known = 0;
    for row in &rows {
        let (_, path, bytes) = expected
            .iter()
            .find(|(name, ..)| *name == row.text("disk"))
            .unwrap();
        // xenstore is read between ticks: the first rows may not have them yet.
        let values = (row.text("path"), row.number("capacity_bytes"));
        assert!(["", *path].contains(&values.0), "{row:?}");
        assert!([None, Some(*bytes)].contains(&values.1), "{row:?}");
        known += usize::from(values == (*path, Some(*bytes)));
    }
    let last = rows.last().unwrap().text("tick");
    let complete = |row: &&&Row| row.text("tick") == last && !row.text("path").is_empty();
    assert_eq!(rows.iter().filter(complete).count(), 2, "{rows:?}");
    assert!(known >= rows.len() / 2, "{known} of {}", rows.len());
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn devices_of_domain_0_are_unknown() {
    for row in rows(&LAB.file("steady.csv")) {
        if row.text("name") == "Domain-0" {
            assert_eq!(of_row(&row), [None; 4]);
        }
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_disk_of_another_backend_makes_the_sum_unknown_until_it_is_removed() {
    let rows = of_csv("churn.csv");
    let known: Vec<bool> = rows.iter().map(|row| row[2].is_some()).collect();
    // xenstore is read between ticks: the first rows may not have the devices yet.
    let mut periods: Vec<bool> = known.iter().copied().skip_while(|known| !known).collect();
    periods.dedup();
    assert_eq!(periods[..3], [true, false, true], "{known:?}");
    assert!(rows.last().unwrap().iter().all(Option::is_some));
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_removed_device_is_not_in_the_sum() {
    let rows = of_csv("churn.csv");
    let known = |row: &&[Option<f64>; 4]| row.iter().all(Option::is_some);
    let first = rows.iter().find(known).unwrap().map(Option::unwrap);
    let last = rows.last().unwrap();
    assert!(
        last[0].unwrap() < first[0],
        "the second NIC received most bytes"
    );
    assert!(
        last[3].unwrap() < first[3],
        "only the second disk was written"
    );
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_replay_of_added_and_removed_devices_writes_the_same_bytes() {
    assert_replays(LAB.path(), "churn", &["nic", "disk"]);
}
