use super::*;
use virtmon_model::{Identity, Uuid};

const SECOND: Duration = Duration::from_secs(1);

/// Rows of (id, uuid, CPU time, true if the row has an error).
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
fn a_row_that_was_not_read_has_the_previous_values_and_ages() {
    let mut previous = snapshot(&[(1, 1, 10, false), (3, 3, 30, false)]);
    previous.domains[1].state = State::Running;
    for tick in 1..=3 {
        let mut current = snapshot(&[(1, 1, 11, false), (3, 3, 31, true)]);
        restore_previous(&mut previous, &mut current, SECOND);
        assert_eq!(
            values(&current),
            [(1, Some(11), 0), (3, Some(30), tick * 1_000_000_000)]
        );
        let row = &current.domains[1];
        assert_eq!(row.state, State::Paused);
        assert_eq!(row.name.as_deref(), Some("guest 31"));
        assert_eq!(row.error.as_deref(), Some("silent"));
        previous = current;
    }
    let mut current = snapshot(&[(3, 3, 40, false)]);
    restore_previous(&mut previous, &mut current, SECOND);
    assert_eq!(values(&current), [(3, Some(40), 0)]);
    assert_eq!(current.domains[0].error, None);
}

#[test]
fn an_unknown_current_state_is_the_previous_one() {
    let mut previous = snapshot(&[(1, 1, 10, false)]);
    let mut current = snapshot(&[(1, 1, 11, true)]);
    current.domains[0].name = None;
    current.domains[0].state = State::Unknown;
    restore_previous(&mut previous, &mut current, SECOND);
    assert_eq!(current.domains[0].name.as_deref(), Some("guest 10"));
    assert_eq!(current.domains[0].state, State::Paused);
}

#[test]
fn a_reused_id_has_no_previous_values() {
    let mut previous = snapshot(&[(1, 1, 10, false)]);
    let mut current = snapshot(&[(1, 2, 11, true), (2, 1, 12, true)]);
    restore_previous(&mut previous, &mut current, SECOND);
    assert_eq!(values(&current), [(1, Some(11), 0), (2, Some(12), 0)]);
}

#[test]
fn a_row_that_was_never_complete_keeps_its_current_values() {
    let mut previous = snapshot(&[(1, 1, 10, true)]);
    let mut current = snapshot(&[(1, 1, 11, true)]);
    restore_previous(&mut previous, &mut current, SECOND);
    assert_eq!(values(&current), [(1, Some(11), 0)]);
    assert!(current.domains[0].error.is_some());
}
