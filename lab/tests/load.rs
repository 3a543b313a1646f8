//! Known loads, compared with virtmon's CSV: prints a table of requested and measured values.
//!
//! The clock of the lab counts instructions, so a busy machine takes longer and changes no value.
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::sync::LazyLock;

use virtmon_lab::{Lab, Load, Row, loads, rows, suite, unix_seconds};

static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let options = ["--icount", "--limit", "1200"];
    Lab::run(&suite(), include_str!("load.sh"), &options)
});

/// The rows of one domain, by name.
fn rows_of(csv: &str, name: &str) -> Vec<Row> {
    let rows = rows(&LAB.file(csv)).into_iter();
    rows.filter(|row| row.text("name") == name).collect()
}

/// Increase of a counter from the row before a load to a row after it, when all I/O of the guest is
/// complete.
fn moved(rows: &[Row], load: &Load, column: &str) -> f64 {
    let time = |row: &&Row| unix_seconds(row.text("time"));
    let before = rows.iter().rfind(|row| time(row) < load.begin).unwrap();
    let after = rows.iter().find(|row| time(row) > load.end + 0.5).unwrap();
    after.number(column).unwrap() - before.number(column).unwrap()
}

/// Prints a line of the table, and checks the difference.
fn compare(what: &str, requested: f64, measured: f64, tolerance: f64) {
    let difference = measured - requested;
    println!(
        "| {what} | {requested:.0} | {measured:.0} | {:+.2} % |",
        100.0 * difference / requested
    );
    assert!(
        difference.abs() <= tolerance,
        "{what}: requested {requested}, measured {measured}"
    );
}

fn of_kind(console: &str, kind: &str) -> Vec<Load> {
    let loads: Vec<Load> = loads(&LAB.file(console))
        .into_iter()
        .filter(|load| load.kind == kind)
        .collect();
    assert_eq!(loads.len(), 3, "three levels");
    loads
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn cpu_time_is_measured() {
    let rows = rows_of("load.csv", "load");
    for load in of_kind("load.console", "cpu") {
        let requested = load.requested("cpu_ns").unwrap();
        let measured = moved(&rows, &load, "cpu_time_ns");
        let pcpu_ns = 1e9 * (load.end - load.begin);
        compare("cpu_time_ns", requested, measured, 0.02 * pcpu_ns);
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn disk_bytes_are_measured() {
    let rows = rows_of("load.csv", "load");
    for load in of_kind("load.console", "disk") {
        for (figure, column) in [
            ("read_bytes", "disk_rd_bytes"),
            ("write_bytes", "disk_wr_bytes"),
        ] {
            // The load bypasses the page cache, so there is no read-ahead.
            let requested = load.requested(figure).unwrap();
            compare(column, requested, moved(&rows, &load, column), 0.0);
        }
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn network_bytes_are_measured() {
    let rows = rows_of("load.csv", "load");
    for load in of_kind("load.console", "net") {
        // xen-netback counts the bytes that a guest sends without the Ethernet header (netback.c:
        // xenvif_tx_submit, after eth_type_trans): 14 bytes a packet less than on the wire.
        let requested = load.requested("ip_bytes").unwrap();
        let measured = moved(&rows, &load, "net_tx_bytes");
        compare("net_tx_bytes", requested, measured, 0.01 * requested);
    }
}

/// Xen does not know how a guest uses its memory. The guest reports its use, as agents do. The reported
/// memory includes the page tables, 1 page in 512, and the program's pages, about 200 KiB. The use without
/// load is the minimum of all reports: about 1 MiB that the kernel keeps for one CPU is not in MemFree, and
/// a load takes memory from there.
#[test]
#[ignore = "boots a real Xen: make test"]
fn memory_of_eat_memory_is_in_the_report_of_the_guest() {
    let rows = rows_of("load.csv", "eater");
    let used =
        |row: &Row| Some(row.number("guest_total_bytes")? - row.number("guest_usable_bytes")?);
    let sizes: Vec<f64> = rows.iter().filter_map(|r| r.number("mem_bytes")).collect();
    assert!(sizes.windows(2).all(|two| two[0] == two[1]), "{sizes:?}");
    let idle = rows.iter().filter_map(used).fold(f64::INFINITY, f64::min);
    for load in of_kind("eater.console", "memory") {
        let time = |row: &&Row| unix_seconds(row.text("time"));
        // The guest reports once a second, and the first pass takes time.
        let within = load.begin + 3.0..load.end;
        let rows = rows.iter().filter(|row| within.contains(&time(row)));
        let max = rows.filter_map(used).fold(0.0, f64::max);
        let requested = load.requested("held_bytes").unwrap();
        let measured = max - idle;
        compare(
            "guest_total - guest_usable",
            requested,
            measured,
            0.01 * requested,
        );
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn memory_of_the_balloon_is_measured() {
    let rows = rows_of("balloon.csv", "eater");
    let settled = LAB.file("balloon");
    assert_eq!(settled.lines().count(), 3);
    for line in settled.lines() {
        let (mib, time) = line.split_once(' ').unwrap();
        let requested = mib.parse::<f64>().unwrap() * 1024.0 * 1024.0;
        let time = unix_seconds(time);
        let row = rows
            .iter()
            .rfind(|row| unix_seconds(row.text("time")) < time);
        let measured = row.unwrap().number("mem_bytes").unwrap();
        compare("mem_bytes", requested, measured, 0.01 * requested);
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn eat_memory_in_domain_0_costs_cpu_time_and_no_memory_of_xen() {
    let rows = rows_of("dom0.csv", "Domain-0");
    let loads = loads(&LAB.file("dom0.console"));
    let [load] = &loads[..] else {
        panic!("{loads:?}");
    };
    let sizes: Vec<f64> = rows.iter().filter_map(|r| r.number("mem_bytes")).collect();
    assert!(sizes.windows(2).all(|two| two[0] == two[1]), "{sizes:?}");
    let free = LAB.file("dom0.free");
    let free: Vec<f64> = free.lines().map(|line| line.parse().unwrap()).collect();
    let requested = load.requested("held_bytes").unwrap();
    compare(
        "domain 0's MemFree",
        requested,
        free[0] - free[1],
        0.01 * requested,
    );
    // A pass writes 256 MiB with about 100 million instructions, or ns.
    let measured = moved(&rows, load, "cpu_time_ns");
    let least = 0.05e9 * load.done("passes").unwrap();
    assert!(measured > least, "{measured} ns in {load:?}");
}
