//! About a thousand domains are created and destroyed at random on a real Xen and sampled every 10 ms.
//! Every row is compared with the log of the program that created the domains. `VIRTMON_CHURN_SECONDS` is
//! the duration.
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use virtmon_lab::{Lab, Row, rows};

/// Files of `churn.sh`; `None` if it cannot run.
static CHURN: LazyLock<Option<Churn>> = LazyLock::new(|| run().map(|lab| Churn::of(&lab)));

/// Version of libxenctrl in the lab. The program that creates the domains must be linked to this version.
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
        eprintln!("skipped: libxen-dev on this machine is not from Xen {XEN}");
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

/// A life of a domain, from the rows. Ticks are indexes.
struct Seen {
    id: u32,
    name: String,
    first: usize,
    last: usize,
    row: Row,
}

/// A life of a domain, from the log of the program that created it.
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
            "{} ticks, {missed} missed, at most {:.1} ms late; a sample took up to {longest:.1} ms; \
             {} rows; {} lives created, {} with rows",
            churn.ticks.len(),
            late.iter().max().copied().unwrap_or_default() as f64 / 1e6,
            churn.ticks.iter().map(|tick| tick.rows).sum::<usize>(),
            churn.made.len(),
            churn.seen.len(),
        );
        churn
    }

    /// Lives of each domid, in the order of their rows.
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
fn every_domain_has_rows_and_every_row_has_a_domain() {
    let Some(churn) = &*CHURN else { return };
    let ids: BTreeSet<u32> = churn.made.values().map(|made| made.id).collect();
    assert!(ids.iter().any(|id| (257..1024).contains(id)) && ids.iter().any(|id| *id > 1024));
    assert!(churn.ticks.iter().all(|tick| tick.rows >= 900));
    let mut through = 0;
    for (uuid, made) in &churn.made {
        // The ticks whose complete sample is within the life.
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
        // `faults` lists missing rows between the first and the last.
        assert!(
            seen.first <= first && seen.last >= last,
            "domain {} ({uuid}) existed in ticks {first} to {last}, and has rows of {} to {}",
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
        // A domain that has rows after its end is being torn down, and has the state dying.
        if let Some((_, ended)) = made.ended {
            let after = churn.ticks.iter().position(|tick| tick.began > ended);
            if after.is_some_and(|after| seen.last >= after) {
                let dying = seen.row.number("dying").unwrap_or(f64::MAX);
                assert!(dying <= after.unwrap() as f64, "{uuid}");
            }
        }
    }
    eprintln!("{through} lives include a complete tick");
    assert!(through > 950, "too few lives include a complete tick");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn no_row_is_duplicate_or_has_an_impossible_rate() {
    let Some(churn) = &*CHURN else { return };
    assert_eq!(churn.faults, "");
    let busy = &churn.seen[&churn.busy].row;
    assert!(busy.number("max_pct").unwrap() > 20.0, "{busy:?}");
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn a_reused_domid_is_another_domain() {
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
    eprintln!("{again} domids had another owner in the next tick");
    assert!(again > 0);
    // A name belongs to this life, never to the previous owner of the domid.
    for (uuid, made) in &churn.made {
        let Some(seen) = churn.seen.get(uuid) else {
            continue;
        };
        let expected = format!("life-{}", made.life);
        let named = made.life % 2 == 0;
        assert!(
            seen.name.is_empty() || (named && seen.name == expected),
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
fn the_events_match_the_lives() {
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
    let mut found = BTreeSet::new();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut backwards: BTreeMap<&str, f64> = BTreeMap::new();
    for event in &churn.events {
        let kind = event.text("event");
        *kinds.entry(kind).or_default() += 1;
        match kind {
            "created" | "destroyed" | "id_reused" => {
                assert!(
                    found.insert((kind, event.text("uuid"))),
                    "duplicate: {event:?}"
                );
            }
            // A domain gets its name after its creation, and loses it before its end.
            "renamed" => {
                assert!(
                    event.text("old").is_empty() || event.text("new").is_empty(),
                    "{event:?}"
                );
            }
            "dying" => {}
            // Events of the host: under emulation xenstore and the program that reads the CSV are slow.
            "warning" | "output_dropped" => {}
            // Xen measures running vCPUs with clocks that differ a little. Each reset is in the rows.
            "counter_reset" => *backwards.entry(event.text("uuid")).or_default() += 1.0,
            // The real guest is resumed, is stopped when it is destroyed, and returns its memory.
            _ => assert_eq!(event.text("uuid"), churn.busy, "{event:?}"),
        }
    }
    eprintln!("events: {kinds:?}");
    assert_eq!(found, expected);
    for (uuid, seen) in &churn.seen {
        let events = backwards.get(uuid.as_str()).copied().unwrap_or_default();
        assert_eq!(seen.row.number("backwards"), Some(events), "{uuid}");
    }
}

#[test]
#[ignore = "boots a real Xen: make test"]
fn memory_and_descriptors_do_not_grow() {
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
    let max = |part: &[(u64, u64)]| {
        let kib = part.iter().map(|(kib, _)| *kib).max().unwrap();
        (kib, part.iter().map(|(_, n)| *n).max().unwrap())
    };
    let (middle, end) = (max(&growth[third..2 * third]), max(&growth[2 * third..]));
    eprintln!(
        "KiB and descriptors at the begin, maximum in the middle and at the end: {:?} {middle:?} {end:?}",
        growth[0]
    );
    // If the program that reads the CSV is slow, the output's queue of 64 MiB fills slowly.
    assert!(end.0 <= growth[0].0 + (80 << 10), "{growth:?}");
    // If the writing thread falls behind, one more buffer is in use, and the existing ones grow.
    assert!(seconds() < 300 || end.0 <= middle.0 + 2048, "{growth:?}");
    assert!(end.1 <= middle.1, "{growth:?}");
}
