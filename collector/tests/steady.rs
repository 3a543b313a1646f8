//! A steady tick allocates nothing. Alone in its file: the allocator counts for the whole process.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use virtmon::sink::{CsvSink, JsonSink, Sink};
use virtmon::table::{Disks, Domains, Events, Hosts, Nics, Own, Vcpus};
use virtmon::{Limit, Output, Runner, Ticker};
use virtmon_model::{Backend, Capabilities, Result, Snapshot, State, Uuid};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are those that System asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
        self.allocations.push(ALLOCATIONS.load(Ordering::Relaxed));
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
    let mut on_failure = |_: &virtmon_model::Error| {};
    let mut runner = Runner::new(&mut script, &mut on_failure);
    let null = || Output::file(Path::new("/dev/null")).unwrap();
    let sinks: [Box<dyn Sink>; 8] = [
        Box::new(CsvSink::<Domains>::default()),
        Box::new(CsvSink::<Vcpus>::default()),
        Box::new(CsvSink::<Nics>::default()),
        Box::new(CsvSink::<Disks>::default()),
        Box::new(CsvSink::<Hosts>::default()),
        Box::new(CsvSink::<Events>::default()),
        Box::new(CsvSink::<Own>::default()),
        Box::new(JsonSink::<Domains>::of(&[])),
    ];
    for sink in sinks {
        runner.add(sink, null());
    }
    runner.meter();
    let ticker = Ticker::start(Duration::from_millis(2)).unwrap();
    runner.run(ticker, Limit::Count(40)).unwrap();
    // The first ticks make the buffers, and a longer lateness may still grow one a little.
    let each: Vec<u64> = script.allocations.windows(2).map(|w| w[1] - w[0]).collect();
    let steady = each[10..].iter().filter(|&&count| count == 0).count();
    assert!(steady >= 27, "allocations in each tick: {each:?}");
}
