//! A steady tick allocates nothing. Alone in its file: the allocator counts for the whole process.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod counting;

use std::time::Duration;

use virtmon::{Limit, Live, Meter, Runner, Ticker};
use virtmon_model::{Backend, Capabilities, Result, Snapshot, State, Uuid};

/// A host of domains that only run, and the count of allocations at each reading.
struct Script {
    domains: u32,
    reading: u64,
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
        self.reading += 1;
        // Numbers that do not get longer, so that no row does.
        let counter = 10_000_000_000 + self.reading * 1_000_000;
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
        reading: 0,
        allocations: Vec::with_capacity(64),
    };
    let mut on_trouble = |_: &str| {};
    let mut runner = Runner::new(&mut on_trouble);
    for sink in counting::sinks() {
        runner.add(sink, counting::null());
    }
    runner.meter(Meter::start(None));
    let ticker = Ticker::start(Duration::from_millis(2)).unwrap();
    runner
        .run(&mut Live::new(&mut script, ticker), Limit::Count(40))
        .unwrap();
    // The first ticks make the buffers, and a longer lateness may still grow one a little.
    let each: Vec<u64> = script.allocations.windows(2).map(|w| w[1] - w[0]).collect();
    let steady = each[10..].iter().filter(|&&count| count == 0).count();
    assert!(steady >= 27, "allocations in each tick: {each:?}");
}
