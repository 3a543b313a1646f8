//! The loop.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use virtmon_model::{Backend, Snapshot};

use crate::choice::Choice;
use crate::ready::Ready;
use crate::sink::Sink;
use crate::told::Told;
use crate::{
    Burst, Deltas, Event, EventKind, Frame, Meter, Output, OutputError, Past, Reading, Tick,
    Ticker, Wake, changes, clock,
};

/// When a run ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Not before a signal.
    None,
    /// After so many readings.
    Count(u64),
    /// With the last tick that is due within this time of the first.
    Duration(Duration),
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The first reading failed.
    #[error(transparent)]
    Read(#[from] virtmon_model::Error),
    /// An output failed.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A reading takes longer than the interval.
    #[error(
        "a reading takes {took:.1?} here, so one every {interval:?} can't be kept: every {roomy:?} can"
    )]
    TooShort {
        /// What was asked for.
        interval: Duration,
        /// How long a reading takes.
        took: Duration,
        /// An interval with room.
        roomy: Duration,
    },
    /// The system's clocks or timers failed.
    #[error("clock: {0}")]
    Clock(#[from] io::Error),
}

/// A sink and where its bytes go.
struct Stream {
    sink: Box<dyn Sink>,
    output: Output,
    /// One tick's bytes, kept from tick to tick.
    bytes: Vec<u8>,
}

/// Reads a backend at every tick and hands what it says to every sink.
pub struct Runner<'a> {
    backend: &'a mut dyn Backend,
    streams: Vec<Stream>,
    /// Told of readings that failed, each kind once in a row.
    on_failure: &'a mut dyn FnMut(&virtmon_model::Error),
    choice: Choice,
    meter: Option<Meter>,
    /// Readings in an interval, and what spreads their rates, where there is more than one.
    burst: Option<(u64, Burst)>,
    /// Bytes given to the outputs since the cost was told.
    bytes: u64,
}

impl<'a> Runner<'a> {
    /// A runner that has no sink yet. `on_failure` is told when a reading fails and the run goes
    /// on.
    pub fn new(
        backend: &'a mut dyn Backend,
        on_failure: &'a mut dyn FnMut(&virtmon_model::Error),
    ) -> Self {
        Self {
            backend,
            streams: Vec::new(),
            on_failure,
            choice: Choice::default(),
            meter: None,
            burst: None,
            bytes: 0,
        }
    }

    /// Shows only these domains.
    pub fn choose(&mut self, choice: Choice) {
        self.choice = choice;
    }

    /// Reads so many times in each interval, and tells how the rates were spread: the ticker's
    /// ticks are the readings.
    pub fn burst(&mut self, readings: u64) {
        self.burst = Some((readings.max(1), Burst::default()));
    }

    /// Tells in each frame what virtmon itself took.
    pub fn meter(&mut self) {
        self.meter = Some(Meter::start(self.backend.calls()));
    }

    /// Adds a sink, and the output that is already open for it.
    pub fn add(&mut self, sink: impl Sink + 'static, output: Output) {
        self.streams.push(Stream {
            sink: Box::new(sink),
            output,
            bytes: Vec::new(),
        });
    }

    /// Runs until the limit, or until SIGINT or SIGTERM.
    ///
    /// # Errors
    /// The first reading failed, or an output did. A later reading that fails is a missed tick.
    pub fn run(&mut self, mut ticker: Ticker, limit: Limit) -> Result<(), RunError> {
        let (mut now, mut before) = (Snapshot::default(), Snapshot::default());
        let (mut deltas, mut ready) = (Deltas::default(), Ready::default());
        let (mut seen, mut events) = (Vec::new(), Vec::new());
        let mut told = Told::default();
        let mut last_failure = String::new();
        // The last good reading's tick and time.
        let mut written: Option<(u64, u64)> = None;
        let mut readings = 0;
        let mut number = 0;
        if ticker.is_ahead() {
            match ticker.wait()? {
                Wake::Stop => return Ok(()),
                Wake::Due(due) => number = due,
            }
        }
        loop {
            let began = Reading::now()?;
            // The older reading makes room; only if this one succeeds is the newer one the older.
            let read = self.backend.sample(&mut before);
            let sample_ns = clock::mono_ns()?.saturating_sub(began.mono_ns);
            let per = self.burst.as_ref().map_or(1, |(readings, _)| *readings);
            let due = number / per;
            let tick = Tick {
                number: due,
                mono_ns: began.mono_ns,
                wall: began.wall,
                late_ns: began.mono_ns.saturating_sub(ticker.due_ns(due * per)),
                sample_ns,
                missed: written.map_or(due, |(last, _)| (due - last).saturating_sub(1)),
            };
            events.clear();
            if let (Ok(()), Some((_, burst))) = (&read, &mut self.burst) {
                burst.take(&before, began.mono_ns);
            }
            let between = written.is_some_and(|(last, _)| last == due);
            match read {
                Ok(()) if between => {}
                Ok(()) => {
                    std::mem::swap(&mut now, &mut before);
                    let past = written.map(|(_, mono_ns)| Past {
                        snapshot: &before,
                        mono_ns,
                    });
                    let rates = deltas.take(&now, began.mono_ns);
                    if !last_failure.is_empty() {
                        let cause = Cow::Owned(std::mem::take(&mut last_failure));
                        events.push(Event::host(EventKind::Back, cause));
                    }
                    if let Some(past) = past {
                        changes::compare(past.snapshot, &now, rates, &mut seen, &mut events);
                        let notices = self.backend.notices();
                        told.complete(notices, past.snapshot, &now, &mut events);
                    }
                    ready.take(past.map(|past| past.snapshot), &now, rates);
                    self.choice.take(&now);
                    self.choice.retain(&mut events);
                    let frame = Frame {
                        before: past,
                        ready: ready.view(),
                        events: &events,
                        ..Frame::new(tick, &now, rates)
                    };
                    self.write(&frame)?;
                    written = Some((due, began.mono_ns));
                }
                Err(error) if written.is_none() => return Err(error.into()),
                Err(error) => {
                    let text = error.to_string();
                    if text != last_failure {
                        (self.on_failure)(&error);
                        events.push(Event::host(EventKind::Lost, Cow::Owned(text.clone())));
                        last_failure = text;
                    }
                    let nothing = Snapshot::default();
                    self.write(&Frame {
                        failed: true,
                        events: &events,
                        ..Frame::new(tick, &nothing, &[])
                    })?;
                }
            }
            readings += u64::from(!between);
            if limit == Limit::Count(readings) {
                break;
            }
            match ticker.wait()? {
                Wake::Stop => break,
                Wake::Due(due) => number = due,
            }
            if let Limit::Duration(duration) = limit {
                let since_first = ticker.due_ns(number) - ticker.due_ns(0);
                if u128::from(since_first) > duration.as_nanos() {
                    break;
                }
            }
        }
        for stream in &mut self.streams {
            stream.output.finish()?;
        }
        Ok(())
    }

    fn write(&mut self, frame: &Frame<'_>) -> Result<(), OutputError> {
        let bytes = std::mem::take(&mut self.bytes);
        let calls = self.backend.calls();
        let cost = self.meter.as_mut().map(|meter| meter.take(calls));
        let bursts = match &mut self.burst {
            Some((_, burst)) if !frame.failed => burst.spreads(frame.snapshot.domains.len()),
            _ => &[],
        };
        let frame = Frame {
            bursts,
            chosen: self.choice.chosen(),
            cost: cost.map(|cost| crate::Cost { bytes, ..cost }),
            ..*frame
        };
        for stream in &mut self.streams {
            stream.bytes.clear();
            stream.sink.encode(&frame, &mut stream.bytes);
            stream.output.write_tick(&stream.bytes)?;
            self.bytes += stream.bytes.len() as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
