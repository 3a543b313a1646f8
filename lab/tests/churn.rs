//! About a thousand domains made and destroyed at random on a real Xen, sampled at 10 ms, and every
//! row held against the log of the program that made them. `VIRTMON_CHURN_SECONDS` says for how long.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use virtmon_lab::{Lab, Row, rows};

/// What `churn.sh` left; `None` where it can't be run.
static CHURN: LazyLock<Option<Churn>> = LazyLock::new(|| run().map(|lab| Churn::of(&lab)));

/// The program that makes the domains is linked to this library, and that of the lab must be it.
const XEN: &str = "4.17";

fn seconds() -> u32 {
    std::env::var("VIRTMON_CHURN_SECONDS").map_or(40, |seconds| seconds.parse().unwrap())
}

fn run() -> Option<Lab> {
    let dir = tempfile::tempdir().unwrap();
    let churn = dir.path().join("churn");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("churn.d/churn.c");
    let gcc = Command::new("gcc")
        .args(["-std=gnu11", "-O2", "-o"])
        .args([&churn, &source])
        .args(["-lxenctrl", "-lxenstore"])
        .status();
    assert!(gcc.unwrap().success(), "churn.c can't be compiled");
    let ldd = Command::new("ldd").arg(&churn).output().unwrap();
    if !String::from_utf8_lossy(&ldd.stdout).contains(&format!("libxenctrl.so.{XEN}")) {
        eprintln!("skipped: this machine's libxen-dev is not that of Xen {XEN}");
        return None;
    }
    let seconds = seconds();
    let job = format!(
        "#!/bin/bash\nseconds={seconds}\n{}",
        include_str!("churn.sh")
    );
    let limit = (seconds + 300).to_string();
    let rows = Path::new(env!("CARGO_BIN_EXE_churn-rows"));
    Some(Lab::run_with(
        "bookworm",
        &job,
        &["--limit", &limit],
        &[("churn", &churn), ("churn-rows", rows)],
    ))
}

struct Tick {
    began: i64,
    ended: i64,
    rows: usize,
}

/// A life of a domain, as the rows have it: the first and last tick, by their place.
struct Seen {
    id: u32,
    name: String,
    first: usize,
    last: usize,
    row: Row,
}

/// The same, as the program that made it says.
struct Made {
    id: u32,
    life: u32,
    made_before: i64,
    made_after: i64,
    ended: Option<(i64, i64)>,
}

struct Churn {
    ticks: Vec<Tick>,
    /// By uuid.
    seen: BTreeMap<String, Seen>,
    made: BTreeMap<String, Made>,
    events: Vec<Row>,
    faults: String,
    growth: String,
    busy: String,
}

fn whole(row: &Row, column: &str) -> i64 {
    row.text(column).parse().unwrap()
}

impl Churn {
    fn of(lab: &Lab) -> Self {
        let ticks = rows(&lab.file("ticks.csv"));
        let late: Vec<i64> = ticks.iter().map(|row| whole(row, "late_ns")).collect();
        let missed: i64 = ticks.iter().map(|row| whole(row, "missed")).sum();
        let ticks: Vec<Tick> = ticks
            .iter()
            .map(|row| Tick {
                began: whole(row, "mono_ns"),
                ended: whole(row, "mono_ns") + whole(row, "sample_ns"),
                rows: usize::try_from(whole(row, "rows")).unwrap(),
            })
            .collect();
        let seen = rows(&lab.file("lives.csv")).into_iter().map(|row| {
            let place = |column| usize::try_from(whole(&row, column)).unwrap();
            let seen = Seen {
                id: row.text("id").parse().unwrap(),
                name: row.text("name").to_owned(),
                first: place("first"),
                last: place("last"),
                row,
            };
            (seen.row.text("uuid").to_owned(), seen)
        });
        let made = rows(&lab.file("log")).into_iter().map(|row| {
            let life: u32 = row.text("life").parse().unwrap();
            let bytes: String = life.to_le_bytes().map(|b| format!("{b:02x}")).concat();
            let ended = (whole(&row, "ended_before"), whole(&row, "ended_after"));
            let made = Made {
                id: row.text("domid").parse().unwrap(),
                life,
                made_before: whole(&row, "made_before"),
                made_after: whole(&row, "made_after"),
                ended: (ended.1 != 0).then_some(ended),
            };
            (format!("ee000000-0000-0000-0000-0000{bytes}"), made)
        });
        let uuids = lab.file("xl-uuids");
        let mut lines = uuids.lines().map(|line| line.split_whitespace());
        let uuid = lines.find_map(|mut words| {
            let uuid = words.next();
            (words.nth(1) == Some("busy")).then_some(uuid)
        });
        let churn = Self {
            ticks,
            seen: seen.collect(),
            made: made.collect(),
            events: rows(&lab.file("events.csv")),
            faults: lab.file("faults"),
            growth: lab.file("growth"),
            busy: uuid.flatten().unwrap().to_owned(),
        };
        let took = |n: usize| (churn.ticks[n].ended - churn.ticks[n].began) as f64 / 1e6;
        let longest = (0..churn.ticks.len()).map(took).fold(0.0, f64::max);
        eprintln!(
            "{} ticks, {missed} missed, the latest {:.1} ms late; a reading took up to {longest:.1} ms; \
             {} rows; {} lives made, {} seen",
            churn.ticks.len(),
            late.iter().max().copied().unwrap_or_default() as f64 / 1e6,
            churn.ticks.iter().map(|tick| tick.rows).sum::<usize>(),
            churn.made.len(),
            churn.seen.len(),
        );
        churn
    }

    /// The lives of one domid, in the order in which they were seen.
    fn owners(&self) -> BTreeMap<u32, Vec<&Seen>> {
        let mut owners: BTreeMap<u32, Vec<&Seen>> = BTreeMap::new();
        for seen in self.seen.values() {
            owners.entry(seen.id).or_default().push(seen);
        }
        for lives in owners.values_mut() {
            lives.sort_by_key(|seen| seen.first);
        }
        owners
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn no_domain_is_missed_and_none_is_made_up() {
    let Some(churn) = &*CHURN else { return };
    let ids: BTreeSet<u32> = churn.made.values().map(|made| made.id).collect();
    assert!(ids.iter().any(|id| (257..1024).contains(id)) && ids.iter().any(|id| *id > 1024));
    assert!(churn.ticks.iter().all(|tick| tick.rows >= 900));
    let mut through = 0;
    for (uuid, made) in &churn.made {
        // The ticks whose whole reading lies within its life.
        let mut whole = churn.ticks.iter().enumerate().filter(|(_, tick)| {
            tick.began > made.made_after && made.ended.is_none_or(|(before, _)| tick.ended < before)
        });
        let Some((first, _)) = whole.next() else {
            continue;
        };
        let last = whole.next_back().map_or(first, |(last, _)| last);
        through += 1;
        let Some(seen) = churn.seen.get(uuid) else {
            panic!("domain {} ({uuid}) has no row", made.id);
        };
        assert_eq!(seen.id, made.id);
        // Between the first and the last no row is missing: `faults` would say so.
        assert!(
            seen.first <= first && seen.last >= last,
            "domain {} ({uuid}) lived through ticks {first} to {last}, and has rows of {} to {}",
            made.id,
            seen.first,
            seen.last
        );
    }
    for (uuid, seen) in &churn.seen {
        let Some(made) = churn.made.get(uuid) else {
            assert!(seen.id == 0 || *uuid == churn.busy, "{uuid}");
            continue;
        };
        assert!(churn.ticks[seen.first].ended >= made.made_before);
        // What is there still after its end is being torn down, and its row says so.
        if let Some((_, ended)) = made.ended {
            let after = churn.ticks.iter().position(|tick| tick.began > ended);
            if after.is_some_and(|after| seen.last >= after) {
                let dying = seen.row.number("dying").unwrap_or(f64::MAX);
                assert!(dying <= after.unwrap() as f64, "{uuid}");
            }
        }
    }
    eprintln!("{through} lives lasted through a whole tick");
    assert!(through > 950, "there was little to see");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn no_row_comes_twice_or_has_an_absurd_rate() {
    let Some(churn) = &*CHURN else { return };
    assert_eq!(churn.faults, "");
    let most = &churn.seen[&churn.busy].row;
    assert!(most.number("most_pct").unwrap() > 20.0, "{most:?}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_domid_that_comes_again_is_another_domain() {
    let Some(churn) = &*CHURN else { return };
    let mut again = 0;
    for lives in churn.owners().values() {
        for (n, seen) in lives.iter().enumerate() {
            let at_once = n > 0 && lives[n - 1].last + 1 == seen.first;
            again += usize::from(at_once);
            assert!(n == 0 || lives[n - 1].last < seen.first);
            assert_eq!(
                seen.row.text("first_reset") == "1",
                at_once,
                "{:?}",
                seen.row
            );
            let resets = f64::from(u8::from(at_once)) + seen.row.number("backwards").unwrap();
            assert_eq!(seen.row.number("resets"), Some(resets));
        }
    }
    eprintln!("{again} domids had another owner from one tick to the next");
    assert!(again > 0);
    // A name is the life's own, never that of the domid's last owner.
    for (uuid, made) in &churn.made {
        let Some(seen) = churn.seen.get(uuid) else {
            continue;
        };
        let own = format!("life-{}", made.life);
        let named = made.life % 2 == 0;
        assert!(
            seen.name.is_empty() || (named && seen.name == own),
            "domain {} of life {} is called {}",
            made.id,
            made.life,
            seen.name
        );
        assert!(seen.row.number("names").unwrap() <= 1.0);
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn the_events_are_what_happened() {
    let Some(churn) = &*CHURN else { return };
    let mut expected = BTreeSet::new();
    let last = churn.ticks.len() - 1;
    for (uuid, seen) in &churn.seen {
        if seen.first > 0 {
            expected.insert(("created", uuid.as_str()));
        }
        if seen.last < last {
            expected.insert(("destroyed", uuid.as_str()));
        }
        if seen.row.text("first_reset") == "1" {
            expected.insert(("id_reused", uuid.as_str()));
        }
    }
    let mut told = BTreeSet::new();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut backwards: BTreeMap<&str, f64> = BTreeMap::new();
    for event in &churn.events {
        let kind = event.text("event");
        *kinds.entry(kind).or_default() += 1;
        match kind {
            "created" | "destroyed" | "id_reused" => {
                assert!(told.insert((kind, event.text("uuid"))), "twice: {event:?}");
            }
            // It is named after it is made, and its name goes before it does.
            "renamed" => {
                assert!(
                    event.text("old").is_empty() || event.text("new").is_empty(),
                    "{event:?}"
                );
            }
            "dying" => {}
            // Of the host: under emulation xenstore and the CSV's reader are slow.
            "warning" | "output_dropped" => {}
            // What Xen tells of a vCPU that runs, by clocks that are a little apart: each is in the rows.
            "counter_reset" => *backwards.entry(event.text("uuid")).or_default() += 1.0,
            // The real guest goes on from its pause, is stopped to be destroyed, and gives back its memory.
            _ => assert_eq!(event.text("uuid"), churn.busy, "{event:?}"),
        }
    }
    eprintln!("events: {kinds:?}");
    assert_eq!(told, expected);
    for (uuid, seen) in &churn.seen {
        let events = backwards.get(uuid.as_str()).copied().unwrap_or_default();
        assert_eq!(seen.row.number("backwards"), Some(events), "{uuid}");
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn neither_memory_nor_descriptors_grow() {
    let Some(churn) = &*CHURN else { return };
    let growth: Vec<(u64, u64)> = churn
        .growth
        .lines()
        .map(|line| {
            let (kib, descriptors) = line.split_once(' ').unwrap();
            (kib.parse().unwrap(), descriptors.parse().unwrap())
        })
        .collect();
    let third = growth.len() / 3;
    let most = |part: &[(u64, u64)]| {
        let kib = part.iter().map(|(kib, _)| *kib).max().unwrap();
        (kib, part.iter().map(|(_, n)| *n).max().unwrap())
    };
    let (middle, end) = (most(&growth[third..2 * third]), most(&growth[2 * third..]));
    eprintln!(
        "at first, at most by the middle and by the end, in KiB and descriptors: {:?} {middle:?} {end:?}",
        growth[0]
    );
    // Where the CSV's reader is slow, the writer's queue of 64 MiB fills, and it takes a while to.
    assert!(end.0 <= growth[0].0 + (80 << 10), "{growth:?}");
    // Where the writer falls behind, a buffer more is in use, and the ones that are there grow.
    assert!(seconds() < 300 || end.0 <= middle.0 + 2048, "{growth:?}");
    assert!(end.1 <= middle.1, "{growth:?}");
}
