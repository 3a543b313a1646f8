//! Tick numbers, lateness, missed ticks and limits, as arithmetic.

use virtmon_analysis::frame::Tick;

use crate::runner::limit::Limit;
use crate::sampling::source::Sample;

/// The ticks of a run.
#[derive(Debug)]
pub(super) struct Timeline {
    limit: Limit,
    /// Number of samples in an interval.
    samples_per_tick: u64,
    /// The last tick that has rows.
    last: Option<u64>,
    /// Number of samples that began a tick.
    ticks: u64,
}

/// One sample's place in the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// Number of the tick.
    number: u64,
    /// Due time of the tick, in ns of `CLOCK_MONOTONIC`.
    due_ns: u64,
    /// True if the tick has rows already: the sample only adds to the distributions.
    pub(super) is_subsample: bool,
    /// True if no tick has rows yet.
    pub(super) is_first: bool,
}

impl Timeline {
    pub(super) fn new(limit: Limit, samples_per_tick: u64) -> Self {
        Self {
            limit,
            samples_per_tick: samples_per_tick.max(1),
            last: None,
            ticks: 0,
        }
    }

    /// The place of a sample; `None` if it is beyond the limit. `due_ns` has the due times of
    /// samples.
    pub(super) fn slot(&self, sample: u64, due_ns: impl Fn(u64) -> u64) -> Option<Slot> {
        if let Limit::Duration(duration) = self.limit {
            let since_first = due_ns(sample).saturating_sub(due_ns(0));
            if u128::from(since_first) > duration.as_nanos() {
                return None;
            }
        }
        let number = sample / self.samples_per_tick;
        Some(Slot {
            number,
            due_ns: due_ns(number * self.samples_per_tick),
            is_subsample: self.last == Some(number),
            is_first: self.last.is_none(),
        })
    }

    /// The facts of the tick.
    pub(super) fn tick(&self, slot: &Slot, sample: &Sample) -> Tick {
        let missed = self
            .last
            .map_or(slot.number, |last| (slot.number - last).saturating_sub(1));
        Tick {
            number: slot.number,
            mono_ns: sample.began.mono_ns,
            wall: sample.began.wall,
            late_ns: sample.began.mono_ns.saturating_sub(slot.due_ns),
            sample_ns: sample.sample_ns,
            missed,
        }
    }

    /// Notes that the tick has rows.
    pub(super) fn set_written(&mut self, slot: &Slot) {
        self.last = Some(slot.number);
    }

    /// Counts the sample. True if it was the last one within the limit.
    pub(super) fn is_complete(&mut self, slot: &Slot) -> bool {
        self.ticks += u64::from(!slot.is_subsample);
        self.limit == Limit::Count(self.ticks)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use virtmon_model::Timestamps;

    use super::*;

    fn sample(mono_ns: u64) -> Sample {
        Sample {
            began: Timestamps {
                mono_ns,
                boot_ns: mono_ns,
                wall: UNIX_EPOCH,
            },
            sample_ns: 7,
            result: Ok(()),
        }
    }

    fn due(sample: u64) -> u64 {
        1_000 + sample * 10
    }

    #[test]
    fn a_tick_says_how_late_it_is_and_what_was_missed_before_it() {
        let mut timeline = Timeline::new(Limit::None, 1);
        let mut facts = Vec::new();
        for (number, mono_ns) in [(0, 1_000), (1, 1_013), (5, 1_050), (6, 1_059)] {
            let slot = timeline.slot(number, due).unwrap();
            let tick = timeline.tick(&slot, &sample(mono_ns));
            facts.push((tick.number, tick.late_ns, tick.missed));
            // The sample of tick 5 fails, and has no rows.
            if number != 5 {
                timeline.set_written(&slot);
            }
        }
        assert_eq!(facts, [(0, 0, 0), (1, 3, 0), (5, 0, 3), (6, 0, 4)]);
    }

    #[test]
    fn samples_within_a_tick_are_subsamples_once_it_has_rows() {
        let mut timeline = Timeline::new(Limit::Count(2), 5);
        let mut seen = Vec::new();
        for number in [0, 2, 4, 6, 7] {
            let slot = timeline.slot(number, due).unwrap();
            let tick = timeline.tick(&slot, &sample(due(number)));
            timeline.set_written(&slot);
            let is_complete = timeline.is_complete(&slot);
            seen.push((tick.number, tick.late_ns, slot.is_subsample, is_complete));
        }
        let expected = [
            (0, 0, false, false),
            (0, 20, true, false),
            (0, 40, true, false),
            (1, 10, false, true),
            (1, 20, true, true),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_duration_ends_with_the_last_tick_within_it() {
        let timeline = Timeline::new(Limit::Duration(Duration::from_nanos(30)), 1);
        let within = |number| timeline.slot(number, due).is_some();
        assert!(within(0) && within(3) && !within(4));
    }

    #[test]
    fn a_count_is_of_ticks_with_and_without_rows() {
        let mut timeline = Timeline::new(Limit::Count(3), 1);
        for (number, is_last) in [(0, false), (4, false), (5, true)] {
            let slot = timeline.slot(number, due).unwrap();
            assert_eq!(timeline.is_complete(&slot), is_last, "{number}");
        }
    }
}
