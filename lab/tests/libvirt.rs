//! virtmon with a real libvirtd and five guests: guests that are stopped, a daemon that is killed, guests
//! that start and end. `lab/libvirtd` is the host.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of a test")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;
use virtmon_lab::{Row, assert_replays, rows, virtmon};

const STUCK: [&str; 2] = ["many-vcpus", "many-devices"];
const HEALTHY: [&str; 3] = ["idle with, \"odd\" name", "busy", "plain-5"];
const SECOND: f64 = 1e9;

/// One host serves all tests.
static JOB: LazyLock<TempDir> = LazyLock::new(|| {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR"));
    let left = tempfile::tempdir().unwrap();
    let status = Command::new(lab.join("libvirtd"))
        .args(["--limit", "300", "--guests", "5"])
        .arg(lab.join("tests/libvirt-job.sh"))
        .arg(virtmon())
        .arg(left.path())
        .status()
        .unwrap();
    assert!(status.success(), "the job ended with {status}");
    left
});

fn left(name: &str) -> String {
    fs::read_to_string(JOB.path().join(name)).expect(name)
}

fn number(name: &str) -> f64 {
    left(name).trim().parse().expect(name)
}

/// Numbers of descriptors and threads.
fn resources(name: &str) -> (u32, u32) {
    let text = left(name);
    let (fds, threads) = text.trim().split_once(' ').expect(name);
    (fds.parse().unwrap(), threads.parse().unwrap())
}

fn of<'a>(rows: &'a [Row], name: &str) -> Vec<&'a Row> {
    rows.iter().filter(|row| row.text("name") == name).collect()
}

fn at(row: &Row, column: &str) -> f64 {
    row.number(column)
        .unwrap_or_else(|| panic!("no {column} in {row:?}"))
}

#[test]
#[ignore = "runs QEMU guests: make test"]
fn stopped_guests_do_not_affect_the_others() {
    let rows = rows(&left("stuck.csv"));
    let (stopped, continued) = (number("stopped.at"), number("continued.at"));
    let ticks = of(&rows, HEALTHY[0]).len();
    for name in HEALTHY {
        let rows = of(&rows, name);
        assert_eq!(rows.len(), ticks, "{name}");
        for (n, row) in rows.iter().enumerate() {
            assert!(at(row, "late_ns") < 0.1 * SECOND, "{row:?}");
            assert_eq!((row.text("stale"), row.text("missed")), ("0", "0"));
            for column in ["cpu_time_ns", "mem_bytes", "disk_rd_bytes"] {
                at(row, column);
            }
            assert_eq!(row.number("cpu_pct").is_some(), n > 0, "{row:?}");
        }
    }
    for name in STUCK {
        let rows = of(&rows, name);
        assert_eq!(rows.len(), ticks, "{name}");
        let mut last = None;
        let mut stale = 0;
        for row in rows {
            let (now, age) = (at(row, "mono_ns"), at(row, "stale"));
            let values = ["cpu_time_ns", "disk_rd_bytes", "mem_bytes"].map(|c| at(row, c));
            if stopped < now && now < continued {
                let (last_now, last_age, last_values) = last.unwrap();
                assert!(age > 0.0, "{row:?}");
                let aged: f64 = age - last_age;
                let passed: f64 = now - last_now;
                assert!((aged - passed).abs() < 0.01 * SECOND, "{row:?}");
                assert_eq!(values, last_values);
                assert_eq!(row.number("cpu_pct"), None);
                stale += 1;
            } else if now < stopped || now > continued + SECOND {
                assert_eq!(age, 0.0, "{row:?}");
            }
            assert_eq!(row.text("reset"), "0");
            last = Some((now, age, values));
        }
        let whole_seconds = ((continued - stopped) / SECOND).floor();
        assert!(f64::from(stale) >= whole_seconds - 1.0, "{stale}");
    }
}

/// With two ticks a second, no tick is missed or late, and the rows of the other guests are complete.
#[test]
#[ignore = "runs QEMU guests: make test"]
fn guests_that_block_delay_no_tick_and_no_other_guest() {
    for (name, blocked) in [
        ("blocked-later", &["busy"][..]),
        ("blocked-before", &["many-vcpus"]),
        ("blocked-three", &["busy", "many-vcpus", "many-devices"]),
    ] {
        let rows = rows(&left(&format!("{name}.csv")));
        assert_eq!(rows.len(), 13 * (STUCK.len() + HEALTHY.len()), "{name}");
        for row in &rows {
            assert_eq!(row.text("missed"), "0", "{name}: {row:?}");
            assert!(at(row, "late_ns") < 0.1 * SECOND, "{name}: {row:?}");
            if !blocked.contains(&row.text("name")) {
                assert_eq!(row.text("stale"), "0", "{name}: {row:?}");
                for column in ["cpu_time_ns", "mem_bytes", "disk_rd_bytes"] {
                    at(row, column);
                }
            }
        }
        for guest in blocked {
            let rows = of(&rows, guest);
            assert!(rows.iter().any(|row| !row.text("error").is_empty()));
        }
        assert_replays(JOB.path(), name, &[]);
    }
}

/// Each blocked guest takes a thread and a connection. One of each is kept afterwards.
#[test]
#[ignore = "runs QEMU guests: make test"]
fn threads_and_connections_of_blocked_guests_are_released() {
    let (fds, threads) = resources("stuck.before");
    let stuck = resources("stuck.while");
    assert!((threads + 1..=threads + 2).contains(&stuck.1), "{stuck:?}");
    let one_connection = (stuck.0 - fds) / (stuck.1 - threads);
    let after = resources("stuck.after");
    assert!(after.1 <= threads + 1, "{threads} {after:?}");
    assert!(after.0 <= fds + one_connection, "{fds} {after:?}");
    let (before, after) = (resources("restart.before"), resources("restart.after"));
    assert!(after.0 <= before.0 + one_connection, "{before:?} {after:?}");
    assert!(after.1 <= before.1 + 1, "{before:?} {after:?}");
}

#[test]
#[ignore = "runs QEMU guests: make test"]
fn a_signal_ends_the_run_while_guests_are_blocked() {
    let took = number("ended.took");
    assert!(took < SECOND, "{took} ns");
    let rows = rows(&left("ended.csv"));
    assert!(of(&rows, STUCK[0]).iter().any(|row| at(row, "stale") > 0.0));
}

#[test]
#[ignore = "runs QEMU guests: make test"]
fn a_killed_daemon_costs_only_the_ticks_of_its_absence() {
    let rows = rows(&left("restart.csv"));
    let busy = of(&rows, "busy");
    let gaps: Vec<f64> = busy.iter().map(|row| at(row, "missed")).collect();
    let long: Vec<&f64> = gaps.iter().filter(|&&missed| missed >= 2.0).collect();
    assert_eq!(long.len(), 2, "{gaps:?}");
    // The daemon is away for 2 s each time, and virtmon connects at least every 2 s.
    assert!(gaps.iter().sum::<f64>() < 20.0, "{gaps:?}");
    for pair in busy.windows(2) {
        assert!(at(pair[0], "cpu_time_ns") <= at(pair[1], "cpu_time_ns"));
        assert_eq!(pair[1].text("reset"), "0");
    }
    // Each kind of failure is reported once, not once a tick.
    let lines = left("restart.err").lines().count();
    assert!((1..=8).contains(&lines), "{}", left("restart.err"));
}

#[test]
#[ignore = "runs QEMU guests: make test"]
fn guests_that_start_and_end_are_followed() {
    let rows = rows(&left("churn.csv"));
    let passing = of(&rows, "passing").len();
    assert!((1..=5).contains(&passing), "{passing} rows");
    let ticks = of(&rows, "busy").len();
    let plain = of(&rows, "plain-5");
    assert!(plain.len() < ticks);
    // A reset guest is the same process with the same counters. A restored guest is another process.
    let restored: Vec<_> = plain.iter().filter(|r| r.text("id") != "5").collect();
    assert!(!restored.is_empty());
    assert_eq!(restored[0].text("uuid"), plain[0].text("uuid"));
    assert!(
        at(restored[0], "cpu_time_ns") < at(plain[plain.len() - restored.len() - 1], "cpu_time_ns")
    );
    let busy = of(&rows, "busy");
    assert!(busy.iter().all(|row| row.text("reset") == "0"));
    // A machine under load may delay the guest for a tick.
    let stale = busy.iter().filter(|row| row.text("stale") != "0").count();
    assert!(stale * 4 <= ticks, "{stale} of {ticks} rows");
}

#[test]
#[ignore = "runs QEMU guests: make test"]
fn a_replay_of_blocked_guests_writes_the_same_bytes() {
    assert_replays(JOB.path(), "stuck", &[]);
}

/// Events and causes of the rows of a guest, without `stale` and `recovered`: a machine under load may
/// delay any guest.
fn events<'a>(rows: &'a [Row], name: &str) -> Vec<(&'a str, &'a str)> {
    of(rows, name)
        .iter()
        .filter(|row| !["stale", "recovered"].contains(&row.text("event")))
        .map(|row| (row.text("event"), row.text("cause")))
        .collect()
}

const RESET: (&str, &str) = ("rebooted", "it was reset: its counters go on");

#[test]
#[ignore = "runs QEMU guests: make test"]
fn changes_of_guests_are_in_the_event_rows() {
    let often = rows(&left("churn.event.csv"));
    // A sample may be between the start, while the guest is paused, and the notification of libvirt.
    let passed = |rows| {
        let events = events(rows, "passing");
        let (first, last) = (events.first().copied(), events.last().copied());
        assert_eq!(last, Some(("destroyed", "destroyed")), "{events:?}");
        let (event, cause) = first.unwrap_or_default();
        assert_eq!(event, "created", "{events:?}");
        assert!(cause == "booted" || cause.is_empty(), "{events:?}");
    };
    passed(&often);
    let moved = events(&often, "plain-5");
    assert_eq!(moved[0], RESET);
    assert!(
        moved.iter().any(|(event, _)| *event == "destroyed"),
        "{moved:?}"
    );
    assert!(
        moved.iter().any(|(_, cause)| *cause == "saved"),
        "{moved:?}"
    );
    assert!(
        moved.iter().any(|(event, _)| *event == "created"),
        "{moved:?}"
    );
    for name in STUCK.iter().chain(&["busy"]) {
        assert_eq!(events(&often, name), []);
    }
    // A run with an interval of three seconds has the same events, even for a guest between two samples.
    let seldom = rows(&left("seldom.event.csv"));
    passed(&seldom);
    let moved = events(&seldom, "plain-5");
    assert_eq!(moved[0], RESET);
    let causes: String = moved.iter().map(|(_, cause)| *cause).collect();
    assert!(
        causes.contains("saved") && causes.contains("restored"),
        "{moved:?}"
    );
}

/// Each event has one row with the time of its notification, with or without a sample in between.
#[test]
#[ignore = "runs QEMU guests: make test"]
fn notifications_of_devices_memory_and_pauses_are_in_the_event_rows() {
    let rows = rows(&left("notified.event.csv"));
    let span = number("notified.from")..=number("notified.to");
    let of_it = of(&rows, "plain-5");
    for (event, device) in [
        ("nic_added", "later"),
        ("nic_removed", "later"),
        ("disk_added", "vdb"),
        ("disk_removed", "vdb"),
        ("disk_added", "vdc"),
        ("disk_removed", "vdc"),
        ("paused", ""),
        ("resumed", ""),
    ] {
        let is_it = |row: &&&Row| row.text("event") == event && row.text("device") == device;
        let found: Vec<_> = of_it.iter().filter(is_it).collect();
        let [row] = found[..] else {
            panic!("{event} {device}: {of_it:?}");
        };
        assert!(span.contains(&at(row, "notified_ns")), "{row:?} {span:?}");
    }
    let memory: Vec<_> = of_it
        .iter()
        .filter(|row| row.text("event") == "memory_changed")
        .map(|row| at(row, "new"))
        .collect();
    assert_eq!(memory, [f64::from(16 << 20), f64::from(32 << 20)]);
    assert_eq!(events(&rows, "plain-5").len(), 10, "{rows:?}");
    for name in STUCK.iter().chain(&["busy"]) {
        assert_eq!(events(&rows, name), []);
    }
    // The cause names events that no sample shows.
    let passing = of_it.iter().filter(|row| row.text("device") == "vdc");
    for row in passing {
        assert!(matches!(row.text("cause"), "" | "no sample shows it"));
    }
    // The memory is copied while the guest is saved. There is one event a sample.
    for name in ["churn.event.csv", "seldom.event.csv"] {
        let rows = crate::rows(&left(name));
        let copied = rows.iter().filter(|row| row.text("event") == "memory_copy");
        let copied: Vec<_> = copied.collect();
        assert!(!copied.is_empty(), "{rows:?}");
        for row in copied {
            assert_eq!(row.text("name"), "plain-5");
            assert!(
                at(row, "new") >= 1.0 && at(row, "notified_ns") > 0.0,
                "{row:?}"
            );
        }
    }
}

#[test]
#[ignore = "runs QEMU guests: make test"]
fn notifications_continue_after_a_restart_of_the_daemon() {
    let rows = rows(&left("restart.event.csv"));
    let host: Vec<&str> = rows
        .iter()
        .filter(|row| row.text("uuid").is_empty())
        .map(|row| row.text("event"))
        .collect();
    let count = |kind| host.iter().filter(|&&event| event == kind).count();
    assert_eq!(count("sample_recovered"), 2);
    assert!(count("sample_failed") >= 2);
    let events = events(&rows, "plain-5");
    assert!(!events.is_empty());
    assert!(events.iter().all(|event| *event == RESET), "{events:?}");
}
