//! virtmon beside a real libvirtd with five guests: stopped dead, without a daemon, coming and
//! going. `lab/libvirtd` is that host.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers")]

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

/// Descriptors and threads.
fn held(name: &str) -> (u32, u32) {
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
fn guests_that_are_stopped_dead_cost_the_others_nothing() {
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

/// No tick is missed, none is late, and the rows of the others are whole, at two ticks a second.
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

/// A thread and a connection for each guest that is stuck, and one of each is kept.
#[test]
#[ignore = "runs QEMU guests: make test"]
fn what_it_took_is_given_back() {
    let (fds, threads) = held("stuck.before");
    let stuck = held("stuck.while");
    assert!((threads + 1..=threads + 2).contains(&stuck.1), "{stuck:?}");
    let one_connection = (stuck.0 - fds) / (stuck.1 - threads);
    let after = held("stuck.after");
    assert!(after.1 <= threads + 1, "{threads} {after:?}");
    assert!(after.0 <= fds + one_connection, "{fds} {after:?}");
    let (before, after) = (held("restart.before"), held("restart.after"));
    assert!(after.0 <= before.0 + one_connection, "{before:?} {after:?}");
    assert!(after.1 <= before.1 + 1, "{before:?} {after:?}");
}

#[test]
#[ignore = "runs QEMU guests: make test"]
fn a_signal_ends_it_whatever_the_guests_do() {
    let took = number("ended.took");
    assert!(took < SECOND, "{took} ns");
    let rows = rows(&left("ended.csv"));
    assert!(of(&rows, STUCK[0]).iter().any(|row| at(row, "stale") > 0.0));
}

#[test]
#[ignore = "runs QEMU guests: make test"]
fn a_daemon_that_is_killed_costs_the_ticks_that_it_is_away() {
    let rows = rows(&left("restart.csv"));
    let busy = of(&rows, "busy");
    let gaps: Vec<f64> = busy.iter().map(|row| at(row, "missed")).collect();
    let long: Vec<&f64> = gaps.iter().filter(|&&missed| missed >= 2.0).collect();
    assert_eq!(long.len(), 2, "{gaps:?}");
    // Away for 2 s each time, and looked for every 2 s at the least.
    assert!(gaps.iter().sum::<f64>() < 20.0, "{gaps:?}");
    for pair in busy.windows(2) {
        assert!(at(pair[0], "cpu_time_ns") <= at(pair[1], "cpu_time_ns"));
        assert_eq!(pair[1].text("reset"), "0");
    }
    // Each way to be away is told once, not once a tick.
    let told = left("restart.err").lines().count();
    assert!((1..=8).contains(&told), "{}", left("restart.err"));
}

#[test]
#[ignore = "runs QEMU guests: make test"]
fn guests_come_and_go() {
    let rows = rows(&left("churn.csv"));
    let passing = of(&rows, "passing").len();
    assert!((1..=5).contains(&passing), "{passing} rows");
    let ticks = of(&rows, "busy").len();
    let plain = of(&rows, "plain-5");
    assert!(plain.len() < ticks);
    // A reset guest is the same process, and its counters go on; a restored one is another.
    let restored: Vec<_> = plain.iter().filter(|r| r.text("id") != "5").collect();
    assert!(!restored.is_empty());
    assert_eq!(restored[0].text("uuid"), plain[0].text("uuid"));
    assert!(
        at(restored[0], "cpu_time_ns") < at(plain[plain.len() - restored.len() - 1], "cpu_time_ns")
    );
    let busy = of(&rows, "busy");
    assert!(busy.iter().all(|row| row.text("reset") == "0"));
    // A machine under load may hold it up for a tick.
    let stale = busy.iter().filter(|row| row.text("stale") != "0").count();
    assert!(stale * 4 <= ticks, "{stale} of {ticks} rows");
}

#[test]
#[ignore = "runs QEMU guests: make test"]
fn a_recording_of_stuck_guests_gives_the_same_bytes() {
    assert_replays(JOB.path(), "stuck", &[]);
}

/// Event and cause of a guest's rows. Those of a machine under load, which may hold any guest up, are
/// left out.
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
fn what_became_of_guests_is_in_the_event_rows() {
    let often = rows(&left("churn.event.csv"));
    // A reading may come between the start, while it is paused, and what libvirt tells of it.
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
    // The same for who looks every three seconds, even if the guest comes and goes in between.
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

/// Each once, with the time at which libvirt told of it, whether a reading lies between or not.
#[test]
#[ignore = "runs QEMU guests: make test"]
fn what_libvirt_tells_of_devices_memory_and_pauses_is_in_the_event_rows() {
    let rows = rows(&left("told.event.csv"));
    let span = number("told.from")..=number("told.to");
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
    // What came and went with no reading between has a cause that says so.
    let passing = of_it.iter().filter(|row| row.text("device") == "vdc");
    for row in passing {
        assert!(matches!(row.text("cause"), "" | "no sample shows it"));
    }
    // The memory is copied as it is saved, which is told once a reading.
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
fn a_daemon_that_comes_back_tells_of_guests_again() {
    let rows = rows(&left("restart.event.csv"));
    let host: Vec<&str> = rows
        .iter()
        .filter(|row| row.text("uuid").is_empty())
        .map(|row| row.text("event"))
        .collect();
    let told = |kind| host.iter().filter(|&&event| event == kind).count();
    assert_eq!(told("sample_recovered"), 2);
    assert!(told("sample_failed") >= 2);
    let told = events(&rows, "plain-5");
    assert!(!told.is_empty());
    assert!(told.iter().all(|event| *event == RESET), "{told:?}");
}
