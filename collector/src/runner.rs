//! The loop: source, history, analysis, outputs.

use virtmon_analysis::filter::DomainFilter;
use virtmon_analysis::run_info::RunInfo;
use virtmon_analysis::subsamples::SubsampleStats;
use virtmon_export::output::Output;
use virtmon_model::{Needs, Snapshot};

use crate::process::notify::Notify;
use crate::process::self_monitor::SelfMonitor;
use crate::sampling::signals::Signals;
use crate::sampling::source::{Sample, Source};
use crate::sampling::wake::Wake;

mod analyser;
pub mod error;
mod history;
pub mod limit;
mod link;
mod outage;
mod outputs;
mod timeline;

use analyser::Analyser;
use error::RunError;
use history::History;
use limit::Limit;
use link::Link;
use outage::Outage;
use outputs::Outputs;
use timeline::{Slot, Timeline};

/// Samples a source at every tick and offers a frame to every output.
pub struct Runner {
    outputs: Outputs,
    analysis: Analyser,
    outage: Outage,
    samples_per_tick: u64,
    notify: Notify,
    warn: fn(&str),
}

impl Runner {
    /// A runner without outputs. `warn` gets a line when a sample fails, in whole or in part, and the
    /// run goes on.
    #[must_use]
    pub fn new(warn: fn(&str)) -> Self {
        Self {
            outputs: Outputs::new(warn),
            analysis: Analyser::default(),
            outage: Outage::default(),
            samples_per_tick: 1,
            notify: Notify::default(),
            warn,
        }
    }

    /// Sets the domains that have rows.
    pub fn set_filter(&mut self, filter: DomainFilter) {
        self.analysis.set_filter(filter);
    }

    /// Sets the identity of the run, which every frame has.
    pub fn set_run_info(&mut self, run_info: RunInfo) {
        self.analysis.run_info = run_info;
    }

    /// Sets whether frames have the rates of NICs and disks. They have them by default.
    pub fn set_device_rates(&mut self, are_needed: bool) {
        self.analysis.set_device_rates(are_needed);
    }

    /// Takes this many samples in each interval, and computes the distribution of their rates. The
    /// source's ticks are the samples.
    pub fn set_samples_per_tick(&mut self, samples: u64) {
        self.samples_per_tick = samples.max(1);
        self.analysis.subsamples = Some(SubsampleStats::new(samples));
    }

    /// Adds self statistics to each frame.
    pub fn set_self_monitor(&mut self, monitor: SelfMonitor) {
        self.outputs.monitor = Some(monitor);
    }

    /// Sets the service manager that is notified.
    pub fn set_notify(&mut self, notify: Notify) {
        self.notify = notify;
    }

    /// Adds an output.
    pub fn add(&mut self, output: impl Output + 'static) {
        self.outputs.add(Box::new(output));
    }

    /// Values that must be sampled for the outputs: a backend is opened with these.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.outputs.needs()
    }

    /// Number of ticks that were sampled and that each output dropped, by its name.
    pub fn dropped(&self) -> impl Iterator<Item = (&str, u64)> {
        self.outputs.dropped()
    }

    /// Runs until the limit, the end of the source, or SIGINT or SIGTERM, and until all is written. A
    /// second signal ends the run while an output takes nothing. SIGHUP reopens all files; if there
    /// are none, it has its default action.
    ///
    /// A sample that no output has room for is handled like one that was not taken: the next frame
    /// has rates and events since the last one that was offered. If only some outputs have room, they
    /// get the frame, and the others count it as missed. A recording waits for all outputs.
    ///
    /// # Errors
    /// The first sample failed, or an output did. A later sample that fails is a missed tick.
    pub fn run(&mut self, source: &mut dyn Source, limit: Limit) -> Result<(), RunError> {
        let mut signals = Signals::catch()?;
        let link = Link::new(signals.stop_handle()?, self.notify.ready());
        self.outputs.attach(link);
        if self.outputs.can_reopen() {
            signals.catch_reload()?;
        }
        let done = self.sample_until(limit, source, &mut signals);
        self.notify.stopping();
        let closed = self.outputs.close(|| signals.take_stop());
        done.and(closed.map_err(RunError::from))
    }

    fn sample_until(
        &mut self,
        limit: Limit,
        source: &mut dyn Source,
        signals: &mut Signals,
    ) -> Result<(), RunError> {
        let mut timeline = Timeline::new(limit, self.samples_per_tick);
        let mut history = History::default();
        source.begin();
        loop {
            let number = match source.wait(signals)? {
                Wake::Due(number) => number,
                Wake::Reopen => {
                    source.restart_recording();
                    self.outputs.reopen();
                    continue;
                }
                Wake::Stop => return Ok(()),
            };
            let Some(slot) = timeline.slot(number, |tick| source.due_ns(tick)) else {
                return Ok(());
            };
            let sample = source.sample(history.spare())?;
            if source.waits_for_outputs() && !self.outputs.wait_for_room(signals) {
                return Ok(());
            }
            let mono_ns = sample.began.mono_ns;
            self.handle(slot, sample, &mut timeline, &mut history, source)?;
            self.notify.ticked(mono_ns, self.outputs.written());
            if timeline.is_complete(&slot) {
                return Ok(());
            }
        }
    }

    /// Offers the frame of a sample to the outputs.
    fn handle(
        &mut self,
        slot: Slot,
        sample: Sample,
        timeline: &mut Timeline,
        history: &mut History,
        source: &mut dyn Source,
    ) -> Result<(), RunError> {
        let Self {
            outputs,
            analysis,
            outage,
            ..
        } = self;
        let tick = timeline.tick(&slot, &sample);
        analysis.events.clear();
        if sample.result.is_ok() {
            analysis.add_subsample(history.spare(), tick.mono_ns);
        }
        let has_room = outputs.has_room();
        if has_room && !slot.is_subsample {
            analysis.compare_clocks(sample.began);
        }
        match sample.result {
            Ok(()) if slot.is_subsample => {}
            Err(error) if slot.is_first => return Err(error.into()),
            _ if !has_room => outputs.drop_tick(),
            Ok(()) => {
                outputs.report_dropped(&mut analysis.events);
                outage.sample_succeeded(&mut analysis.events);
                let pair = history.advance(tick.mono_ns);
                let frame = analysis.frame(tick, pair, || source.notifications(), self.warn);
                outputs.offer(&frame, source);
                timeline.set_written(&slot);
            }
            Err(error) => {
                outputs.report_dropped(&mut analysis.events);
                outage.sample_failed(&error, &mut analysis.events, self.warn);
                let empty = Snapshot::default();
                outputs.offer(&analysis.frame_of_failure(tick, &empty), source);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
