//! Analysis of a run: the state from which each tick's rates and events follow.

use virtmon_analysis::event::Event;
use virtmon_analysis::filter::Choice;
use virtmon_analysis::frame::{Frame, Tick};
use virtmon_analysis::notifications::Told;
use virtmon_analysis::rates::Deltas;
use virtmon_analysis::ready_time::Ready;
use virtmon_analysis::subsamples::Burst;
use virtmon_analysis::{changes, clock_step};
use virtmon_model::{Notification, Snapshot, Timestamps};

use crate::runner::history::Pair;
use crate::runner::outage;

/// State of the analysis, from tick to tick.
#[derive(Default)]
pub(super) struct Analysis {
    pub(super) filter: Choice,
    pub(super) subsamples: Option<Burst>,
    rates: Deltas,
    ready_time: Ready,
    notifications: Told,
    /// Buffer of the comparison.
    seen: Vec<bool>,
    /// Events of the current tick.
    pub(super) events: Vec<Event>,
    /// Clocks of the last tick that was analysed.
    clocks: Option<Timestamps>,
}

impl Analysis {
    /// Adds a sample to the distributions of its interval.
    pub(super) fn add_subsample(&mut self, snapshot: &Snapshot, mono_ns: u64) {
        if let Some(subsamples) = &mut self.subsamples {
            subsamples.take(snapshot, mono_ns);
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
        let rates = self.rates.take(current, tick.mono_ns);
        let known = previous.map_or(&[][..], |previous| &previous.snapshot.warnings);
        outage::report_warnings(known, &current.warnings, events, warn);
        if let Some(previous) = previous {
            changes::compare(previous.snapshot, current, rates, &mut self.seen, events);
            self.notifications
                .complete(notifications(), previous.snapshot, current, events);
        }
        let before = previous.map(|previous| previous.snapshot);
        self.ready_time.take(before, current, rates);
        self.filter.take(current);
        self.filter.retain(events);
        let distributions = match &mut self.subsamples {
            Some(subsamples) => subsamples.spreads(current.domains.len()),
            None => &[],
        };
        Frame {
            before: previous,
            ready: self.ready_time.view(),
            events: &self.events,
            bursts: distributions,
            chosen: self.filter.chosen(),
            ..Frame::new(tick, current, rates)
        }
    }

    /// The frame of a sample that failed: events only.
    pub(super) fn frame_of_failure<'a>(&'a self, tick: Tick, empty: &'a Snapshot) -> Frame<'a> {
        Frame {
            failed: true,
            events: &self.events,
            chosen: self.filter.chosen(),
            ..Frame::new(tick, empty, &[])
        }
    }
}
