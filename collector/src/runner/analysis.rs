//! Analysis of a run: the state from which each tick's rates and events follow.

use virtmon_analysis::event::Event;
use virtmon_analysis::filter::DomainFilter;
use virtmon_analysis::frame::{Frame, Tick};
use virtmon_analysis::notifications::NotificationMerger;
use virtmon_analysis::rates::RateTracker;
use virtmon_analysis::ready_time::ReadyTimeEstimator;
use virtmon_analysis::subsamples::SubsampleStats;
use virtmon_analysis::{changes, clock_step};
use virtmon_model::{Notification, Snapshot, Timestamps};

use crate::runner::history::Pair;
use crate::runner::outage;

/// State of the analysis, from tick to tick.
#[derive(Default)]
pub(super) struct Analysis {
    pub(super) filter: DomainFilter,
    pub(super) subsamples: Option<SubsampleStats>,
    rates: RateTracker,
    ready_time: ReadyTimeEstimator,
    notifications: NotificationMerger,
    /// Buffer of the comparison.
    seen: Vec<bool>,
    /// EventTable of the current tick.
    pub(super) events: Vec<Event>,
    /// Clocks of the last tick that was analysed.
    clocks: Option<Timestamps>,
}

impl Analysis {
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
        let rates = self.rates.update(current, tick.mono_ns);
        let known = previous.map_or(&[][..], |previous| &previous.snapshot.warnings);
        outage::report_warnings(known, &current.warnings, events, warn);
        if let Some(previous) = previous {
            changes::compare(previous.snapshot, current, rates, &mut self.seen, events);
            self.notifications
                .merge(notifications(), previous.snapshot, current, events);
        }
        let before = previous.map(|previous| previous.snapshot);
        self.ready_time.update(before, current, rates);
        self.filter.update(current);
        self.filter.retain(events);
        let distributions = match &mut self.subsamples {
            Some(subsamples) => subsamples.distributions(current.domains.len()),
            None => &[],
        };
        Frame {
            previous,
            ready: self.ready_time.view(),
            events: &self.events,
            subsamples: distributions,
            selected: self.filter.selected(),
            ..Frame::new(tick, current, rates)
        }
    }

    /// The frame of a sample that failed: events only.
    pub(super) fn frame_of_failure<'a>(&'a self, tick: Tick, empty: &'a Snapshot) -> Frame<'a> {
        Frame {
            failed: true,
            events: &self.events,
            selected: self.filter.selected(),
            ..Frame::new(tick, empty, &[])
        }
    }
}
