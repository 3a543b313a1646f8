use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use virtmon_analysis::frame::{Frame, Tick};
use virtmon_export::output::Offer;
use virtmon_model::{Backend, Capabilities, Error, Result};

use super::*;
use crate::sampling::live::Live;
use crate::sampling::ticker::Ticker;

mod numbers;

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
