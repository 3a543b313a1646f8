//! Compares virtmon in dom0 of a real Xen with the tools of the system in the same boot.
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use virtmon_lab::{Lab, Row, XlDomain, assert_replays, rows, suite, xl_list};

/// One boot serves all tests: it takes a minute and a half.
static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let job = include_str!("main-job.sh");
    Lab::run(&suite(), job, &["--guests", "--limit", "420"])
});

const GUESTS: [&str; 4] = ["Domain-0", "idle1", "idle2", "busy"];

fn by_name(domains: Vec<XlDomain>) -> BTreeMap<String, XlDomain> {
    domains.into_iter().map(|d| (d.name.clone(), d)).collect()
}

fn of<'a>(rows: &'a [Row], name: &str) -> Vec<&'a Row> {
    rows.iter().filter(|row| row.text("name") == name).collect()
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn every_domain_has_a_row_at_every_tick() {
    let rows = rows(&LAB.file("steady.csv"));
    let listed = by_name(xl_list(&LAB.file("xl-before")));
    let names: BTreeSet<&str> = rows.iter().map(|row| row.text("name")).collect();
    assert_eq!(names, BTreeSet::from(GUESTS));
    let uuids = LAB.file("xl-uuids");
    for name in GUESTS {
        let rows = of(&rows, name);
        assert_eq!(rows.len(), 12, "{name}");
        for (n, row) in rows.iter().enumerate() {
            assert_eq!(row.number("id"), Some(listed[name].id.into()));
            assert_eq!(row.text("stale"), "0");
            assert_eq!(row.text("reset"), "0");
            assert_eq!(row.text("cpu_pct").is_empty(), n == 0, "{name}, row {n}");
            let line = uuids
                .lines()
                .find(|line| line.split_whitespace().nth(2) == Some(name));
            // xl vm-list omits domain 0.
            if let Some(line) = line {
                assert!(line.starts_with(row.text("uuid")), "{line}");
            }
        }
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn memory_and_vcpus_equal_xl_list() {
    let listed = by_name(xl_list(&LAB.file("xl-before")));
    for row in rows(&LAB.file("steady.csv")) {
        let xl = &listed[row.text("name")];
        let mib = row.number("mem_bytes").unwrap() / 1_048_576.0;
        assert_eq!(mib.floor(), xl.mem_mib as f64, "{}", xl.name);
        assert_eq!(row.number("vcpus_online"), Some(xl.vcpus.into()));
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn cpu_time_is_between_xl_list_before_and_after() {
    let rows = rows(&LAB.file("steady.csv"));
    let before = by_name(xl_list(&LAB.file("xl-before")));
    let after = by_name(xl_list(&LAB.file("xl-after")));
    for name in GUESTS {
        let mut last = before[name].seconds - ROUNDED;
        for row in of(&rows, name) {
            let seconds = row.number("cpu_time_ns").unwrap() / 1e9;
            assert!(seconds >= last, "{name}: {seconds} s after {last} s");
            last = seconds;
        }
        assert!(last <= after[name].seconds + ROUNDED, "{name}");
    }
}

/// Largest rounding error of a value with one decimal.
const ROUNDED: f64 = 0.05;

#[test]
#[ignore = "boots a real Xen: make test"]
fn percent_is_cpu_time_over_measured_time_and_the_busy_guest_is_busy() {
    let rows = rows(&LAB.file("steady.csv"));
    let mut mean = BTreeMap::new();
    for name in GUESTS {
        let rows = of(&rows, name);
        let mut sum = 0.0;
        for pair in rows.windows(2) {
            let delta = |column| pair[1].number(column).unwrap() - pair[0].number(column).unwrap();
            let expected = 100.0 * delta("cpu_time_ns") / delta("mono_ns");
            let percent = pair[1].number("cpu_pct").unwrap();
            assert!(
                (percent - expected).abs() < 0.001,
                "{name}: {percent}, not {expected}"
            );
            sum += percent;
        }
        mean.insert(name, sum / (rows.len() - 1) as f64);
    }
    eprintln!("mean percent of a pCPU: {mean:?}");
    for idle in ["idle1", "idle2"] {
        assert!(mean["busy"] > 3.0 * mean[idle], "{mean:?}");
    }
    // Two emulated pCPUs have 200 %.
    assert!(mean.values().sum::<f64>() < 201.0, "{mean:?}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn xentop_has_the_same_guests() {
    let text = LAB.file("xentop");
    let after = by_name(xl_list(&LAB.file("xl-after")));
    let before = by_name(xl_list(&LAB.file("xl-before")));
    let rows = rows(&LAB.file("steady.csv"));
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(&name) = GUESTS.iter().find(|&&name| words.first() == Some(&name)) else {
            continue;
        };
        seen.insert(name);
        let seconds: f64 = words[2].parse().unwrap();
        // xentop rounds down to whole seconds; xl rounds to tenths, perhaps up to the next second.
        let first = (before[name].seconds - ROUNDED).floor();
        let range = first..=after[name].seconds + ROUNDED;
        assert!(range.contains(&seconds), "{line}, not in {range:?}");
        let kib: f64 = words[4].parse().unwrap();
        let row = of(&rows, name)[0];
        assert_eq!(row.number("mem_bytes"), Some(kib * 1024.0), "{line}");
    }
    assert_eq!(seen, BTreeSet::from(GUESTS));
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn ticks_are_on_the_grid() {
    let rows = rows(&LAB.file("steady.csv"));
    let due = |row: &Row| row.number("mono_ns").unwrap() - row.number("late_ns").unwrap();
    for row in &rows {
        let since_first = due(row) - due(&rows[0]);
        assert_eq!(since_first, row.number("tick").unwrap() * 1e9);
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn created_destroyed_and_renamed_domains_are_followed() {
    let churn = rows(&LAB.file("churn.csv"));
    let ticks = |name: &str| -> BTreeSet<u64> {
        let rows = of(&churn, name);
        rows.iter()
            .map(|row| row.text("tick").parse().unwrap())
            .collect()
    };
    let all = ticks("Domain-0");
    let (old, new) = (ticks("idle1"), ticks("renamed"));
    assert!(!old.is_empty() && !new.is_empty());
    assert!(
        old.last() < new.first(),
        "a row with the old name after one with the new name"
    );
    assert_eq!(old.union(&new).count(), all.len(), "a row at every tick");

    let (gone, come) = (ticks("idle2"), ticks("newcomer"));
    assert!(gone.contains(all.first().unwrap()));
    assert!(gone.last() < come.first());
    assert_eq!(come.last(), all.last());

    // No domain has two rows in a tick, no rate is impossible, and the names of ended domains are gone.
    let mut seen = BTreeSet::new();
    for row in &churn {
        assert!(seen.insert((row.text("tick"), row.text("id"))), "{row:?}");
        assert!(
            row.number("cpu_pct").is_none_or(|percent| percent < 201.0),
            "{row:?}"
        );
    }
    let listed = by_name(xl_list(&LAB.file("xl-churned")));
    let last = all.last().unwrap().to_string();
    let last: BTreeSet<&str> = churn
        .iter()
        .filter(|row| row.text("tick") == last)
        .map(|row| row.text("name"))
        .collect();
    assert_eq!(last, listed.keys().map(String::as_str).collect());
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn the_table_has_the_release_of_xen_and_every_guest() {
    let table = LAB.file("table");
    let host = table.lines().next().unwrap();
    let release = LAB.file("release");
    assert!(host.contains(&format!("Xen {}", release.trim())), "{host}");
    assert!(
        host.contains("2 pCPUs") && host.contains("4 domains"),
        "{host}"
    );
    for name in GUESTS {
        assert_eq!(table.matches(name).count(), 2, "{table}");
    }
}

/// CPU time of each vCPU in seconds, from `xl vcpu-list`, by name and number.
fn vcpu_seconds(text: &str) -> BTreeMap<(String, u32), f64> {
    text.lines()
        .skip(1)
        .map(|line| {
            // Name, ID, VCPU, CPU, State, Time(s), affinity.
            let words: Vec<&str> = line.split_whitespace().collect();
            let key = (words[0].to_owned(), words[2].parse().unwrap());
            (key, words[5].parse().unwrap())
        })
        .collect()
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn each_vcpu_equals_xl_vcpu_list() {
    let before = vcpu_seconds(&LAB.file("vcpus-before"));
    let after = vcpu_seconds(&LAB.file("vcpus-after"));
    let vcpus = rows(&LAB.file("all.vcpu.csv"));
    assert_eq!(vcpus.len(), before.len() * 6);
    for row in &vcpus {
        let key = (
            row.text("name").to_owned(),
            row.text("vcpu").parse().unwrap(),
        );
        let seconds = row.number("cpu_time_ns").unwrap() / 1e9;
        assert!(
            seconds >= before[&key] - ROUNDED && seconds <= after[&key] + ROUNDED,
            "{key:?}: {} s, {seconds} s, {} s",
            before[&key],
            after[&key]
        );
        assert!(
            ["running", "ready", "blocked"].contains(&row.text("state")),
            "{row:?}"
        );
        assert!(row.number("pcpu").unwrap() < 2.0);
    }
    let busy: Vec<&Row> = of(&vcpus, "busy");
    assert!(busy.iter().all(|row| row.text("state") != "blocked"));
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn time_of_the_pcpus_is_fully_accounted() {
    let host = rows(&LAB.file("all.host.csv"));
    let whole: Vec<&Row> = host
        .iter()
        .filter(|row| !row.text("pcpus").is_empty())
        .collect();
    assert_eq!(whole.len(), 6);
    for (before, row) in whole.iter().zip(&whole[1..]) {
        // The idle times are read after the domains, within the sample.
        let closure = row.number("closure_pct").unwrap();
        let cell = |row: &Row, column| row.number(column).unwrap();
        let apart = cell(before, "sample_ns") + cell(row, "sample_ns");
        let passed = cell(row, "mono_ns") - cell(before, "mono_ns");
        assert!(
            (closure - 100.0).abs() < 5.0 + 100.0 * apart / passed,
            "{closure} % of the time of the pCPUs"
        );
        assert!(row.number("busy_pct").unwrap() <= 201.0);
    }
    let pcpus = host.iter().filter(|row| !row.text("pcpu").is_empty());
    assert_eq!(pcpus.count(), 12);
    let node = host
        .iter()
        .find(|row| !row.text("node").is_empty())
        .unwrap();
    let cell = |row: &Row, column| row.number(column).unwrap();
    // The address range of a node includes the gap below 4 GiB; the memory of the host does not.
    assert!(cell(node, "mem_bytes") >= cell(whole[0], "mem_bytes"));
    let (free, of_node) = (
        cell(whole[0], "mem_free_bytes"),
        cell(node, "mem_free_bytes"),
    );
    assert!((of_node - free).abs() < 0.05 * free, "{of_node}, {free}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn changes_of_domains_are_events() {
    let events = rows(&LAB.file("churn.event.csv"));
    let has = |name: &str, event: &str| {
        let found = events
            .iter()
            .any(|row| row.text("name") == name && row.text("event") == event);
        assert!(found, "no {event} of {name} in {events:?}");
    };
    has("renamed", "renamed");
    // The name may be removed before the domain.
    let destroyed = |row: &Row| row.text("id") == "2" && row.text("event") == "destroyed";
    assert!(events.iter().any(destroyed), "{events:?}");
    // A new domain has an event with or without its name.
    assert!(events.iter().any(|row| row.text("event") == "created"));
    assert!(rows(&LAB.file("all.event.csv")).is_empty());
    assert!(!rows(&LAB.file("all.self.csv")).is_empty());
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_user_without_capabilities_continues_to_sample() {
    let status = LAB.file("nobody.status");
    let mut names = Vec::new();
    for line in status.lines() {
        let (key, values) = line.split_once(':').unwrap();
        let values: Vec<&str> = values.split_whitespace().collect();
        let expected: &[&str] = match key {
            "Name" => {
                names.extend(values);
                continue;
            }
            "Uid" | "Gid" => &["65534"; 4],
            "Groups" => &[],
            "NoNewPrivs" => &["1"],
            "Seccomp" => &["2"],
            _ => &["0000000000000000"],
        };
        assert_eq!(values, expected, "{status}");
    }
    for name in ["virtmon", "writer", "compressor", "messages"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert_eq!(LAB.file("nobody.err"), "");
    assert!(LAB.file("nobody.files").contains(".csv.zst"));
    let realtime = LAB.file("nobody.chrt");
    assert!(realtime.contains("policy: SCHED_FIFO"), "{realtime}");
    assert!(!realtime.contains(" 0 kB"), "{realtime}");
    let rows = rows(&LAB.file("nobody.csv"));
    for name in GUESTS {
        assert!(!of(&rows, name).is_empty(), "{name}");
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_step_of_the_wall_clock_changes_no_tick_and_no_rate() {
    let events = rows(&LAB.file("clock.event.csv"));
    let steps: Vec<f64> = events
        .iter()
        .filter(|row| row.text("event") == "clock_stepped")
        .map(|row| (row.number("new").unwrap() - row.number("old").unwrap()) / 1e9)
        .collect();
    let [forward, back] = steps[..] else {
        panic!("the clock was set twice: {steps:?}");
    };
    // `date` sets whole seconds, and takes time.
    assert!((forward - 3_600.0).abs() < 60.0, "{forward}");
    assert!((back + 7_200.0).abs() < 60.0, "{back}");
    let rows = rows(&LAB.file("clock.csv"));
    let due = |row: &Row| row.number("mono_ns").unwrap() - row.number("late_ns").unwrap();
    let t0 = due(&rows[0]) - rows[0].number("tick").unwrap() * 1e8;
    let busy = of(&rows, "busy");
    for pair in busy.windows(2) {
        let delta = |column| pair[1].number(column).unwrap() - pair[0].number(column).unwrap();
        assert_eq!(delta("tick") - 1.0, pair[1].number("missed").unwrap());
        assert_eq!(due(pair[1]), t0 + pair[1].number("tick").unwrap() * 1e8);
        let expected = 100.0 * delta("cpu_time_ns") / delta("mono_ns");
        assert!((pair[1].number("cpu_pct").unwrap() - expected).abs() < 0.001);
    }
    // Less than an hour has passed.
    let passed = due(busy[busy.len() - 1]) - due(busy[0]);
    assert!(passed < 600e9, "{passed}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn check_reports_the_release_of_xen_and_how_it_is_sampled() {
    let check = LAB.file("check");
    let release = LAB.file("release");
    assert!(check.contains(&format!("ok    xen              Xen {}", release.trim())));
    assert!(
        check.contains(
            "112 bytes a domain, listed by privcmd, hypercall buffers of /dev/xen/hypercall; a sample took"
        ),
        "{check}"
    );
    for line in [
        "ok      domains        4 found",
        "ok      names          4 of 4 domains",
    ] {
        assert!(check.contains(line), "{check}");
    }
    assert!(
        check.contains("ok      vCPUs          4 of 4 domains"),
        "{check}"
    );
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn privcmd_and_libxenctrl_have_the_same_list() {
    let [fast, reference] = ["privcmd.csv", "libxenctrl.csv"].map(|file| rows(&LAB.file(file)));
    for name in GUESTS {
        let (fast, reference) = (of(&fast, name), of(&reference, name));
        assert_eq!((fast.len(), reference.len()), (3, 3));
        for column in ["id", "uuid", "vcpus_online", "mem_bytes", "mem_max_bytes"] {
            assert_eq!(
                fast[2].text(column),
                reference[0].text(column),
                "{name}, {column}"
            );
        }
        let cpu = |row: &Row| row.number("cpu_time_ns").unwrap();
        assert!(cpu(fast[2]) <= cpu(reference[0]));
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn refusals_are_one_line_and_write_no_file() {
    let release = LAB.file("release");
    let release = release.trim();
    for (case, words) in [
        (
            "user",
            "/dev/xen/privcmd may not be opened by this user: run virtmon as root",
        ),
        (
            "library",
            &*format!(
                "libxenctrl.so.{release} of the running Xen {release} can't be loaded: install it"
            ),
        ),
        ("path", "/nonexistent/out.csv can't be written"),
    ] {
        let stderr = LAB.file(&format!("{case}.err"));
        assert_eq!(LAB.file(&format!("{case}.status")), "1\n", "{stderr}");
        assert_eq!(LAB.file(&format!("{case}.out")), "");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn libvirts_xen_driver_is_sampled_domain_by_domain() {
    if suite() != "bookworm" {
        eprintln!("skipped: this suite's lab has no libvirt");
        return;
    }
    let seconds = |text: &str| -> f64 {
        let line = text
            .lines()
            .find(|line| line.starts_with("CPU time:"))
            .unwrap();
        line.trim_start_matches("CPU time:")
            .trim()
            .trim_end_matches('s')
            .parse()
            .unwrap()
    };
    let (before, after) = (LAB.file("virsh-before"), LAB.file("virsh-after"));
    let rows = rows(&LAB.file("libvirt.csv"));
    let rows = of(&rows, "Domain-0");
    assert_eq!(rows.len(), 3);
    let kib = |key: &str| -> f64 {
        let line = before.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(2).unwrap().parse().unwrap()
    };
    for row in rows {
        assert_eq!(row.text("id"), "0");
        assert_eq!(row.text("state"), "running");
        let cpu = row.number("cpu_time_ns").unwrap() / 1e9;
        assert!(cpu >= seconds(&before) - ROUNDED && cpu <= seconds(&after) + ROUNDED);
        assert_eq!(row.number("mem_bytes"), Some(kib("Used memory:") * 1024.0));
        assert_eq!(row.number("vcpus_online"), Some(2.0));
        // The driver reports no devices in this call: they are unknown, not 0.
        assert_eq!(row.text("net_rx_bytes"), "");
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_replay_writes_the_same_bytes_without_xen() {
    let tables = ["vcpu", "nic", "disk", "host", "event"];
    assert_replays(LAB.path(), "all", &tables);
    assert_replays(LAB.path(), "churn", &["event"]);
}
