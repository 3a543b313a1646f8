use super::*;
use crate::ffi::library::installed;
use crate::records::fields::FieldSelection;
use crate::stats_groups::DAEMON_GROUPS;

/// A sample of the test driver with these calls, or with the calls that it has.
fn sampled(library: &'static Library, api: Option<StatsApi>) -> Snapshot {
    let mut session = Session::open(library, Some(c"test:///default"), None).unwrap();
    session.driver.api = api.unwrap_or(session.driver.api);
    let mut snapshot = Snapshot::default();
    for _ in 0..100 {
        let to = Destination {
            buffers: &mut Buffers::new(FieldSelection::default()),
            snapshot: &mut snapshot,
            reads_cpu_stats: true,
            raw: None,
        };
        let sampled = session.sample(Scope::Guests(DAEMON_GROUPS), &[], to, &PhaseCell::new());
        sampled
            .map_err(|(call, error)| error.into_call_error(call))
            .unwrap();
    }
    snapshot
}

#[test]
fn the_cpu_time_is_read_if_it_is_needed() {
    let Some(library) = installed() else { return };
    let mut session = Session::open(library, Some(c"test:///default"), None).unwrap();
    let mut snapshot = Snapshot::default();
    for reads_cpu_stats in [false, true, true, false] {
        let to = Destination {
            buffers: &mut Buffers::new(FieldSelection::default()),
            snapshot: &mut snapshot,
            reads_cpu_stats,
            raw: None,
        };
        let sampled = session.sample(Scope::Guests(DAEMON_GROUPS), &[], to, &PhaseCell::new());
        assert!(sampled.is_ok());
        assert_eq!(snapshot.host.idle_ns.is_some(), reads_cpu_stats);
    }
}

#[test]
fn per_domain_calls_report_what_the_bulk_call_does() {
    let Some(library) = installed() else { return };
    let bulk = sampled(library, None);
    let each = sampled(library, Some(StatsApi::PerDomain));
    let (bulk, each) = (&bulk.domains[0], &each.domains[0]);
    assert_eq!(each.name.as_deref(), Some("test"));
    assert_eq!((each.identity, each.state), (bulk.identity, bulk.state));
    assert_eq!(each.vcpus_online, Some(2));
    assert_eq!(each.mem_bytes, Some(2 << 30));
    assert_eq!(each.mem_max_bytes, Some(8 << 30));
    assert!(each.cpu_time_ns >= bulk.cpu_time_ns);
    let nics = |row: &virtmon_model::Domain| {
        row.nics
            .rows
            .iter()
            .map(|nic| nic.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (nics(each), nics(bulk)),
        (vec!["testnet0".into()], vec!["testnet0".into()])
    );
    assert!(each.nics.sum(|nic| nic.rx_bytes) >= bulk.nics.sum(|nic| nic.rx_bytes));
    // Disks were not queried.
    assert!(each.nics.complete && !each.disks.complete);
}
