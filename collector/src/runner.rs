//! The loop.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use virtmon_model::{Backend, Snapshot};

use crate::choice::Choice;
use crate::ready::Ready;
use crate::sink::Sink;
use crate::told::Told;
use crate::writer::Writer;
use crate::{
    Burst, Deltas, Event, EventKind, Frame, Meter, Notify, Output, OutputError, Past, Reading,
    Tick, Ticker, Wake, changes, clock,
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

/// Reads a backend at every tick and hands what it says to every sink.
pub struct Runner<'a> {
    backend: &'a mut dyn Backend,
    sinks: Vec<Box<dyn Sink>>,
    /// Where the sinks' bytes go, until there is a writer.
    outputs: Vec<Output>,
    writer: Option<Writer>,
    /// Told of readings that failed, each kind once in a row.
    on_failure: &'a mut dyn FnMut(&virtmon_model::Error),
    choice: Choice,
    meter: Option<Meter>,
    /// Readings in an interval, and what spreads their rates, where there is more than one.
    burst: Option<(u64, Burst)>,
    notify: Notify,
    /// Ticks for which the writer had no room: since the last one written, and before it.
    dropped: u64,
    dropped_before: u64,
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
            sinks: Vec::new(),
            outputs: Vec::new(),
            writer: None,
            on_failure,
            choice: Choice::default(),
            meter: None,
            burst: None,
            notify: Notify::default(),
            dropped: 0,
            dropped_before: 0,
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

    /// Tells a service manager how it goes.
    pub fn notify(&mut self, notify: Notify) {
        self.notify = notify;
    }

    /// Adds a sink, and the output that is already open for it.
    pub fn add(&mut self, sink: impl Sink + 'static, output: Output) {
        self.sinks.push(Box::new(sink));
        self.outputs.push(output);
    }

    /// Starts the thread that writes, as ordinary a thread as this one is now: one that reads in
    /// real time becomes so after this. [`run`](Self::run) does it where it was not done.
    /// `on_trouble` is told, in that thread, what is wrong with an output and does not end the run.
    ///
    /// # Errors
    /// The system has no thread more.
    pub fn start_writer(&mut self, on_trouble: fn(&str)) -> io::Result<()> {
        let outputs = std::mem::take(&mut self.outputs);
        self.writer = Some(Writer::start(outputs, on_trouble)?);
        Ok(())
    }

    /// How many ticks were read and not written, for the outputs were too slow.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped + self.dropped_before
    }

    /// Runs until the limit, or until SIGINT or SIGTERM, and until all is written: or until a
    /// second signal, where an output takes nothing. SIGHUP opens all files anew; where there are
    /// none, it does what it does to any program.
    ///
    /// A reading that the outputs are too slow for is as one that was not made: what is written
    /// next has its rates and events since what was written last.
    ///
    /// # Errors
    /// The first reading failed, or an output did. A later reading that fails is a missed tick.
    pub fn run(&mut self, mut ticker: Ticker, limit: Limit) -> Result<(), RunError> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => Writer::start(std::mem::take(&mut self.outputs), |_| {})?,
        };
        let signals = ticker.signals();
        writer.stops(signals.stopper()?);
        if writer.has_files() {
            signals.catch_hangup()?;
        }
        let done = self.read(&mut ticker, limit, &mut writer);
        self.notify.stopping();
        let written = writer.close(|| ticker.signals().is_stopped());
        done.and(written.map_err(RunError::from))
    }

    fn read(
        &mut self,
        ticker: &mut Ticker,
        limit: Limit,
        writer: &mut Writer,
    ) -> Result<(), RunError> {
        let (mut now, mut before) = (Snapshot::default(), Snapshot::default());
        let (mut deltas, mut ready) = (Deltas::default(), Ready::default());
        let (mut seen, mut events) = (Vec::new(), Vec::new());
        let mut tidings = Told::default();
        self.backend.begin();
        let mut last_failure = String::new();
        // The last good reading's tick and time.
        let mut written: Option<(u64, u64)> = None;
        // The clocks when events were last told.
        let mut told: Option<Reading> = None;
        let mut readings = 0;
        let mut number = 0;
        if ticker.is_ahead() {
            match Self::wait(ticker, writer)? {
                Some(due) => number = due,
                None => return Ok(()),
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
            if self.dropped > 0 {
                events.push(Event::dropped(self.dropped));
            }
            if let (Ok(()), Some((_, burst))) = (&read, &mut self.burst) {
                burst.take(&before, began.mono_ns);
            }
            let between = written.is_some_and(|(last, _)| last == due);
            let has_room = writer.has_room();
            if !between
                && has_room
                && let Some(told) = told.replace(began)
            {
                clock::compare(&told, &began, &mut events);
            }
            match read {
                Ok(()) if between => {}
                Err(error) if written.is_none() => return Err(error.into()),
                _ if !has_room => self.dropped += 1,
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
                        tidings.complete(notices, past.snapshot, &now, &mut events);
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
                    self.write(&frame, writer);
                    written = Some((due, began.mono_ns));
                }
                Err(error) => {
                    let text = error.to_string();
                    if text != last_failure {
                        (self.on_failure)(&error);
                        events.push(Event::host(EventKind::Lost, Cow::Owned(text.clone())));
                        last_failure = text;
                    }
                    let nothing = Snapshot::default();
                    let frame = Frame {
                        failed: true,
                        events: &events,
                        ..Frame::new(tick, &nothing, &[])
                    };
                    self.write(&frame, writer);
                }
            }
            self.notify.ticked(began.mono_ns);
            readings += u64::from(!between);
            if limit == Limit::Count(readings) {
                return Ok(());
            }
            match Self::wait(ticker, writer)? {
                Some(due) => number = due,
                None => return Ok(()),
            }
            if let Limit::Duration(duration) = limit {
                let since_first = ticker.due_ns(number) - ticker.due_ns(0);
                if u128::from(since_first) > duration.as_nanos() {
                    return Ok(());
                }
            }
        }
    }

    /// The next tick that is due, none where the run is to end.
    fn wait(ticker: &mut Ticker, writer: &Writer) -> io::Result<Option<u64>> {
        loop {
            match ticker.wait()? {
                Wake::Due(due) => return Ok(Some(due)),
                Wake::Reopen => writer.reopen(),
                Wake::Stop => return Ok(None),
            }
        }
    }

    fn write(&mut self, frame: &Frame<'_>, writer: &mut Writer) {
        let dropped = std::mem::take(&mut self.dropped);
        self.dropped_before += dropped;
        let calls = self.backend.calls();
        let cost = self.meter.as_mut().map(|meter| meter.take(calls));
        let bursts = match &mut self.burst {
            Some((_, burst)) if !frame.failed => burst.spreads(frame.snapshot.domains.len()),
            _ => &[],
        };
        let frame = Frame {
            bursts,
            chosen: self.choice.chosen(),
            cost: cost.map(|cost| crate::Cost {
                bytes: writer.written_bytes(),
                dropped,
                ..cost
            }),
            ..*frame
        };
        let batch = writer.batch();
        batch.wall = frame.tick.wall;
        for (sink, bytes) in self.sinks.iter_mut().zip(&mut batch.streams) {
            sink.encode(&frame, bytes);
        }
        writer.push();
    }
}

#[cfg(test)]
mod tests;
