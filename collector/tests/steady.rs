//! A steady tick allocates nothing. Alone in its file: the allocator counts for the whole process.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod counting;

use std::time::Duration;

use virtmon::process::self_monitor::SelfMonitor;
use virtmon::runner::Runner;
use virtmon::runner::limit::Limit;
use virtmon::sampling::live::Live;
use virtmon::sampling::ticker::Ticker;
use virtmon_model::{Backend, Capabilities, Result, Snapshot, State, Uuid};

/// The first samples, which make the buffers.
const WARM: usize = 12;

/// A host of domains that only run, and the count of allocations at each sample.
struct Script {
    domains: u32,
    sample: usize,
    counter: u64,
    allocations: Vec<u64>,
}

impl Backend for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    fn description(&self) -> String {
        "a script".into()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            nics: true,
            disks: true,
            vcpus: true,
        }
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        self.sample += 1;
        // DomainRates that are long at first and short later, so that no later row is the longest: how
        // long a rate is written depends on when the machine let the tick begin.
        let step = if self.sample <= WARM {
            1_000_000_000_000
        } else {
            1_000_000
        };
        self.counter += step;
        let counter = self.counter;
        into.domains.clear();
        into.host.pcpu_idle_ns.clear();
        into.host.pcpu_idle_ns.push(Some(counter));
        for id in 0..self.domains {
            let domain = into.domains.next_row();
            domain.clear();
            domain.identity.id = id;
            domain.identity.uuid = Uuid::from_u128(u128::from(id) + 1);
            domain.state = State::Running;
            domain.cpu_time_ns = Some(counter);
            let vcpu = domain.vcpus.rows.next_row();
            vcpu.cpu_time_ns = Some(counter);
            let nic = domain.nics.rows.next_row();
            nic.clear();
            nic.name.push_str("vif");
            nic.rx_bytes = Some(counter);
            domain.nics.complete = true;
            let disk = domain.disks.rows.next_row();
            disk.clear();
            disk.name.push_str("xvda");
            disk.rd_bytes = Some(counter);
            domain.disks.complete = true;
        }
        self.allocations.push(counting::allocations());
        Ok(())
    }
}

#[test]
fn a_steady_tick_allocates_nothing() {
    let mut script = Script {
        domains: 1_000,
        sample: 0,
        counter: 1_000_000_000_000_000,
        allocations: Vec::with_capacity(64),
    };
    let mut runner = Runner::new(|_| {});
    for output in counting::outputs() {
        runner.add(output);
    }
    runner.set_self_monitor(SelfMonitor::start(None));
    let ticker = Ticker::start(Duration::from_millis(2)).unwrap();
    runner
        .run(&mut Live::new(&mut script, ticker), Limit::Count(40))
        .unwrap();
    // A tick late as none before writes a longer lateness, and a writer held up leaves a tick to
    // another buffer: some allocations for each table, none for each of the thousand domains.
    let each: Vec<u64> = script.allocations.windows(2).map(|w| w[1] - w[0]).collect();
    let steady: u64 = each[WARM..].iter().sum();
    assert!(steady <= 100, "allocations in each tick: {each:?}");
}
