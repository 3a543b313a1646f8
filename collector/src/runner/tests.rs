use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use virtmon_analysis::event::{Event, Value};
use virtmon_analysis::frame::{Frame, Tick};
use virtmon_export::output::Offer;
use virtmon_model::{Backend, Capabilities, Error, Result, Timestamps};

use super::*;
use crate::sampling::live::Live;
use crate::sampling::ticker::Ticker;

thread_local! {
    /// Warnings of the runner of this test.
    static WARNINGS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn keep(line: &str) {
    WARNINGS.with_borrow_mut(|lines| lines.push(line.to_owned()));
}

/// A backend that follows a script: `None` is a sample that fails.
struct Script(Vec<Option<u64>>);

impl Backend for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    fn description(&self) -> String {
        "a script".into()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            nics: false,
            disks: false,
            vcpus: false,
        }
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        into.domains.clear();
        match self.0.remove(0) {
            Some(cpu_time_ns) => {
                into.domains.next_row().cpu_time_ns = Some(cpu_time_ns);
                Ok(())
            }
            None => Err(Error::call("list", io::ErrorKind::Other.into())),
        }
    }
}

/// A tick's facts and the first domain's rate.
type Note = (Tick, Option<f64>);

/// Collects a note of each tick.
#[derive(Clone, Default)]
struct Notes(Rc<RefCell<Vec<Note>>>);

impl Output for Notes {
    fn name(&self) -> &str {
        "notes"
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        if !frame.failed {
            let cpu_pct = frame.rates[0].cpu_pct;
            self.0.borrow_mut().push((frame.tick, cpu_pct));
        }
        Offer::Accepted
    }
}

fn run(
    script: Vec<Option<u64>>,
    limit: Limit,
) -> (Notes, usize, std::result::Result<(), RunError>) {
    let notes = Notes::default();
    WARNINGS.with_borrow_mut(Vec::clear);
    let mut backend = Script(script);
    let mut runner = Runner::new(keep);
    runner.add(notes.clone());
    let ticker = Ticker::start(Duration::from_millis(2)).unwrap();
    let ended = runner.run(&mut Live::new(&mut backend, ticker), limit);
    let failures = WARNINGS.with_borrow(Vec::len);
    (notes, failures, ended)
}

#[test]
fn every_tick_says_when_it_was_due_and_what_was_missed() {
    let (notes, failures, ended) = run(vec![Some(0); 5], Limit::Count(5));
    ended.unwrap();
    assert_eq!(failures, 0);
    let notes = notes.0.borrow();
    assert_eq!(notes.len(), 5);
    let due: Vec<u64> = notes
        .iter()
        .map(|(tick, _)| tick.mono_ns - tick.late_ns)
        .collect();
    for (n, (tick, cpu_pct)) in notes.iter().enumerate() {
        assert_eq!(due[n] - due[0], tick.number * 2_000_000);
        assert_eq!(cpu_pct.is_none(), n == 0);
        let before = n
            .checked_sub(1)
            .map_or(0, |before| notes[before].0.number + 1);
        assert_eq!(tick.missed, tick.number - before);
    }
}

#[test]
fn a_failed_sample_is_a_missed_tick_and_reported_once() {
    let (notes, failures, ended) = run(vec![Some(0), None, None, Some(900)], Limit::Count(4));
    ended.unwrap();
    assert_eq!(failures, 1);
    let notes = notes.0.borrow();
    let [(first, _), (last, cpu_pct)] = notes[..] else {
        panic!("two ticks were sampled");
    };
    assert_eq!(last.missed, last.number - first.number - 1);
    assert!(last.missed >= 2);
    let expected = 900.0 / (last.mono_ns - first.mono_ns) as f64 * 100.0;
    assert!((cpu_pct.unwrap() - expected).abs() < 1e-9);
}

#[test]
fn the_first_sample_must_succeed() {
    let (notes, _, ended) = run(vec![None], Limit::None);
    assert!(matches!(ended, Err(RunError::Sample(Error::Call { .. }))));
    assert!(notes.0.borrow().is_empty());
}

#[test]
fn a_duration_ends_with_the_last_tick_within_it() {
    let (notes, _, ended) = run(
        vec![Some(0); 100],
        Limit::Duration(Duration::from_millis(10)),
    );
    ended.unwrap();
    let last = notes.0.borrow().last().unwrap().0.number;
    assert!(last <= 5);
}

#[test]
fn many_samples_make_one_tick() {
    let notes = Notes::default();
    let mut backend = Script((0..100).map(|n| Some(n * 1_000)).collect());
    let mut runner = Runner::new(|_| {});
    runner.add(notes.clone());
    runner.set_samples_per_tick(5);
    let ticker = Ticker::start(Duration::from_millis(20)).unwrap();
    runner
        .run(&mut Live::new(&mut backend, ticker), Limit::Count(4))
        .unwrap();
    let notes = notes.0.borrow();
    assert_eq!(notes.len(), 4);
    for (tick, _) in notes.iter() {
        let since = (tick.mono_ns - tick.late_ns) - (notes[0].0.mono_ns - notes[0].0.late_ns);
        assert_eq!(since, tick.number * 100_000_000);
    }
    // The script has run on between the ticks, if not for each that a busy machine misses.
    assert!(backend.0.len() < 100 - 4);
}

/// A backend with warnings: these lines, sample by sample.
struct WithWarnings(Vec<&'static [&'static str]>);

impl Backend for WithWarnings {
    fn name(&self) -> &'static str {
        "with warnings"
    }

    fn description(&self) -> String {
        "a script of warnings".into()
    }

    fn capabilities(&self) -> Capabilities {
        Script(Vec::new()).capabilities()
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        into.warnings.clear();
        for line in self.0.remove(0) {
            let row = into.warnings.next_row();
            row.clear();
            row.push_str(line);
        }
        Ok(())
    }
}

/// Collects the causes of the events.
#[derive(Clone, Default)]
struct Causes(Rc<RefCell<Vec<String>>>);

impl Output for Causes {
    fn name(&self) -> &str {
        "causes"
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        let causes = frame.events.iter().map(|event| event.cause.to_string());
        self.0.borrow_mut().extend(causes);
        Offer::Accepted
    }
}

#[test]
fn a_warning_is_reported_once_while_it_lasts() {
    WARNINGS.with_borrow_mut(Vec::clear);
    let mut backend = WithWarnings(vec![&["a"], &["a", "b"], &["b"], &[], &["a"]]);
    let causes = Causes::default();
    let mut runner = Runner::new(keep);
    runner.add(causes.clone());
    let ticker = Ticker::start(Duration::from_millis(2)).unwrap();
    let mut live = Live::new(&mut backend, ticker);
    runner.run(&mut live, Limit::Count(5)).unwrap();
    let warnings = WARNINGS.take();
    assert_eq!(warnings, ["a", "b", "a"]);
    assert_eq!(*causes.0.borrow(), warnings);
}

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
