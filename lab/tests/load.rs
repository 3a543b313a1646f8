//! Load in known amounts, as virtmon's CSV has it: asked against seen, in a table.
//!
//! The lab counts instructions here, so a busy machine takes longer, and changes no figure.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

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

/// How much a counter moved from the row before a load to the one after it, when all that the
/// guest had handed on has been done.
fn moved(rows: &[Row], load: &Load, column: &str) -> f64 {
    let time = |row: &&Row| unix_seconds(row.text("time"));
    let before = rows.iter().rfind(|row| time(row) < load.begin).unwrap();
    let after = rows.iter().find(|row| time(row) > load.end + 0.5).unwrap();
    after.number(column).unwrap() - before.number(column).unwrap()
}

/// Prints a line of the table, and holds the two against each other.
fn compare(what: &str, asked: f64, seen: f64, tolerance: f64) {
    let off = seen - asked;
    println!(
        "| {what} | {asked:.0} | {seen:.0} | {:+.2} % |",
        100.0 * off / asked
    );
    assert!(off.abs() <= tolerance, "{what}: asked {asked}, seen {seen}");
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
fn cpu_time() {
    let rows = rows_of("load.csv", "load");
    for load in of_kind("load.console", "cpu") {
        let asked = load.asked("cpu_ns").unwrap();
        let seen = moved(&rows, &load, "cpu_time_ns");
        let pcpu_ns = 1e9 * (load.end - load.begin);
        compare("cpu_time_ns", asked, seen, 0.02 * pcpu_ns);
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn disk_bytes() {
    let rows = rows_of("load.csv", "load");
    for load in of_kind("load.console", "disk") {
        for (figure, column) in [
            ("read_bytes", "disk_rd_bytes"),
            ("write_bytes", "disk_wr_bytes"),
        ] {
            // The load reads and writes past the page cache: there is nothing to read ahead.
            let asked = load.asked(figure).unwrap();
            compare(column, asked, moved(&rows, &load, column), 0.0);
        }
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn network_bytes() {
    let rows = rows_of("load.csv", "load");
    for load in of_kind("load.console", "net") {
        // xen-netback counts what a guest sends when the Ethernet header is off (netback.c:
        // xenvif_tx_submit, after eth_type_trans): 14 bytes less a packet than were on the wire.
        let asked = load.asked("ip_bytes").unwrap();
        let seen = moved(&rows, &load, "net_tx_bytes");
        compare("net_tx_bytes", asked, seen, 0.01 * asked);
    }
}

/// Xen does not see what a guest does with its memory. The guest tells of it, as agents do: with the
/// page tables, 1 page in 512, and the program's own pages, about 200 KiB. What it uses without the
/// load is the least that it ever told: what its kernel keeps for one CPU, a MiB more or less, is not
/// in MemFree, and a load takes it from there.
#[test]
#[ignore = "boots a real Xen: make test"]
fn memory_that_eat_memory_holds_is_what_the_guest_reports_as_used() {
    let rows = rows_of("load.csv", "eater");
    let used =
        |row: &Row| Some(row.number("guest_total_bytes")? - row.number("guest_usable_bytes")?);
    let held: Vec<f64> = rows.iter().filter_map(|r| r.number("mem_bytes")).collect();
    assert!(held.windows(2).all(|two| two[0] == two[1]), "{held:?}");
    let idle = rows.iter().filter_map(used).fold(f64::INFINITY, f64::min);
    for load in of_kind("eater.console", "memory") {
        let time = |row: &&Row| unix_seconds(row.text("time"));
        // It reports once a second, and the first pass takes a moment.
        let within = load.begin + 3.0..load.end;
        let rows = rows.iter().filter(|row| within.contains(&time(row)));
        let most = rows.filter_map(used).fold(0.0, f64::max);
        let asked = load.asked("held_bytes").unwrap();
        let seen = most - idle;
        compare("guest_total - guest_unused", asked, seen, 0.01 * asked);
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn memory_that_the_balloon_is_given() {
    let rows = rows_of("balloon.csv", "eater");
    let settled = LAB.file("balloon");
    assert_eq!(settled.lines().count(), 3);
    for line in settled.lines() {
        let (mib, time) = line.split_once(' ').unwrap();
        let asked = mib.parse::<f64>().unwrap() * 1024.0 * 1024.0;
        let time = unix_seconds(time);
        let row = rows
            .iter()
            .rfind(|row| unix_seconds(row.text("time")) < time);
        let seen = row.unwrap().number("mem_bytes").unwrap();
        compare("mem_bytes", asked, seen, 0.01 * asked);
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn eat_memory_in_domain_0_is_its_cpu_time_and_nothing_that_xen_gives_it() {
    let rows = rows_of("dom0.csv", "Domain-0");
    let loads = loads(&LAB.file("dom0.console"));
    let [load] = &loads[..] else {
        panic!("{loads:?}");
    };
    let held: Vec<f64> = rows.iter().filter_map(|r| r.number("mem_bytes")).collect();
    assert!(held.windows(2).all(|two| two[0] == two[1]), "{held:?}");
    let free = LAB.file("dom0.free");
    let free: Vec<f64> = free.lines().map(|line| line.parse().unwrap()).collect();
    let asked = load.asked("held_bytes").unwrap();
    compare("domain 0's MemFree", asked, free[0] - free[1], 0.01 * asked);
    // A pass writes 256 MiB: some 100 million instructions, or as many ns.
    let seen = moved(&rows, load, "cpu_time_ns");
    let least = 0.05e9 * load.did("passes").unwrap();
    assert!(seen > least, "{seen} ns in {load:?}");
}
