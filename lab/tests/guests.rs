//! Guests with many devices, real traffic and real I/O. Compares every value with xl and xentop, if they
//! have the value. Then tests failures around the guests.
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use virtmon_lab::{Lab, Row, XentopDomain, XlDomain, rows, suite, xentop, xl_list};

static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let limit = ["--limit", "1200"];
    Lab::run(&suite(), include_str!("guests.sh"), &limit)
});

const GUESTS: [&str; 2] = ["dev", "many"];

/// Largest rounding error of a value in seconds with one decimal.
const ROUNDED: f64 = 0.051;

fn of<'a>(rows: &'a [Row], name: &str) -> Vec<&'a Row> {
    rows.iter().filter(|row| row.text("name") == name).collect()
}

fn xl(when: &str) -> BTreeMap<String, XlDomain> {
    let domains = xl_list(&LAB.file(&format!("xl-list-{when}")));
    domains.into_iter().map(|d| (d.name.clone(), d)).collect()
}

fn top(when: &str) -> BTreeMap<String, XentopDomain> {
    xentop(&LAB.file(&format!("xentop-{when}")))
}

/// `xl vcpu-list`: pCPU, state and seconds of each vCPU, by name and number.
fn vcpus(when: &str) -> BTreeMap<(String, u32), (Option<f64>, String, f64)> {
    let text = LAB.file(&format!("xl-vcpus-{when}"));
    let lines = text.lines().skip(1);
    lines
        .map(|line| {
            // Name, ID, VCPU, CPU, State, Time(s), affinity.
            let words: Vec<&str> = line.split_whitespace().collect();
            let key = (words[0].to_owned(), words[2].parse().unwrap());
            let seconds = words[5].parse().unwrap();
            (key, (words[3].parse().ok(), words[4].to_owned(), seconds))
        })
        .collect()
}

/// Device number of a disk, by its name: `xvda` and following.
fn devid(disk: &str) -> u32 {
    let letter = disk.strip_prefix("xvd").unwrap().bytes().next().unwrap();
    51712 + 16 * u32::from(letter - b'a')
}

/// Counters of a NIC in the order of xentop, which has the view of domain 0.
fn nic(row: &Row) -> [u64; 8] {
    let columns = [
        "tx_bytes",
        "tx_packets",
        "tx_errors",
        "tx_drops",
        "rx_bytes",
        "rx_packets",
        "rx_errors",
        "rx_drops",
    ];
    columns.map(|column| row.text(column).parse().unwrap())
}

/// Counters of a disk in the order of xentop.
fn disk(row: &Row) -> [u64; 5] {
    let figure = |column| row.text(column).parse::<u64>().unwrap();
    [
        figure("queue_full"),
        figure("rd_requests"),
        figure("wr_requests"),
        figure("rd_bytes") / 512,
        figure("wr_bytes") / 512,
    ]
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn values_of_paused_domains_equal_xl_and_xentop() {
    let (xl, top) = (xl("paused"), top("paused"));
    let rows = rows(&LAB.file("paused.csv"));
    for name in GUESTS {
        let (xl, top) = (&xl[name], &top[name]);
        assert_eq!(of(&rows, name).len(), 3);
        for row in of(&rows, name) {
            let figure = |column| row.number(column).unwrap();
            assert_eq!(row.text("state"), "paused");
            assert_eq!(row.text("id"), xl.id.to_string());
            assert!((figure("cpu_time_ns") / 1e9 - xl.seconds).abs() < ROUNDED);
            assert_eq!(figure("vcpus_online"), f64::from(xl.vcpus));
            assert_eq!(
                (figure("mem_bytes") / 1_048_576.0).floor(),
                xl.mem_mib as f64
            );

            assert_eq!(
                (figure("cpu_time_ns") / 1e9).floor(),
                top.number("CPU(sec)")
            );
            assert_eq!(figure("mem_bytes") / 1024.0, top.number("MEM(k)"));
            assert_eq!(figure("mem_max_bytes") / 1024.0, top.number("MAXMEM(k)"));
            assert_eq!(figure("vcpus_online"), top.number("VCPUS"));
            let [sent, received] = ["NETTX(k)", "NETRX(k)"].map(|column| top.number(column));
            // Each NIC may still receive a broadcast of the bridge.
            assert!(
                (figure("net_rx_bytes") / 1024.0 - sent).abs() < 4.0,
                "{row:?}"
            );
            assert_eq!((figure("net_tx_bytes") / 1024.0).floor(), received);
            assert_eq!(figure("disk_rd_bytes") / 512.0, top.number("VBD_RSECT"));
            assert_eq!(figure("disk_wr_bytes") / 512.0, top.number("VBD_WSECT"));
        }
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn vcpus_nics_and_disks_of_paused_domains_equal_xl_and_xentop() {
    let (listed, top) = (vcpus("paused"), top("paused"));
    let [cpus, nics, disks] =
        ["vcpu", "nic", "disk"].map(|table| rows(&LAB.file(&format!("paused.{table}.csv"))));
    for (name, counts) in [("dev", [1, 2, 2]), ("many", [3, 11, 11])] {
        let last = |rows: &'static str, table: &[Row]| -> Vec<usize> {
            let tick = table.last().unwrap().text("tick").to_owned();
            let places = (0..table.len())
                .filter(|&n| table[n].text("tick") == tick && table[n].text("name") == name);
            let places: Vec<usize> = places.collect();
            assert!(!places.is_empty(), "no {rows} of {name}");
            places
        };
        let top = &top[name];
        let places = [
            last("vCPUs", &cpus),
            last("NICs", &nics),
            last("disks", &disks),
        ];
        assert_eq!(places.each_ref().map(Vec::len), counts);
        assert_eq!([top.vcpus.len(), top.nics.len(), top.disks.len()], counts);

        for &n in &places[0] {
            let row = &cpus[n];
            let number = row.text("vcpu").parse().unwrap();
            let (pcpu, _, seconds) = &listed[&(name.to_owned(), number)];
            let here = row.number("cpu_time_ns").unwrap() / 1e9;
            assert!((here - seconds).abs() < ROUNDED, "{row:?}, {seconds} s");
            assert_eq!(here.floor(), top.vcpus[&number] as f64, "{row:?}");
            assert_eq!(row.number("pcpu"), *pcpu);
        }
        // xentop does not name the NICs. Bytes and packets to a guest may still grow by broadcasts of the
        // bridge.
        let mut here: Vec<[u64; 8]> = places[1].iter().map(|&n| nic(&nics[n])).collect();
        let mut there = top.nics.clone();
        here.sort_unstable();
        there.sort_unstable();
        for (here, there) in here.iter().zip(&there) {
            assert_eq!(here[..4], there[..4]);
            assert_eq!(here[6..], there[6..]);
            assert!(
                here[4] - there[4] < 4096 && here[5] - there[5] < 16,
                "{here:?}, {there:?}"
            );
        }
        for &n in &places[2] {
            let row = &disks[n];
            assert_eq!(disk(row), top.disks[&devid(row.text("disk"))], "{row:?}");
        }
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn under_load_every_value_is_between_xentop_before_and_after() {
    let (before, after) = (top("before"), top("after"));
    let (xl_before, xl_after) = (vcpus("before"), vcpus("after"));
    let mut moved = BTreeSet::new();
    for row in &rows(&LAB.file("work.vcpu.csv")) {
        let key = (
            row.text("name").to_owned(),
            row.text("vcpu").parse().unwrap(),
        );
        let seconds = row.number("cpu_time_ns").unwrap() / 1e9;
        let [least, most] = [&xl_before, &xl_after].map(|vcpus| vcpus[&key].2);
        let range = least - ROUNDED..=most + ROUNDED;
        assert!(range.contains(&seconds), "{key:?}: {seconds}, {range:?}");
        let [least, most] = [&before, &after].map(|top| top[&key.0].vcpus[&key.1] as f64);
        assert!((least..most + 1.0).contains(&seconds), "{key:?}: {seconds}");
    }
    for row in &rows(&LAB.file("work.disk.csv")) {
        let (name, devid) = (row.text("name"), devid(row.text("disk")));
        let [least, most] = [&before, &after].map(|top| top[name].disks[&devid]);
        for (n, figure) in disk(row).into_iter().enumerate() {
            assert!((least[n]..=most[n]).contains(&figure), "{row:?}");
            if least[n] < most[n] {
                moved.insert((name.to_owned(), n));
            }
        }
    }
    // xentop does not name the NICs, so the sums are compared.
    let nics = rows(&LAB.file("work.nic.csv"));
    for name in GUESTS {
        let mut sums: BTreeMap<&str, [u64; 8]> = BTreeMap::new();
        for row in of(&nics, name) {
            let sum = sums.entry(row.text("tick")).or_default();
            sum.iter_mut()
                .zip(nic(row))
                .for_each(|(sum, figure)| *sum += figure);
        }
        assert_eq!(sums.len(), 6);
        let [least, most] = [&before, &after].map(|top| {
            let nics = &top[name].nics;
            std::array::from_fn::<u64, 8, _>(|n| nics.iter().map(|nic| nic[n]).sum())
        });
        for sum in sums.values() {
            for n in 0..8 {
                assert!((least[n]..=most[n]).contains(&sum[n]), "{name}: {sum:?}");
            }
        }
        assert!(least[0] < most[0], "{name} sent nothing");
    }
    // Reads of the first disk, and writes of the second.
    assert!(
        moved.contains(&("dev".into(), 1)) && moved.contains(&("dev".into(), 2)),
        "{moved:?}"
    );
    assert!(moved.contains(&("many".into(), 1)), "{moved:?}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn the_eleventh_device_is_not_confused_with_the_second() {
    let files = LAB.file("sysfs-paused");
    let file = |path: &str| -> u64 {
        let line = files.lines().find(|line| line.contains(path));
        let line = line.unwrap_or_else(|| panic!("{path} in {files}"));
        line.rsplit_once(':').unwrap().1.parse().unwrap()
    };
    let id = xl("paused")["many"].id;
    let nics = rows(&LAB.file("paused.nic.csv"));
    let first = |row: &&&Row| row.text("tick") == "0";
    let mut sent = BTreeSet::new();
    for (n, row) in of(&nics, "many").iter().filter(first).enumerate() {
        assert_eq!(row.text("nic"), format!("vif{id}.{n}"));
        let base = format!("vif-{id}-{n}/net/vif{id}.{n}/statistics");
        assert_eq!(nic(row)[0], file(&format!("{base}/rx_bytes")));
        assert!(nic(row)[4] - file(&format!("{base}/tx_bytes")) < 4096);
        sent.insert(nic(row)[4] / 128);
    }
    assert!(
        sent.len() > 8,
        "the NICs received almost the same numbers of bytes: {sent:?}"
    );
    let disks = rows(&LAB.file("paused.disk.csv"));
    let disks: Vec<&Row> = of(&disks, "many")
        .into_iter()
        .filter(|row| first(&row))
        .collect();
    assert_eq!(disks.len(), 11);
    for (row, letter) in disks.iter().zip('a'..) {
        assert_eq!(row.text("disk"), format!("xvd{letter}"));
        let devid = devid(row.text("disk"));
        assert_eq!(
            disk(row)[3],
            file(&format!("vbd-{id}-{devid}/statistics/rd_sect"))
        );
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn an_empty_counter_file_affects_only_its_disk() {
    let id = xl("paused")["many"].id;
    let disks = rows(&LAB.file("cut.disk.csv"));
    let many = of(&disks, "many");
    assert_eq!(many.len(), 44);
    for row in &many {
        assert_eq!(
            row.text("rd_bytes").is_empty(),
            row.text("disk") == "xvdc",
            "{row:?}"
        );
    }
    let domains = rows(&LAB.file("cut.csv"));
    for row in of(&domains, "many") {
        assert_eq!(row.text("disk_rd_bytes"), "");
        assert_ne!(row.text("net_rx_bytes"), "");
    }
    assert!(
        of(&domains, "dev")
            .iter()
            .all(|row| !row.text("disk_rd_bytes").is_empty())
    );
    // The warning is counted at each tick, and reported once.
    let why = format!("vbd-{id}-51744: not a whole decimal number");
    assert_eq!(LAB.file("cut.err").matches(&why).count(), 1);
    let host = rows(&LAB.file("cut.host.csv"));
    let whole = host.iter().filter(|row| !row.text("pcpus").is_empty());
    assert!(whole.clone().count() == 4 && whole.clone().all(|row| row.text("warnings") == "1"));
    let events = rows(&LAB.file("cut.event.csv"));
    let found = events.iter().filter(|row| row.text("cause") == why);
    assert!(found.clone().count() == 1 && found.clone().all(|row| row.text("event") == "warning"));
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn any_name_is_one_cell_and_roles_are_reported() {
    let [dev, many] = GUESTS.map(|name| xl("paused")[name].id.to_string());
    let rows = rows(&LAB.file("names.csv"));
    assert_eq!(rows.len(), 24);
    // The first tick waits for names, and not for roles.
    for (n, row) in rows.iter().enumerate() {
        let found = ["name", "role", "target_id"].map(|column| row.text(column));
        let expected = match row.text("id") {
            id if id == dev => ["a,\"b\"\n c", "stub", &*many],
            id if id == many => ["x\\xff\\xc3y", "driver", ""],
            _ => ["Domain-0", "control", ""],
        };
        assert_eq!(found[0], expected[0]);
        assert!(
            found == expected || (n < 21 && found[1..] == ["", ""]),
            "{found:?}"
        );
    }
    let json = LAB.file("names.json");
    assert_eq!(json.lines().count(), 24);
    assert!(
        json.contains(r#""name":"a,\"b\"\u000a c""#) && json.contains(r#""name":"x\\xff\\xc3y""#)
    );
    let paused = virtmon_lab::rows(&LAB.file("paused.csv"));
    let last = of(&paused, "dev").pop().unwrap();
    assert_eq!(last.text("role"), "guest");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_xenstore_that_does_not_answer_delays_no_tick() {
    // The run that knows the names continues without change.
    let knows = rows(&LAB.file("knows.csv"));
    let mut ticks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in &knows {
        ticks
            .entry(row.text("tick"))
            .or_default()
            .push(row.text("name"));
        assert_ne!(row.text("cpu_time_ns"), "");
    }
    assert!(
        ticks
            .values()
            .all(|names| names[..] == ["Domain-0", "dev", "many"])
    );
    // CLOCK_MONOTONIC, because the machine is never suspended.
    let [from, to] = ["stopped", "continued"].map(|file| {
        let uptime = LAB.file(file);
        uptime.split(' ').next().unwrap().parse::<f64>().unwrap()
    });
    let silent = knows.iter().filter(|row| {
        let seconds = row.number("mono_ns").unwrap() / 1e9;
        from < seconds && seconds < to
    });
    assert!(silent.count() > 6, "too few rows from {from} s to {to} s");
    let errors = LAB.file("knows.err");
    // The only message is the advice for a slow machine.
    let advice = |line: &str| line.ends_with("leaves little room");
    assert!(errors.lines().all(advice), "{errors}");

    // The run that starts meanwhile has every domain, and their names after xenstore answers.
    let begins = rows(&LAB.file("begins.csv"));
    let first = begins.iter().filter(|row| row.text("tick") == "0");
    assert_eq!(first.clone().count(), 3);
    for row in first {
        assert_eq!(
            (row.text("name"), row.text("net_rx_bytes"), row.text("role")),
            ("", "", if row.text("id") == "0" { "control" } else { "" })
        );
        assert_ne!(row.text("mem_bytes"), "");
    }
    let last: Vec<&str> = begins[begins.len() - 3..]
        .iter()
        .map(|row| row.text("name"))
        .collect();
    assert_eq!(last, ["Domain-0", "dev", "many"]);
    let errors = LAB.file("begins.err");
    assert_eq!(
        errors.matches("xenstore does not answer").count(),
        1,
        "{errors}"
    );
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_refused_hypercall_is_one_line() {
    for (case, words) in [
        ("guest", "this is a guest of a Xen host, not its domain 0"),
        ("ioctl", "XEN_SYSCTL_physinfo: "),
    ] {
        let stderr = LAB.file(&format!("{case}.err"));
        assert_eq!(LAB.file(&format!("{case}.status")), "1\n", "{stderr}");
        assert_eq!(LAB.file(&format!("{case}.out")), "");
        assert!(
            stderr.lines().count() == 1 && stderr.contains(words),
            "{stderr}"
        );
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn hypercalls_of_a_sample_are_counted() {
    let self_rows = rows(&LAB.file("paused.self.csv"));
    // The list, physinfo, getcpuinfo and numainfo, and a call for each of six vCPUs. While xenstore reports
    // the domains, there is one more call for each answer.
    let calls = self_rows.last().unwrap().number("calls");
    assert_eq!(calls, Some(10.0));
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn memory_of_the_host_equals_xl_info() {
    let info = LAB.file("xl-info");
    let xl = |key: &str| -> f64 {
        let line = info.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_once(':').unwrap().1.trim().parse().unwrap()
    };
    let host = rows(&LAB.file("paused.host.csv"));
    for row in host.iter().filter(|row| !row.text("pcpus").is_empty()) {
        let mib = |column| (row.number(column).unwrap() / 1_048_576.0).floor();
        assert_eq!(row.number("pcpus").unwrap(), xl("nr_cpus"));
        assert_eq!(mib("mem_bytes"), xl("total_memory"));
        assert_eq!(mib("mem_free_bytes"), xl("free_memory"));
        assert_eq!(mib("mem_outstanding_bytes"), xl("outstanding_claims"));
    }
}
