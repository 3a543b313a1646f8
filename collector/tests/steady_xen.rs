//! On a real Xen, in its domain 0: steady ticks ask for no memory and leave the
//! process as it was. `VIRTMON_STEADY_TICKS` says how many. Alone in its file: the allocator counts for
//! the whole process.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod counting;

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;
use std::time::{Duration, Instant};

use virtmon::process::self_monitor::SelfMonitor;
use virtmon::runner::Runner;
use virtmon::runner::limit::Limit;
use virtmon::sampling::live::Live;
use virtmon::sampling::ticker::Ticker;
use virtmon_analysis::frame::Frame;
use virtmon_export::output::{Offer, Output};
use virtmon_model::{Backend, Capabilities, Needs, Result, Snapshot};
use xen_backend::{Options, XenBackend};

/// Ticks before those that count: until then devices are looked for, and buffers made.
const WARM_UP: u64 = 2000;

/// What the process holds: pages of memory, and descriptors.
#[derive(Debug)]
struct Held {
    pages: u64,
    descriptors: usize,
}

impl Held {
    fn now() -> Self {
        let statm = fs::read_to_string("/proc/self/statm").unwrap();
        let pages = statm.split(' ').nth(1).unwrap().parse().unwrap();
        let descriptors = fs::read_dir("/proc/self/fd").unwrap().count();
        Self { pages, descriptors }
    }
}

/// The Xen backend, and the samples before which memory was asked for since the sample before.
struct Watched {
    backend: XenBackend,
    sample: u64,
    allocations: u64,
    asked: Vec<(u64, u64)>,
    /// After the first samples, and at the last.
    held: [Option<Held>; 2],
    last: u64,
}

/// Collects the samples that have events: their names and reasons take memory.
struct Events {
    sample: u64,
    samples: Rc<RefCell<Vec<u64>>>,
}

impl Output for Events {
    fn name(&self) -> &str {
        "events"
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        self.sample += 1;
        let mut samples = self.samples.borrow_mut();
        if !frame.events.is_empty() && samples.len() < samples.capacity() {
            samples.push(self.sample);
        }
        Offer::Accepted
    }
}

impl Backend for Watched {
    fn name(&self) -> &'static str {
        self.backend.name()
    }

    fn description(&self) -> String {
        self.backend.description()
    }

    fn capabilities(&self) -> Capabilities {
        self.backend.capabilities()
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        let since = counting::allocations() - self.allocations;
        if since > 0 && self.sample > WARM_UP && self.asked.len() < self.asked.capacity() {
            self.asked.push((self.sample, since));
        }
        if self.sample == WARM_UP {
            self.held[0] = Some(Held::now());
        }
        self.sample += 1;
        if self.sample == self.last {
            self.held[1] = Some(Held::now());
        }
        self.allocations = counting::allocations();
        self.backend.sample(into)
    }

    fn calls(&self) -> Option<u64> {
        self.backend.calls()
    }
}

#[test]
#[ignore = "takes domain 0 of a Xen host: make test"]
fn a_steady_tick_asks_for_no_memory_and_leaves_none_behind() {
    let ticks = std::env::var("VIRTMON_STEADY_TICKS").map_or(100_000, |n| n.parse().unwrap());
    let wanted = Needs {
        vcpus: true,
        host: true,
        raw: false,
    };
    let options = Options {
        needs: wanted,
        ..Options::default()
    };
    let mut watched = Watched {
        backend: XenBackend::open(options, &mut |_| {}).unwrap(),
        sample: 0,
        allocations: 0,
        asked: Vec::with_capacity(512),
        held: [None, None],
        last: WARM_UP + ticks,
    };
    let with_events = Rc::new(RefCell::new(Vec::with_capacity(512)));
    let mut runner = Runner::new(|line| panic!("{line}"));
    for output in counting::outputs() {
        runner.add(output);
    }
    runner.add(Events {
        sample: 0,
        samples: Rc::clone(&with_events),
    });
    runner.set_self_monitor(SelfMonitor::start(watched.calls()));
    let ticker = Ticker::start(Duration::from_millis(5)).unwrap();
    let began = Instant::now();
    let mut live = Live::new(&mut watched, ticker);
    runner
        .run(&mut live, Limit::Count(WARM_UP + ticks))
        .unwrap();
    let took = began.elapsed();

    let calls = watched.calls().unwrap();
    let [before, after] = watched.held.map(Option::unwrap);
    // Xen's CPU time runs backwards now and then where it is emulated: an event.
    let with_events = with_events.borrow();
    let has_event =
        |(sample, _): &(u64, u64)| with_events.iter().any(|at| at.abs_diff(*sample) <= 1);
    let (beside_events, steady): (Vec<_>, Vec<_>) = watched.asked.into_iter().partition(has_event);
    println!(
        "{} samples in {took:.1?}, {calls} hypercalls; {} had events, and memory was asked for at \
         {beside_events:?}; it was elsewhere at {steady:?}; held before {before:?} and after {after:?}",
        watched.sample,
        with_events.len(),
    );
    // A buffer may grow once where a number gets a digit more: the clock's at 100 s.
    let grown: u64 = steady.iter().map(|(_, asked)| asked).sum();
    assert!(grown <= 16 && steady.len() <= 4, "{steady:?}");
    assert!((with_events.len() as u64) < ticks / 10, "{with_events:?}");
    assert!(after.pages <= before.pages);
    assert_eq!(after.descriptors, before.descriptors);
    assert!(calls > watched.sample, "{calls} hypercalls");
}
