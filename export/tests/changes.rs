//! Random hosts, sample by sample: the events and the rows that analysis and the tables make of them.
#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a test's arithmetic"
)]

#[path = "changes/guests.rs"]
mod guests;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::SystemTime;

use proptest::prelude::*;
use virtmon_analysis::analysis::Analysis;
use virtmon_analysis::event::{Event, EventKind};
use virtmon_model::{Identity, Snapshot, State};

use guests::{Guest, SECOND, samples, snapshot};
use virtmon_analysis::frame::{Frame, PreviousSample, Tick};
use virtmon_analysis::rates::DomainRates;
use virtmon_analysis::subsamples::SubsampleStats;
use virtmon_export::schema::cell::Cell;
use virtmon_export::schema::column::Table;
use virtmon_export::tables::device::{DiskTable, NicTable};
use virtmon_export::tables::domain::DomainTable;
use virtmon_export::tables::event::EventTable;
use virtmon_export::tables::host::HostTable;
use virtmon_export::tables::subsamples::SubsampleTable;
use virtmon_export::tables::vcpu::VcpuTable;

/// Expectations of one guest in a sample, from the sample before of the same life.
struct Seen<'a> {
    past: &'a Guest,
    now: &'a Guest,
    events: &'a [Event],
}

impl Seen<'_> {
    fn has_event(&self, kind: EventKind) -> bool {
        has_event(self.events, self.now.identity(), &[kind])
    }

    /// True if there is an event exactly when both samples have a value and the values differ.
    fn changes<T: PartialEq>(&self, kind: EventKind, past: Option<T>, now: Option<T>) -> bool {
        let changed = matches!((past, now), (Some(past), Some(now)) if past != now);
        self.has_event(kind) == changed
    }

    fn turns(&self, kind: EventKind, state: State) -> bool {
        self.has_event(kind) == (self.past.state != state && self.now.state == state)
    }

    /// True if the devices of a kind are the same, with counters that did not decrease.
    fn continues<K: Ord, V: Ord>(&self, devices: fn(&Guest) -> &BTreeMap<K, Option<V>>) -> bool {
        let (past, now) = (devices(self.past), devices(self.now));
        past.keys().eq(now.keys())
            && past.iter().all(|(name, past)| match (past, &now[name]) {
                (Some(past), Some(now)) => now >= past,
                _ => true,
            })
    }

    /// True if exactly the devices that were added and removed have events.
    fn has_device_events(
        &self,
        devices: fn(&Guest) -> &BTreeMap<u8, Option<u64>>,
        [added, removed]: [EventKind; 2],
    ) -> bool {
        let (past, now) = (devices(self.past), devices(self.now));
        let known = self.past.complete && self.now.complete;
        let names = |kind| {
            let mine = self.events.iter().filter(move |event| {
                event.identity == Some(self.now.identity()) && event.kind == kind
            });
            mine.map(|event| event.device.clone()).collect::<Vec<_>>()
        };
        let missing = |from: &BTreeMap<u8, _>, of: &BTreeMap<u8, _>| {
            let gone = of.keys().filter(|&name| known && !from.contains_key(name));
            gone.map(u8::to_string).collect::<Vec<_>>()
        };
        names(added) == missing(past, now) && names(removed) == missing(now, past)
    }
}

fn has_event(events: &[Event], identity: Identity, kinds: &[EventKind]) -> bool {
    let about = |event: &&Event| event.identity == Some(identity);
    events
        .iter()
        .filter(about)
        .any(|event| kinds.contains(&event.kind))
}

fn rate(now: Option<u64>, then: Option<u64>, elapsed_ns: u64) -> Option<f64> {
    Some((now?.checked_sub(then?)?) as f64 / elapsed_ns as f64)
}

fn near(rate: f64, expected: Option<f64>) -> bool {
    expected.is_some_and(|expected| (rate - expected).abs() <= expected * 1e-12)
}

/// Number of rows of a table in a frame. Every decimal in them is a number, and not negative.
fn rows<T: Table>(frame: &Frame<'_>) -> std::result::Result<usize, TestCaseError> {
    let (mut count, mut wrong) = (0, None);
    T::rows(frame, |row| {
        count += 1;
        for column in T::COLUMNS {
            if let Cell::Decimal(value) = (column.cell)(row)
                && !(value.is_finite() && value >= 0.0)
            {
                wrong = Some((column.info.name, value));
            }
        }
    });
    prop_assert!(wrong.is_none(), "{}: {wrong:?}", T::NAME);
    Ok(count)
}

fn every_table(frame: &Frame<'_>, guests: &[Guest]) -> std::result::Result<(), TestCaseError> {
    let all = |of: fn(&Guest) -> usize| guests.iter().map(of).sum::<usize>();
    prop_assert_eq!(
        rows::<DomainTable>(frame)?,
        guests.len(),
        "a guest keeps its row"
    );
    prop_assert_eq!(rows::<VcpuTable>(frame)?, all(|guest| guest.vcpus.len()));
    prop_assert_eq!(rows::<NicTable>(frame)?, all(|guest| guest.nics.len()));
    prop_assert_eq!(rows::<DiskTable>(frame)?, all(|guest| guest.disks.len()));
    prop_assert_eq!(rows::<SubsampleTable>(frame)?, guests.len());
    prop_assert_eq!(rows::<EventTable>(frame)?, frame.events.len());
    rows::<HostTable>(frame)?;
    Ok(())
}

/// Rates of one life between two samples, which began `gap_ns` apart.
fn rates_are_right(
    seen: &Seen<'_>,
    rates: &DomainRates,
    gap_ns: u64,
) -> std::result::Result<(), TestCaseError> {
    let (past, now) = (seen.past, seen.now);
    let known = [
        rates.cpu_pct,
        rates.net_rx,
        rates.net_tx,
        rates.disk_rd,
        rates.disk_wr,
    ];
    if now.stale {
        prop_assert!(known.iter().all(Option::is_none), "old values have no rate");
    }
    // The difference by the time between the two values, or nothing.
    let elapsed_ns = if past.stale { gap_ns + SECOND } else { gap_ns };
    if let Some(cpu_pct) = rates.cpu_pct {
        let expected = rate(now.cpu_time_ns, past.cpu_time_ns, elapsed_ns);
        prop_assert!(near(cpu_pct / 100.0, expected));
    }
    let sum = |devices: &BTreeMap<u8, Option<u64>>| {
        let mut parts = devices.values();
        parts.try_fold(0u64, |sum, part| sum.checked_add((*part)?))
    };
    if let Some(net_rx) = rates.net_rx {
        prop_assert!(seen.continues(|guest| &guest.nics));
        let expected = rate(sum(&now.nics), sum(&past.nics), elapsed_ns);
        prop_assert!(near(net_rx / 1e9, expected));
    }
    if let Some(disk_wr) = rates.disk_wr {
        prop_assert!(seen.continues(|guest| &guest.disks));
        let expected = rate(sum(&now.disks), sum(&past.disks), elapsed_ns);
        prop_assert!(near(disk_wr / 1e9, expected));
    }
    let backwards = matches!((past.cpu_time_ns, now.cpu_time_ns), (Some(a), Some(b)) if b < a);
    if backwards {
        prop_assert!(rates.reset && rates.cpu_pct.is_none());
        prop_assert!(seen.has_event(EventKind::CounterReset));
    }
    let both = past.complete && now.complete;
    if both && !(seen.continues(|guest| &guest.nics) && seen.continues(|guest| &guest.disks)) {
        prop_assert!(rates.reset, "the sums are of other things");
    }
    Ok(())
}

/// Each device's rate is that of the device with its name in the same domain of the sample before.
fn devices_are_right(frame: &Frame<'_>) -> std::result::Result<(), TestCaseError> {
    for (_, domain, rates) in frame.domains() {
        let rows = frame.nics_of(domain, rates);
        prop_assert_eq!(rows.len(), domain.nics.rows.len());
        prop_assert_eq!(frame.disks_of(domain, rates).len(), domain.disks.rows.len());
        prop_assert_eq!(frame.vcpus_of(domain, rates).len(), domain.vcpus.rows.len());
        let previous = frame.previous.and_then(|previous| {
            let domains = &previous.snapshot.domains;
            Some((domains.get(rates.matched.same()?)?, rates.elapsed_ns?))
        });
        for (nic, row) in domain.nics.rows.iter().zip(rows) {
            let same = previous.and_then(|(previous, elapsed_ns)| {
                let mut nics = previous.nics.rows.iter();
                Some((nics.find(|previous| previous.name == nic.name)?, elapsed_ns))
            });
            let expected = same.and_then(|(previous, elapsed_ns)| {
                rate(nic.rx_bytes, previous.rx_bytes, elapsed_ns)
            });
            match row.rx_bytes_s {
                Some(rx_bytes_s) => prop_assert!(near(rx_bytes_s / 1e9, expected)),
                None => prop_assert_eq!(expected, None),
            }
        }
    }
    Ok(())
}

fn events_are_right(seen: &Seen<'_>) -> std::result::Result<(), TestCaseError> {
    let (past, now) = (seen.past, seen.now);
    prop_assert_eq!(seen.has_event(EventKind::Renamed), past.name != now.name);
    prop_assert_eq!(seen.has_event(EventKind::Stale), !past.stale && now.stale);
    prop_assert_eq!(
        seen.has_event(EventKind::Recovered),
        past.stale && !now.stale
    );
    prop_assert!(seen.changes(EventKind::VcpusChanged, past.vcpus_online, now.vcpus_online));
    prop_assert!(seen.changes(EventKind::MemoryChanged, past.mem_bytes, now.mem_bytes));
    prop_assert!(seen.turns(EventKind::Paused, State::Paused));
    prop_assert!(seen.turns(EventKind::Crashed, State::Crashed));
    prop_assert!(seen.turns(EventKind::Shutdown, State::Shutdown));
    prop_assert!(seen.turns(EventKind::Dying, State::Dying));
    let goes_on = matches!(now.state, State::Running | State::Blocked);
    prop_assert_eq!(
        seen.has_event(EventKind::Resumed),
        past.state == State::Paused && goes_on
    );
    let nics = [EventKind::NicAdded, EventKind::NicRemoved];
    prop_assert!(seen.has_device_events(|guest| &guest.nics, nics));
    let disks = [EventKind::DiskAdded, EventKind::DiskRemoved];
    prop_assert!(seen.has_device_events(|guest| &guest.disks, disks));
    Ok(())
}

/// A guest that disappears has an event, or continues under another identity.
fn nobody_is_forgotten(
    past: &[Guest],
    now: &[Guest],
    events: &[Event],
) -> std::result::Result<(), TestCaseError> {
    for gone in past {
        let still = now.iter().any(|now| now.identity() == gone.identity());
        let lives_on = now.iter().any(|now| {
            now.uuid == gone.uuid && has_event(events, now.identity(), &[EventKind::Rebooted])
        });
        prop_assert!(
            still || lives_on || has_event(events, gone.identity(), &[EventKind::Destroyed])
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn whatever_is_sampled(samples in samples()) {
        let mut analysis = Analysis::default();
        let mut subsamples = SubsampleStats::default();
        let mut mono_ns = 1_000 * SECOND;
        let mut before: Option<(Snapshot, Vec<Guest>)> = None;
        for (guests, gap_ns) in samples {
            let before_ns = mono_ns;
            mono_ns += gap_ns;
            let now = snapshot(&guests);
            subsamples.update(&now, mono_ns);
            let mut events = Vec::new();
            let previous = before.as_ref().map(|(snapshot, _)| PreviousSample { snapshot, mono_ns: before_ns });
            analysis.update(previous, &now, mono_ns, Vec::new(), &mut events);
            let tick = Tick {
                number: 0,
                mono_ns,
                wall: SystemTime::UNIX_EPOCH,
                late_ns: 0,
                sample_ns: 0,
                missed: 0,
            };
            let frame = Frame {
                subsamples: subsamples.distributions(guests.len()),
                ..analysis.frame(tick, &now, previous, &events)
            };
            let rates = frame.rates;
            devices_are_right(&frame)?;
            every_table(&frame, &guests)?;
            for (guest, rates) in guests.iter().zip(rates.iter()) {
                let none = [rates.cpu_pct, rates.net_rx, rates.disk_wr].iter().all(Option::is_none);
                let Some((_, past)) = &before else {
                    prop_assert!(none && !rates.reset, "the first sample has no rates");
                    continue;
                };
                match past.iter().find(|past| past.identity() == guest.identity()) {
                    Some(past) => {
                        let seen = Seen { past, now: guest, events: &events };
                        rates_are_right(&seen, rates, gap_ns)?;
                        events_are_right(&seen)?;
                    }
                    None => {
                        prop_assert!(none, "another life has no rate at its first tick");
                        let kinds = [EventKind::Created, EventKind::Rebooted];
                        prop_assert!(has_event(&events, guest.identity(), &kinds));
                        let reused = past.iter().any(|past| past.id == guest.id);
                        prop_assert!(!reused || rates.reset, "an id with another owner");
                    }
                }
            }
            if let Some((_, past)) = &before {
                nobody_is_forgotten(past, &guests, &events)?;
            }
            before = Some((now, guests));
        }
    }
}

fn kinds(before: &[Guest], now: &[Guest]) -> Vec<&'static str> {
    between(before, now, |event| event.kind.as_str())
}

fn causes(before: &[Guest], now: &[Guest]) -> Vec<String> {
    between(before, now, |event| event.cause.to_string())
}

fn between<T: Debug>(before: &[Guest], now: &[Guest], part: impl Fn(&Event) -> T) -> Vec<T> {
    let (before, now) = (snapshot(before), snapshot(now));
    let (mut analysis, mut events) = (Analysis::default(), Vec::new());
    analysis.update(None, &before, SECOND, Vec::new(), &mut events);
    let previous = PreviousSample {
        snapshot: &before,
        mono_ns: SECOND,
    };
    analysis.update(Some(previous), &now, 2 * SECOND, Vec::new(), &mut events);
    events.iter().map(part).collect()
}

#[test]
fn one_thing_at_a_time() {
    let web = Guest {
        id: 3,
        uuid: 33,
        incarnation: None,
        name: Some("web"),
        cpu_time_ns: Some(100),
        vcpus_online: Some(1),
        mem_bytes: Some(1),
        vcpus: BTreeMap::from([(0, Some(7))]),
        nics: BTreeMap::from([(0, Some(5))]),
        disks: BTreeMap::from([(0, Some(5))]),
        complete: true,
        state: State::Running,
        stale: false,
    };
    let one = std::slice::from_ref(&web);
    let with = |change: fn(&mut Guest)| {
        let mut guest = web.clone();
        change(&mut guest);
        vec![guest]
    };
    let is = |now: &[Guest], expected: &[&str]| assert_eq!(kinds(one, now), expected);
    is(one, &[]);
    is(&[], &["destroyed"]);
    assert_eq!(kinds(&[], one), ["created"]);
    is(&with(|g| g.id = 4), &["rebooted"]);
    is(&with(|g| g.incarnation = Some(2)), &["rebooted"]);
    is(
        &with(|g| g.uuid = 4),
        &["created", "id_reused", "destroyed"],
    );
    is(&with(|g| g.name = Some("db")), &["renamed"]);
    is(&with(|g| g.state = State::Paused), &["paused"]);
    assert_eq!(kinds(&with(|g| g.state = State::Paused), one), ["resumed"]);
    is(&with(|g| g.state = State::Crashed), &["crashed"]);
    is(&with(|g| g.vcpus_online = Some(2)), &["vcpus_changed"]);
    is(&with(|g| g.mem_bytes = Some(2)), &["memory_changed"]);
    is(&with(|g| g.cpu_time_ns = Some(1)), &["counter_reset"]);
    is(
        &with(|g| g.vcpus = BTreeMap::from([(0, Some(6))])),
        &["counter_reset"],
    );
    is(
        &with(|g| g.nics = BTreeMap::from([(0, Some(4))])),
        &["counter_reset"],
    );
    is(&with(|g| g.nics.extend([(1, Some(0))])), &["nic_added"]);
    is(&with(|g| g.nics.clear()), &["nic_removed"]);
    is(&with(|g| g.disks.extend([(1, Some(0))])), &["disk_added"]);
    is(&with(|g| g.disks.clear()), &["disk_removed"]);
    is(&with(|g| g.stale = true), &["stale"]);

    let comes = with(|g| g.name = Some("web--incoming"));
    assert_eq!(causes(&[], &comes), ["xl receives it from another host"]);
    let gone = with(|g| g.name = Some("web--migratedaway"));
    assert_eq!(causes(&gone, &[]), ["xl has sent it to another host"]);
}
