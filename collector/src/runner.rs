//! The loop.

use std::borrow::Cow;
use std::io;
use std::thread;
use std::time::Duration;

use virtmon_model::Snapshot;
use virtmon_recording::Loss;

use crate::files::Output;
use crate::files::error::OutputError;
use crate::process::notify::Notify;
use crate::process::self_monitor::SelfMonitor;
use crate::sampling::replay::ReplayError;
use crate::sampling::source::{Source, Taken};
use crate::sampling::ticker::Wake;
use crate::writer::Writer;
use virtmon_analysis::analysis::Analysis;
use virtmon_analysis::clock_step;
use virtmon_analysis::event::{Event, EventKind};
use virtmon_analysis::filter::DomainFilter;
use virtmon_analysis::frame::{Frame, PreviousSample, Tick};
use virtmon_analysis::run_info::RunInfo;
use virtmon_analysis::self_stats::SelfStats;
use virtmon_analysis::subsamples::SubsampleStats;
use virtmon_export::encode::Encoder;
use virtmon_model::Timestamps;

/// Between two looks at whether a slow output has caught up with a recording.
const PATIENCE: Duration = Duration::from_millis(1);
/// So much may wait to be written of a recording.
const PATIENT_BYTES: u64 = 4 << 20;

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
    /// A recording can't be replayed.
    #[error("{file}: {source}")]
    Replay {
        /// The path, as given.
        file: String,
        /// Why.
        source: ReplayError,
    },
    /// A recording is not whole; what is was replayed.
    #[error("{file}: {loss}: the {whole} readings that are whole were replayed")]
    Damaged {
        /// The path, as given.
        file: String,
        /// What is not there.
        loss: Loss,
        /// Readings that are there.
        whole: u64,
    },
    /// The system's clocks or timers failed.
    #[error("clock: {0}")]
    Clock(#[from] io::Error),
}

/// Reads a source at every tick and hands what it says to every sink.
pub struct Runner<'a> {
    sinks: Vec<Box<dyn Encoder>>,
    /// Where the sinks' bytes go, until there is a writer.
    outputs: Vec<Output>,
    writer: Option<Writer>,
    /// NotificationMerger in a line of what could not be read, each once in a row.
    on_trouble: &'a mut dyn FnMut(&str),
    analysis: Analysis,
    run_info: RunInfo,
    meter: Option<SelfMonitor>,
    /// Readings in an interval, and what spreads their rates, where there is more than one.
    burst: Option<(u64, SubsampleStats)>,
    notify: Notify,
    /// The readings for a recording, kept from tick to tick.
    taped: Vec<u8>,
    /// Ticks for which the writer had no room: since the last one written, and before it.
    dropped: u64,
    dropped_before: u64,
}

impl<'a> Runner<'a> {
    /// A runner that has no sink yet. `on_trouble` is told in a line when a reading fails, or a
    /// part of it, and the run goes on.
    pub fn new(on_trouble: &'a mut dyn FnMut(&str)) -> Self {
        Self {
            sinks: Vec::new(),
            outputs: Vec::new(),
            writer: None,
            on_trouble,
            analysis: Analysis::default(),
            run_info: RunInfo::default(),
            meter: None,
            burst: None,
            notify: Notify::default(),
            taped: Vec::new(),
            dropped: 0,
            dropped_before: 0,
        }
    }

    /// Shows only these domains.
    pub fn choose(&mut self, choice: DomainFilter) {
        self.analysis.set_filter(choice);
    }

    /// Sets the identity of the run, which every frame has.
    pub fn set_run_info(&mut self, run_info: RunInfo) {
        self.run_info = run_info;
    }

    /// Sets whether frames have the rates of NICs and disks; they have at first.
    pub fn set_device_rates(&mut self, wanted: bool) {
        self.analysis.set_device_rates(wanted);
    }

    /// Reads so many times in each interval, and tells how the rates were spread: the ticker's
    /// ticks are the readings.
    pub fn burst(&mut self, readings: u64) {
        self.burst = Some((readings.max(1), SubsampleStats::new(readings)));
    }

    /// Tells in each frame what virtmon itself took, from now on.
    pub fn meter(&mut self, meter: SelfMonitor) {
        self.meter = Some(meter);
    }

    /// Tells a service manager how it goes.
    pub fn notify(&mut self, notify: Notify) {
        self.notify = notify;
    }

    /// Adds a sink, and the output that is already open for it.
    pub fn add(&mut self, sink: impl Encoder + 'static, output: Output) {
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

    /// Runs until the limit, the source's end, or SIGINT or SIGTERM, and until all is written: or
    /// until a second signal, where an output takes nothing. SIGHUP opens all files anew; where
    /// there are none, it does what it does to any program.
    ///
    /// A reading that the outputs are too slow for is as one that was not made: what is written
    /// next has its rates and events since what was written last. A recording waits for them.
    ///
    /// # Errors
    /// The first reading failed, or an output did. A later reading that fails is a missed tick.
    pub fn run(&mut self, source: &mut dyn Source, limit: Limit) -> Result<(), RunError> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => Writer::start(std::mem::take(&mut self.outputs), |_| {})?,
        };
        let signals = source.ticker().signals();
        writer.stops(signals.stopper()?);
        writer.announces(self.notify.ready());
        if writer.has_files() {
            signals.catch_hangup()?;
        }
        let done = self.read(source, limit, &mut writer);
        self.notify.stopping();
        let written = writer.close(|| source.ticker().signals().is_stopped());
        done.and(written.map_err(RunError::from))
    }

    fn read(
        &mut self,
        source: &mut dyn Source,
        limit: Limit,
        writer: &mut Writer,
    ) -> Result<(), RunError> {
        let (mut now, mut before) = (Snapshot::default(), Snapshot::default());
        let mut analysis = std::mem::take(&mut self.analysis);
        let run_info = std::mem::take(&mut self.run_info);
        let mut events = Vec::new();
        source.begin();
        let mut last_failure = String::new();
        // The last good reading's tick and time.
        let mut written: Option<(u64, u64)> = None;
        // The clocks when events were last told.
        let mut told: Option<Timestamps> = None;
        let mut readings = 0;
        loop {
            let number = match source.wait()? {
                Wake::Due(number) => number,
                Wake::Reopen => {
                    source.restart_tape();
                    writer.reopen();
                    continue;
                }
                Wake::Stop => return Ok(()),
            };
            if let Limit::Duration(duration) = limit {
                let since_first = source.due_ns(number) - source.due_ns(0);
                if u128::from(since_first) > duration.as_nanos() {
                    return Ok(());
                }
            }
            // The older reading makes room; only if this one succeeds is the newer one the older.
            let Taken {
                began,
                sample_ns,
                read,
            } = source.read(&mut before)?;
            let per = self.burst.as_ref().map_or(1, |(readings, _)| *readings);
            let due = number / per;
            let tick = Tick {
                number: due,
                mono_ns: began.mono_ns,
                wall: began.wall,
                late_ns: began.mono_ns.saturating_sub(source.due_ns(due * per)),
                sample_ns,
                missed: written.map_or(due, |(last, _)| (due - last).saturating_sub(1)),
            };
            events.clear();
            if self.dropped > 0 {
                events.push(Event::output_dropped(self.dropped));
            }
            if let (Ok(()), Some((_, burst))) = (&read, &mut self.burst) {
                burst.update(&before, began.mono_ns);
            }
            let between = written.is_some_and(|(last, _)| last == due);
            while source.is_patient() && writer.waiting_bytes() >= PATIENT_BYTES {
                if source.ticker().signals().is_stopped() {
                    return Ok(());
                }
                thread::sleep(PATIENCE);
            }
            let has_room = writer.has_room();
            if !between
                && has_room
                && let Some(told) = told.replace(began)
            {
                clock_step::compare(&told, &began, &mut events);
            }
            match read {
                Ok(()) if between => {}
                Err(error) if written.is_none() => return Err(error.into()),
                _ if !has_room => self.dropped += 1,
                Ok(()) => {
                    std::mem::swap(&mut now, &mut before);
                    let past = written.map(|(_, mono_ns)| PreviousSample {
                        snapshot: &before,
                        mono_ns,
                    });
                    if !last_failure.is_empty() {
                        let cause = Cow::Owned(std::mem::take(&mut last_failure));
                        events.push(Event::host(EventKind::SampleRecovered, cause));
                    }
                    let known = past.map_or(&[][..], |past| &past.snapshot.warnings);
                    for trouble in now.warnings.iter().filter(|line| !known.contains(line)) {
                        (self.on_trouble)(trouble);
                        let cause = Cow::Owned(trouble.clone());
                        events.push(Event::host(EventKind::Warning, cause));
                    }
                    let notifications = match past {
                        Some(_) => source.notifications(),
                        None => Vec::new(),
                    };
                    analysis.update(past, &now, began.mono_ns, notifications, &mut events);
                    let frame = Frame {
                        run: &run_info,
                        ..analysis.frame(tick, &now, past, &events)
                    };
                    self.write(source, &frame, writer);
                    written = Some((due, began.mono_ns));
                }
                Err(error) => {
                    let text = error.to_string();
                    if text != last_failure {
                        (self.on_trouble)(&text);
                        events.push(Event::host(
                            EventKind::SampleFailed,
                            Cow::Owned(text.clone()),
                        ));
                        last_failure = text;
                    }
                    let nothing = Snapshot::default();
                    let frame = Frame {
                        run: &run_info,
                        failed: true,
                        events: &events,
                        ..Frame::new(tick, &nothing, &[])
                    };
                    self.write(source, &frame, writer);
                }
            }
            self.notify.ticked(began.mono_ns, writer.written());
            readings += u64::from(!between);
            if limit == Limit::Count(readings) {
                return Ok(());
            }
        }
    }

    fn write(&mut self, source: &mut dyn Source, frame: &Frame<'_>, writer: &mut Writer) {
        let dropped = std::mem::take(&mut self.dropped);
        self.dropped_before += dropped;
        let calls = source.calls();
        self.taped.clear();
        source.taped(&mut self.taped);
        let cost = self.meter.as_mut().map(|meter| meter.take(calls));
        let bursts = match &mut self.burst {
            Some((_, burst)) if !frame.failed => burst.distributions(frame.snapshot.domains.len()),
            _ => &[],
        };
        let frame = Frame {
            subsamples: bursts,
            self_stats: cost.map(|cost| SelfStats {
                bytes: writer.written_bytes(),
                dropped,
                ..cost
            }),
            recorded: &self.taped,
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
