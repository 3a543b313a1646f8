use proptest::prelude::*;
use virtmon_model::{Identity, Uuid};

use super::*;
use crate::Deltas;

const SECOND: u64 = 1_000_000_000;

#[derive(Debug, Clone)]
struct Guest {
    id: u32,
    uuid: u128,
    incarnation: Option<u64>,
    cpu_time_ns: Option<u64>,
    nics: Vec<(u8, u64)>,
    complete: bool,
    state: State,
    stale: bool,
}

/// Counters of every size, so that they run backwards, stand still and lie at both ends.
fn counter() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..50u64,
        Just(u64::MAX),
        Just(u64::MAX - 1),
        any::<u64>(),
        1_000..2_000u64
    ]
}

fn guest() -> impl Strategy<Value = Guest> {
    let state = prop_oneof![
        Just(State::Running),
        Just(State::Paused),
        Just(State::Crashed),
        Just(State::Shutdown),
    ];
    let nics = proptest::collection::btree_map(0..3u8, counter(), 0..3);
    (
        (0..5u32, 0..4u128, proptest::option::of(0..2u64)),
        (
            proptest::option::of(counter()),
            nics,
            proptest::bool::weighted(0.8),
        ),
        (state, proptest::bool::weighted(0.2)),
    )
        .prop_map(
            |((id, uuid, incarnation), (cpu_time_ns, nics, complete), (state, stale))| Guest {
                id,
                uuid,
                incarnation,
                cpu_time_ns,
                nics: nics.into_iter().collect(),
                complete,
                state,
                stale,
            },
        )
}

fn snapshot(guests: &[Guest]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for guest in guests {
        let domain = snapshot.domains.next_row();
        domain.identity = Identity {
            id: guest.id,
            uuid: Uuid::from_u128(guest.uuid),
            incarnation: guest.incarnation,
        };
        domain.cpu_time_ns = guest.cpu_time_ns;
        domain.state = guest.state;
        domain.stale_ns = if guest.stale { SECOND } else { 0 };
        for (name, rx_bytes) in &guest.nics {
            let nic = domain.nics.rows.next_row();
            nic.name = name.to_string();
            nic.rx_bytes = Some(*rx_bytes);
        }
        domain.nics.complete = guest.complete;
    }
    snapshot
}

fn readings() -> impl Strategy<Value = Vec<(Vec<Guest>, u64)>> {
    let guests = proptest::collection::vec(guest(), 0..5).prop_map(|mut guests| {
        guests.sort_by_key(|guest| guest.id);
        guests.dedup_by_key(|guest| guest.id);
        guests
    });
    proptest::collection::vec((guests, 1..5 * SECOND), 1..8)
}

fn rate(now: Option<u64>, then: Option<u64>, elapsed_ns: u64) -> Option<f64> {
    Some((now?.checked_sub(then?)?) as f64 / elapsed_ns as f64)
}

proptest! {
    #[test]
    fn whatever_is_read(readings in readings()) {
        let (mut deltas, mut seen) = (Deltas::default(), Vec::new());
        let mut mono_ns = 1_000 * SECOND;
        let mut before: Option<(Snapshot, u64)> = None;
        for (guests, gap_ns) in readings {
            mono_ns += gap_ns;
            let now = snapshot(&guests);
            let rates = deltas.take(&now, mono_ns);
            let mut events = Vec::new();
            if let Some((before, _)) = &before {
                compare(before, &now, rates, &mut seen, &mut events);
            }
            let told = |identity: Identity, kinds: &[EventKind]| {
                events.iter().any(|event| event.identity == Some(identity) && kinds.contains(&event.kind))
            };
            for (domain, rates) in now.domains.iter().zip(rates.iter()) {
                let known = [rates.cpu_pct, rates.net_rx, rates.net_tx, rates.disk_rd, rates.disk_wr];
                for rate in known.into_iter().flatten() {
                    prop_assert!(rate.is_finite() && rate >= 0.0);
                }
                let Some((past, past_ns)) = &before else {
                    prop_assert!(known.iter().all(Option::is_none) && !rates.reset);
                    continue;
                };
                let same = past.domains.iter().find(|past| past.identity == domain.identity);
                let Some(past) = same else {
                    prop_assert!(known.iter().all(Option::is_none));
                    let kinds = [EventKind::Created, EventKind::Rebooted];
                    prop_assert!(told(domain.identity, &kinds), "nobody told of {:?}", domain.identity);
                    continue;
                };
                // A rate is the difference by the time between the two values, or nothing.
                let elapsed = (mono_ns - domain.stale_ns).checked_sub(past_ns - past.stale_ns);
                let elapsed_ns = elapsed.filter(|&ns| ns > 0);
                if let Some(cpu_pct) = rates.cpu_pct {
                    let expected = rate(domain.cpu_time_ns, past.cpu_time_ns, elapsed_ns.unwrap());
                    prop_assert!((cpu_pct / 100.0 - expected.unwrap()).abs() <= expected.unwrap() * 1e-12);
                }
                if let Some(net_rx) = rates.net_rx {
                    let sum = |domain: &Domain| domain.nics.sum(|nic| nic.rx_bytes);
                    let expected = rate(sum(domain), sum(past), elapsed_ns.unwrap()).unwrap() * 1e9;
                    prop_assert!((net_rx - expected).abs() <= expected * 1e-12);
                    for (nic, past) in domain.nics.rows.iter().zip(past.nics.rows.iter()) {
                        prop_assert!(nic.name == past.name && nic.rx_bytes >= past.rx_bytes);
                    }
                }
                let backwards = matches!((past.cpu_time_ns, domain.cpu_time_ns), (Some(a), Some(b)) if b < a);
                if backwards {
                    prop_assert!(rates.reset && rates.cpu_pct.is_none());
                    prop_assert!(told(domain.identity, &[EventKind::CounterReset]));
                }
                if (past.stale_ns == 0) != (domain.stale_ns == 0) {
                    prop_assert!(told(domain.identity, &[EventKind::Stale, EventKind::Fresh]));
                }
            }
            if let Some((past, _)) = &before {
                for gone in past.domains.iter() {
                    let still = now.domains.iter().any(|now| now.identity == gone.identity);
                    let lives_on = now.domains.iter().any(|now| {
                        now.identity.uuid == gone.identity.uuid && told(now.identity, &[EventKind::Rebooted])
                    });
                    prop_assert!(still || lives_on || told(gone.identity, &[EventKind::Destroyed]));
                }
            }
            before = Some((now, mono_ns));
        }
    }
}

fn kinds(before: &[Guest], now: &[Guest]) -> Vec<&'static str> {
    let (before, now) = (snapshot(before), snapshot(now));
    let mut deltas = Deltas::default();
    deltas.take(&before, SECOND);
    let mut events = Vec::new();
    compare(
        &before,
        &now,
        deltas.take(&now, 2 * SECOND),
        &mut Vec::new(),
        &mut events,
    );
    events.iter().map(|event| event.kind.as_str()).collect()
}

#[test]
fn one_thing_at_a_time() {
    let web = Guest {
        id: 3,
        uuid: 33,
        incarnation: None,
        cpu_time_ns: Some(100),
        nics: vec![(0, 5)],
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
    assert_eq!(kinds(one, one), [""; 0]);
    assert_eq!(kinds(&[], one), ["created"]);
    assert_eq!(kinds(one, &[]), ["destroyed"]);
    assert_eq!(kinds(one, &with(|g| g.id = 4)), ["rebooted"]);
    assert_eq!(
        kinds(one, &with(|g| g.uuid = 4)),
        ["created", "id_reused", "destroyed"]
    );
    assert_eq!(kinds(one, &with(|g| g.state = State::Paused)), ["paused"]);
    assert_eq!(kinds(&with(|g| g.state = State::Paused), one), ["resumed"]);
    assert_eq!(kinds(one, &with(|g| g.state = State::Crashed)), ["crashed"]);
    assert_eq!(
        kinds(one, &with(|g| g.cpu_time_ns = Some(1))),
        ["counter_reset"]
    );
    assert_eq!(kinds(one, &with(|g| g.nics[0].1 = 4)), ["counter_reset"]);
    assert_eq!(kinds(one, &with(|g| g.nics.push((1, 0)))), ["nic_added"]);
    assert_eq!(kinds(one, &with(|g| g.nics.clear())), ["nic_removed"]);
    assert_eq!(kinds(one, &with(|g| g.stale = true)), ["stale"]);
}
