//! Ticks, misses, outages and drops from numbers: no clock, no sleep.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use virtmon_analysis::event::{Event, Value};
use virtmon_analysis::frame::Frame;
use virtmon_export::output::Offer;
use virtmon_model::{Error, Timestamps};

use super::super::*;
use super::{WARNINGS, keep};

/// A source without a clock: ticks, times and CPU times as the test says.
struct Numbers {
    samples: VecDeque<(u64, u64, Option<u64>)>,
    next: Option<(u64, Option<u64>)>,
    /// The tick of the current sample.
    tick: Rc<Cell<u64>>,
}

impl Numbers {
    /// Samples at these ticks and times in ms, with these CPU times in ms; `None` is a sample that
    /// fails.
    fn new(samples: &[(u64, u64, Option<u64>)]) -> Self {
        Self {
            samples: samples.iter().copied().collect(),
            next: None,
            tick: Rc::default(),
        }
    }
}

impl Source for Numbers {
    fn wait(&mut self, _signals: &mut Signals) -> io::Result<Wake> {
        let Some((tick, ms, cpu_ms)) = self.samples.pop_front() else {
            return Ok(Wake::Stop);
        };
        self.next = Some((ms * 1_000_000, cpu_ms));
        self.tick.set(tick);
        Ok(Wake::Due(tick))
    }

    fn sample(&mut self, into: &mut Snapshot) -> io::Result<Sample> {
        let (mono_ns, cpu_ms) = self.next.take().unwrap();
        into.domains.clear();
        into.domains.next_row().cpu_time_ns = cpu_ms.map(|ms| ms * 1_000_000);
        Ok(Sample {
            began: Timestamps {
                mono_ns,
                boot_ns: mono_ns,
                wall: UNIX_EPOCH + Duration::from_nanos(mono_ns),
            },
            sample_ns: 5,
            result: match cpu_ms {
                Some(_) => Ok(()),
                None => Err(Error::Unavailable("asleep".into())),
            },
        })
    }

    fn due_ns(&self, tick: u64) -> u64 {
        tick * 10_000_000
    }
}

/// A frame's tick, missed ticks, rate in whole percent, and events.
type Facts = (u64, u64, Option<f64>, Vec<String>);

/// An output that has no room at some ticks, and collects the facts of the others.
#[derive(Clone)]
struct Collector {
    name: &'static str,
    tick: Rc<Cell<u64>>,
    full: Range<u64>,
    facts: Rc<RefCell<Vec<Facts>>>,
}

impl Collector {
    fn new(name: &'static str, source: &Numbers, full: Range<u64>) -> Self {
        Self {
            name,
            tick: Rc::clone(&source.tick),
            full,
            facts: Rc::default(),
        }
    }
}

impl Output for Collector {
    fn name(&self) -> &str {
        self.name
    }

    fn has_room(&self) -> bool {
        !self.full.contains(&self.tick.get())
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        if !self.has_room() {
            return Offer::Dropped;
        }
        let rate = frame.rates.first().and_then(|rates| rates.cpu_pct);
        let event = |event: &Event| match event.new {
            Value::Number(number) => format!("{} {} {number}", event.kind.as_str(), event.device),
            _ => event.kind.as_str().to_owned(),
        };
        let facts = (
            frame.tick.number,
            frame.tick.missed,
            rate.map(f64::round),
            frame.events.iter().map(event).collect(),
        );
        self.facts.borrow_mut().push(facts);
        Offer::Accepted
    }
}

/// Facts without an event.
fn quiet(tick: u64, missed: u64, rate: impl Into<Option<f64>>) -> Facts {
    (tick, missed, rate.into(), Vec::new())
}

fn eventful(tick: u64, missed: u64, rate: impl Into<Option<f64>>, event: &str) -> Facts {
    (tick, missed, rate.into(), vec![event.to_owned()])
}

#[test]
fn misses_and_outages_follow_from_numbers() {
    let mut source = Numbers::new(&[
        (0, 0, Some(0)),
        (1, 10, Some(5)),
        // Ticks 2 and 3 have passed.
        (4, 40, None),
        (5, 50, None),
        (6, 60, Some(55)),
    ]);
    let output = Collector::new("out", &source, 0..0);
    let mut runner = Runner::new(|_| {});
    runner.add(output.clone());
    runner.run(&mut source, Limit::None).unwrap();
    let expected = [
        quiet(0, 0, None),
        quiet(1, 0, 50.0),
        eventful(4, 2, None, "sample_failed"),
        quiet(5, 3, None),
        eventful(6, 4, 100.0, "sample_recovered"),
    ];
    assert_eq!(*output.facts.borrow(), expected);
}

/// A steady guest: 50 % of a pCPU in ticks 1 and 2, 100 % afterwards.
fn steady(ticks: u64) -> Numbers {
    let samples = (0..ticks).map(|n| (n, n * 10, Some(n * 5 + n.saturating_sub(2) * 5)));
    Numbers::new(&samples.collect::<Vec<_>>())
}

#[test]
fn what_the_only_output_drops_is_in_the_next_rates_and_events() {
    let mut source = steady(6);
    let output = Collector::new("out", &source, 2..4);
    let mut runner = Runner::new(|_| {});
    runner.add(output.clone());
    runner.run(&mut source, Limit::None).unwrap();
    let expected = [
        quiet(0, 0, None),
        quiet(1, 0, 50.0),
        // 50, 100 and 100 % in ticks 2, 3 and 4.
        eventful(4, 2, 83.0, "output_dropped out 2"),
        quiet(5, 0, 100.0),
    ];
    assert_eq!(*output.facts.borrow(), expected);
    assert_eq!(runner.dropped().collect::<Vec<_>>(), [("out", 2)]);
}

#[test]
fn what_one_output_drops_costs_no_other_a_tick() {
    WARNINGS.with_borrow_mut(Vec::clear);
    let mut source = steady(6);
    let slow = Collector::new("slow", &source, 2..4);
    let quick = Collector::new("quick", &source, 0..0);
    let mut runner = Runner::new(keep);
    runner.add(slow.clone());
    runner.add(quick.clone());
    runner.run(&mut source, Limit::None).unwrap();
    let event = eventful(4, 0, 100.0, "output_dropped slow 2");
    let expected = [
        quiet(0, 0, None),
        quiet(1, 0, 50.0),
        quiet(2, 0, 50.0),
        quiet(3, 0, 100.0),
        event.clone(),
        quiet(5, 0, 100.0),
    ];
    assert_eq!(*quick.facts.borrow(), expected);
    let expected = [
        quiet(0, 0, None),
        quiet(1, 0, 50.0),
        event,
        quiet(5, 0, 100.0),
    ];
    assert_eq!(*slow.facts.borrow(), expected);
    assert_eq!(
        runner.dropped().collect::<Vec<_>>(),
        [("slow", 2), ("quick", 0)]
    );
    let warnings = WARNINGS.take();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("slow: the output is too slow"));
}

#[test]
fn a_drop_is_reported_in_a_frame_and_not_with_a_subsample() {
    let mut source = steady(8);
    // Its tick is the number of the sample: two of them make a tick of the run.
    let slow = Collector::new("slow", &source, 2..3);
    let quick = Collector::new("quick", &source, 0..0);
    let mut runner = Runner::new(|_| {});
    runner.set_samples_per_tick(2);
    runner.add(slow.clone());
    runner.add(quick.clone());
    runner.run(&mut source, Limit::None).unwrap();
    let events = |output: &Collector| {
        let facts = output.facts.take().into_iter();
        facts
            .map(|(tick, _, _, events)| (tick, events))
            .collect::<Vec<_>>()
    };
    let none = Vec::new;
    let event = vec!["output_dropped slow 1".to_owned()];
    let expected = [(0, none()), (2, event.clone()), (3, none())];
    assert_eq!(events(&slow), expected);
    let expected = [(0, none()), (1, none()), (2, event), (3, none())];
    assert_eq!(events(&quick), expected);
}
