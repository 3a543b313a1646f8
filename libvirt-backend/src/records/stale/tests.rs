use super::*;
use virtmon_model::{Identity, Uuid};

const SECOND: Duration = Duration::from_secs(1);

/// Rows of (id, uuid, CPU time, whether it has an error).
fn snapshot(rows: &[(u32, u128, u64, bool)]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for &(id, uuid, cpu, failed) in rows {
        *snapshot.domains.next_row() = Domain {
            identity: Identity {
                id,
                uuid: Uuid::from_u128(uuid),
                incarnation: None,
            },
            name: Some(format!("guest {cpu}").into()),
            state: State::Paused,
            cpu_time_ns: Some(cpu),
            error: failed.then(|| "silent".into()),
            ..Domain::default()
        };
    }
    snapshot
}

fn values(snapshot: &Snapshot) -> Vec<(u32, Option<u64>, u64)> {
    let rows = snapshot.domains.iter();
    rows.map(|row| (row.identity.id, row.cpu_time_ns, row.stale_ns))
        .collect()
}

#[test]
fn a_row_that_was_not_read_is_the_one_before_and_ages() {
    let mut before = snapshot(&[(1, 1, 10, false), (3, 3, 30, false)]);
    before.domains[1].state = State::Running;
    for tick in 1..=3 {
        let mut now = snapshot(&[(1, 1, 11, false), (3, 3, 31, true)]);
        over(&mut before, &mut now, SECOND);
        assert_eq!(
            values(&now),
            [(1, Some(11), 0), (3, Some(30), tick * 1_000_000_000)]
        );
        let row = &now.domains[1];
        assert_eq!(row.state, State::Paused);
        assert_eq!(row.name.as_deref(), Some("guest 31"));
        assert_eq!(row.error.as_deref(), Some("silent"));
        before = now;
    }
    let mut now = snapshot(&[(3, 3, 40, false)]);
    over(&mut before, &mut now, SECOND);
    assert_eq!(values(&now), [(3, Some(40), 0)]);
    assert_eq!(now.domains[0].error, None);
}

#[test]
fn what_is_not_known_of_now_is_as_before() {
    let mut before = snapshot(&[(1, 1, 10, false)]);
    let mut now = snapshot(&[(1, 1, 11, true)]);
    now.domains[0].name = None;
    now.domains[0].state = State::Unknown;
    over(&mut before, &mut now, SECOND);
    assert_eq!(now.domains[0].name.as_deref(), Some("guest 10"));
    assert_eq!(now.domains[0].state, State::Paused);
}

#[test]
fn another_life_of_an_id_has_nothing_to_stand_in() {
    let mut before = snapshot(&[(1, 1, 10, false)]);
    let mut now = snapshot(&[(1, 2, 11, true), (2, 1, 12, true)]);
    over(&mut before, &mut now, SECOND);
    assert_eq!(values(&now), [(1, Some(11), 0), (2, Some(12), 0)]);
}

#[test]
fn a_row_that_was_never_whole_goes_on_with_what_is_known() {
    let mut before = snapshot(&[(1, 1, 10, true)]);
    let mut now = snapshot(&[(1, 1, 11, true)]);
    over(&mut before, &mut now, SECOND);
    assert_eq!(values(&now), [(1, Some(11), 0)]);
    assert!(now.domains[0].error.is_some());
}
