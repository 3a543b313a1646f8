use virtmon_model::{State, Uuid};

use super::*;

const SECOND: u64 = 1_000_000_000;

fn domain(id: u32, uuid: u128, cpu_time_ns: Option<u64>) -> Domain {
    Domain {
        identity: Identity {
            id,
            uuid: Uuid::from_u128(uuid),
            incarnation: None,
        },
        state: State::Running,
        cpu_time_ns,
        ..Domain::default()
    }
}

fn snapshot(domains: &[Domain]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for domain in domains {
        snapshot.domains.next_row().clone_from(domain);
    }
    snapshot
}

fn cpu(tracker: &mut RateTracker, domains: &[Domain], mono_ns: u64) -> Vec<(Option<f64>, bool)> {
    tracker
        .update(&snapshot(domains), mono_ns)
        .iter()
        .map(|rates| (rates.cpu_pct, rates.reset))
        .collect()
}

#[test]
fn percent_uses_the_measured_time() {
    let mut tracker = RateTracker::default();
    let first = cpu(&mut tracker, &[domain(1, 1, Some(5 * SECOND))], SECOND);
    assert_eq!(first, [(None, false)]);
    // 2.5 s of CPU in 1.25 s: two vCPUs, busy throughout.
    let now = cpu(
        &mut tracker,
        &[domain(1, 1, Some(7_500_000_000))],
        2_250_000_000,
    );
    assert_eq!(now, [(Some(200.0), false)]);
    let idle = cpu(
        &mut tracker,
        &[domain(1, 1, Some(7_500_000_000))],
        4 * SECOND,
    );
    assert_eq!(idle, [(Some(0.0), false)]);
}

#[test]
fn domains_appear_and_disappear_between_samples() {
    let mut tracker = RateTracker::default();
    let d = |id: u32, ns| domain(id, u128::from(id), Some(ns));
    cpu(&mut tracker, &[d(0, 0), d(2, 0), d(3, 0)], 0);
    let now = cpu(&mut tracker, &[d(0, 10), d(3, 50), d(7, 90)], 100);
    assert_eq!(
        now,
        [(Some(10.0), false), (Some(50.0), false), (None, false)]
    );
    let now = cpu(&mut tracker, &[d(7, 190)], 200);
    assert_eq!(now, [(Some(100.0), false)]);
    assert_eq!(cpu(&mut tracker, &[], 300), []);
}

#[test]
fn another_life_is_a_reset_without_rates() {
    let mut tracker = RateTracker::default();
    cpu(
        &mut tracker,
        &[
            domain(1, 11, Some(900)),
            domain(2, 22, Some(900)),
            domain(3, 33, Some(900)),
        ],
        0,
    );
    // 1: the id has another owner. 2: the counter ran backwards. 33: rebooted, so its id is new.
    let now = [
        domain(1, 44, Some(950)),
        domain(2, 22, Some(899)),
        domain(5, 33, Some(1)),
    ];
    assert_eq!(cpu(&mut tracker, &now, 100), [(None, true); 3]);
    // And from there on as usual.
    let later = [
        domain(1, 44, Some(1_000)),
        domain(2, 22, Some(900)),
        domain(5, 33, Some(11)),
    ];
    let later = cpu(&mut tracker, &later, 200);
    assert_eq!(
        later,
        [(Some(50.0), false), (Some(1.0), false), (Some(10.0), false)]
    );
}

#[test]
fn two_domains_without_a_uuid_are_not_one_that_rebooted() {
    let mut tracker = RateTracker::default();
    cpu(&mut tracker, &[domain(0, 0, Some(900))], 0);
    let now = [domain(0, 0, Some(900)), domain(6, 0, Some(5))];
    assert_eq!(
        cpu(&mut tracker, &now, 100),
        [(Some(0.0), false), (None, false)]
    );
}

#[test]
fn an_unknown_value_has_no_rate() {
    let mut tracker = RateTracker::default();
    cpu(&mut tracker, &[domain(1, 1, None)], 0);
    assert_eq!(
        cpu(&mut tracker, &[domain(1, 1, Some(50))], 100),
        [(None, false)]
    );
    assert_eq!(
        cpu(&mut tracker, &[domain(1, 1, None)], 200),
        [(None, false)]
    );
}

#[test]
fn a_stale_row_has_no_rate_and_the_next_fresh_one_spans_the_gap() {
    let mut tracker = RateTracker::default();
    cpu(&mut tracker, &[domain(1, 1, Some(100))], 1_000);
    let mut stale = domain(1, 1, Some(100));
    stale.stale_ns = 500;
    assert_eq!(cpu(&mut tracker, &[stale], 1_500), [(None, false)]);
    let fresh = cpu(&mut tracker, &[domain(1, 1, Some(600))], 2_000);
    assert_eq!(fresh, [(Some(50.0), false)]);
}

#[test]
fn devices_are_summed_and_rated_per_second() {
    let sample = |rx: u64, written: Option<u64>| {
        let mut domain = domain(1, 1, Some(0));
        for part in [rx, 2 * rx] {
            let nic = domain.nics.rows.next_row();
            (nic.rx_bytes, nic.tx_bytes) = (Some(part), Some(0));
        }
        domain.nics.complete = true;
        let disk = domain.disks.rows.next_row();
        (disk.rd_bytes, disk.wr_bytes) = (Some(7), written);
        domain.disks.complete = true;
        snapshot(&[domain])
    };
    let mut tracker = RateTracker::default();
    tracker.update(&sample(100, Some(0)), 0);
    let rates = tracker.update(&sample(600, None), SECOND / 2)[0];
    assert_eq!(rates.net_rx, Some(3_000.0));
    assert_eq!(rates.net_tx, Some(0.0));
    assert_eq!(rates.disk_rd, Some(0.0));
    assert_eq!(rates.disk_wr, None);
}
