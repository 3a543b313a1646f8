use proptest::prelude::*;
use virtmon_model::Snapshot;

use super::*;
use crate::rates::RateTracker;

const SECOND: u64 = 1_000_000_000;

const STATES: [VcpuState; 6] = [
    VcpuState::Running,
    VcpuState::Ready,
    VcpuState::Blocked,
    VcpuState::Paused,
    VcpuState::Offline,
    VcpuState::Unknown,
];

fn snapshot(states: &[VcpuState], change: impl Fn(&mut Vcpu)) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let domain = snapshot.domains.next_row();
    domain.vcpus.complete = true;
    for (id, &state) in (0..).zip(states) {
        let vcpu = domain.vcpus.rows.next_row();
        (vcpu.id, vcpu.state) = (id, state);
        change(vcpu);
    }
    snapshot
}

/// A host of one domain, sample by sample.
#[derive(Default)]
struct Host {
    domains: RateTracker,
    vcpus: VcpuTracker,
    previous: Option<Snapshot>,
    mono_ns: u64,
}

impl Host {
    fn sample(&mut self, elapsed_ns: u64, now: Snapshot) {
        self.mono_ns += elapsed_ns;
        let was_reported = self.vcpus.is_ready_reported();
        let previous = self.previous.take();
        self.vcpus.begin(previous.as_ref().map(|_| elapsed_ns));
        let vcpus = &mut self.vcpus;
        self.domains.walk(&now, self.mono_ns, |domain, rates, _| {
            let pair = previous.as_ref().map(|previous| (0, &previous.domains[0]));
            vcpus.add(0, domain, pair, rates, |_| {});
        });
        self.vcpus.finish(was_reported, &now, self.domains.rates());
        self.previous = Some(now);
    }

    fn totals(&self) -> Vec<u64> {
        let ready = self.vcpus.now.ready.iter();
        ready.map(|ready| ready.total_ns).collect()
    }
}

/// Ready time of each vCPU after each sample, for the given states.
fn totals(samples: &[(u64, Vec<VcpuState>)]) -> Vec<Vec<u64>> {
    let mut host = Host::default();
    let all = samples.iter().map(|(elapsed_ns, states)| {
        host.sample(*elapsed_ns, snapshot(states, |_| {}));
        host.totals()
    });
    all.collect()
}

#[test]
fn a_paused_domain_does_not_wait() {
    let states = [
        VcpuState::Running,
        VcpuState::Paused,
        VcpuState::Paused,
        VcpuState::Ready,
        VcpuState::Ready,
    ];
    let samples: Vec<_> = states.iter().map(|&state| (SECOND, vec![state])).collect();
    assert_eq!(
        totals(&samples).concat(),
        [0, 0, 0, SECOND / 2, SECOND / 2 + SECOND]
    );
}

#[test]
fn the_ready_percentage_is_a_mean_over_ten_intervals_in_which_the_vcpu_could_run() {
    use VcpuState::{Paused, Ready, Running};
    let mut host = Host::default();
    let mut row = |state| {
        host.sample(SECOND, snapshot(&[state, Running], |_| {}));
        (host.vcpus.rows()[0], host.vcpus.ready_pct()[0])
    };
    // No vCPU has been ready: the hypervisor may not report that state.
    assert_eq!(row(Running).0.ready_est_ns, None);
    assert_eq!(row(Running).0.ready_pct, None);
    let (first, domain_pct) = row(Ready);
    assert_eq!(first.ready_est_ns, Some(SECOND / 2));
    assert_eq!(first.ready_pct, Some(25.0));
    assert_eq!(first.ready_window_ns, Some(2 * SECOND));
    assert_eq!(domain_pct, Some(12.5));
    assert_eq!(row(Ready).0.ready_pct, Some(50.0));
    let paused = row(Paused).0;
    assert_eq!((paused.ready_pct, paused.ready_window_ns), (None, None));
    // Neither interval with a pause at one of its ends counts.
    let resumed = row(Running).0;
    assert_eq!(resumed.ready_window_ns, Some(3 * SECOND));
    assert_eq!(resumed.ready_pct, Some(50.0));
    for _ in 0..6 {
        row(Running);
    }
    let later = row(Running).0;
    assert_eq!(later.ready_window_ns, Some(8 * SECOND));
    for _ in 0..2 {
        row(Running);
    }
    let last = row(Running).0;
    assert_eq!(last.ready_window_ns, Some(10 * SECOND));
    assert_eq!(last.ready_pct, Some(0.0));
}

#[test]
fn steal_is_the_ready_percentage_where_it_is_reported() {
    let mut host = Host::default();
    let delayed = |delay_ns| snapshot(&[VcpuState::Running], |vcpu| vcpu.delay_ns = Some(delay_ns));
    host.sample(SECOND, delayed(0));
    host.sample(SECOND, delayed(SECOND / 4));
    let row = host.vcpus.rows()[0];
    assert_eq!((row.delay_pct, row.ready_pct), (Some(25.0), Some(25.0)));
    assert_eq!(row.ready_window_ns, Some(SECOND));
    assert_eq!(host.vcpus.ready_pct()[0], Some(25.0));
    host.sample(SECOND, delayed(0));
    let row = host.vcpus.rows()[0];
    assert!(row.reset && row.ready_pct.is_none() && row.ready_window_ns.is_none());
}

proptest! {
    #[test]
    fn only_ready_vcpus_wait_and_at_most_the_elapsed_time(
        samples in (1usize..5).prop_flat_map(|vcpus| {
            let states = proptest::collection::vec(proptest::sample::select(&STATES[..]), vcpus);
            proptest::collection::vec((1u64..1 << 40, states), 2..20)
        })
    ) {
        let totals = totals(&samples);
        for (n, pair) in samples.windows(2).enumerate() {
            let [(_, before), (elapsed_ns, now)] = pair else {
                unreachable!()
            };
            let (mut grown, mut runnable) = (0, 0);
            for vcpu in 0..now.len() {
                let more = totals[n + 1][vcpu].checked_sub(totals[n][vcpu]).unwrap();
                let ready = [before[vcpu], now[vcpu]].contains(&VcpuState::Ready);
                prop_assert!(ready || more == 0, "{:?} to {:?}: {more}", before[vcpu], now[vcpu]);
                prop_assert!(more <= *elapsed_ns);
                grown += more;
                runnable += u64::from(ready);
            }
            prop_assert!(grown <= elapsed_ns * runnable);
        }
    }
}
