//! Progress: bytes that were read.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::rc::Rc;

/// Bytes between two reports.
const STEP: u64 = 1 << 20;

/// Takes the part that is done.
type Report = Box<dyn FnMut(f64)>;

/// Counts bytes, and reports the part of all that is done.
#[derive(Clone, Default)]
pub struct Meter(Rc<State>);

#[derive(Default)]
struct State {
    total: Cell<u64>,
    done: Cell<u64>,
    reported: Cell<u64>,
    report: RefCell<Option<Report>>,
}

impl Meter {
    /// Reports to this function: a number from 0 to 1.
    #[must_use]
    pub fn new(report: impl FnMut(f64) + 'static) -> Self {
        let meter = Self::default();
        *meter.0.report.borrow_mut() = Some(Box::new(report));
        meter
    }

    /// Sets the number of all bytes.
    pub fn set_total(&self, bytes: u64) {
        self.0.total.set(bytes);
    }

    /// Adds bytes that were read.
    pub fn add(&self, bytes: u64) {
        let state = &self.0;
        state.done.set(state.done.get().saturating_add(bytes));
        if state.done.get() - state.reported.get() < STEP {
            return;
        }
        state.reported.set(state.done.get());
        if let Ok(mut report) = state.report.try_borrow_mut()
            && let Some(report) = report.as_mut()
        {
            report(part(state.done.get(), state.total.get()));
        }
    }

    /// A reader whose bytes are counted.
    pub fn count<R: Read>(&self, from: R) -> Counted<R> {
        Counted {
            from,
            meter: self.clone(),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a part of a whole, to be shown in percent"
)]
fn part(done: u64, total: u64) -> f64 {
    (done as f64 / total.max(1) as f64).min(1.0)
}

/// A reader whose bytes are counted.
pub struct Counted<R> {
    from: R,
    meter: Meter,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.from.read(into)?;
        self.meter.add(bytes as u64);
        Ok(bytes)
    }
}
