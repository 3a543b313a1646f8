//! Analysis of a run's samples: the frame of each tick.

use virtmon_analysis::analysis::Analysis;
use virtmon_analysis::clock_step;
use virtmon_analysis::event::Event;
use virtmon_analysis::filter::DomainFilter;
use virtmon_analysis::frame::{Frame, Tick};
use virtmon_analysis::run_info::RunInfo;
use virtmon_analysis::subsamples::SubsampleStats;
use virtmon_model::{Notification, Snapshot, Timestamps};

use crate::runner::history::Pair;
use crate::runner::outage;

/// Makes frames of samples.
#[derive(Default)]
pub(super) struct Analyser {
    pub(super) run_info: RunInfo,
    /// Set if an interval has several samples.
    pub(super) subsamples: Option<SubsampleStats>,
    /// Events of the current tick.
    pub(super) events: Vec<Event>,
    analysis: Analysis,
    /// Clocks of the last tick that was analysed.
    clocks: Option<Timestamps>,
}

impl Analyser {
    pub(super) fn set_filter(&mut self, filter: DomainFilter) {
        self.analysis.set_filter(filter);
    }

    pub(super) fn set_device_rates(&mut self, are_needed: bool) {
        self.analysis.set_device_rates(are_needed);
    }

    /// Adds a sample to the distributions of its interval.
    pub(super) fn add_subsample(&mut self, snapshot: &Snapshot, mono_ns: u64) {
        if let Some(subsamples) = &mut self.subsamples {
            subsamples.update(snapshot, mono_ns);
        }
    }

    /// Adds events for clocks that were set or stood still since the tick before.
    pub(super) fn compare_clocks(&mut self, now: Timestamps) {
        if let Some(before) = self.clocks.replace(now) {
            clock_step::compare(&before, &now, &mut self.events);
        }
    }

    /// The frame of a sample that succeeded.
    pub(super) fn frame<'a>(
        &'a mut self,
        tick: Tick,
        pair: Pair<'a>,
        notifications: impl FnOnce() -> Vec<Notification>,
        warn: fn(&str),
    ) -> Frame<'a> {
        let Pair { current, previous } = pair;
        let events = &mut self.events;
        let known = previous.map_or(&[][..], |previous| &previous.snapshot.warnings);
        outage::report_warnings(known, &current.warnings, events, warn);
        let notifications = match previous {
            Some(_) => notifications(),
            None => Vec::new(),
        };
        self.analysis
            .update(previous, current, tick.mono_ns, notifications, events);
        let distributions = match &mut self.subsamples {
            Some(subsamples) => subsamples.distributions(current.domains.len()),
            None => &[],
        };
        Frame {
            run: &self.run_info,
            subsamples: distributions,
            ..self.analysis.frame(tick, current, previous, &self.events)
        }
    }

    /// The frame of a sample that failed: events only.
    pub(super) fn frame_of_failure<'a>(&'a self, tick: Tick, empty: &'a Snapshot) -> Frame<'a> {
        Frame {
            run: &self.run_info,
            failed: true,
            events: &self.events,
            ..Frame::new(tick, empty, &[])
        }
    }
}
