//! A frame that owns its values.

use virtmon_analysis::event::Event;
use virtmon_analysis::frame::{Frame, PreviousSample, Tick};
use virtmon_analysis::rates::DomainRates;
use virtmon_analysis::ready_time::ReadyTimes;
use virtmon_analysis::self_stats::SelfStats;
use virtmon_analysis::subsamples::Distributions;
use virtmon_model::Snapshot;

/// A copy of a frame, without the raw samples.
#[derive(Debug, Clone)]
pub struct OwnedFrame {
    tick: Tick,
    failed: bool,
    snapshot: Snapshot,
    /// The snapshot before, and its start in ns of `CLOCK_MONOTONIC`.
    previous: Option<(Snapshot, u64)>,
    rates: Vec<DomainRates>,
    selected: Vec<bool>,
    ready: (Vec<Option<u64>>, Vec<usize>),
    events: Vec<Event>,
    subsamples: Vec<Distributions>,
    self_stats: Option<SelfStats>,
}

impl OwnedFrame {
    /// Copies a frame.
    #[must_use]
    pub fn copy(frame: &Frame<'_>) -> Self {
        let (ready_ns, ready_begins) = frame.ready.parts();
        let previous = frame
            .previous
            .map(|previous| (previous.snapshot.clone(), previous.mono_ns));
        Self {
            tick: frame.tick,
            failed: frame.failed,
            snapshot: frame.snapshot.clone(),
            previous,
            rates: frame.rates.to_vec(),
            selected: frame.selected.to_vec(),
            ready: (ready_ns.to_vec(), ready_begins.to_vec()),
            events: frame.events.to_vec(),
            subsamples: frame.subsamples.to_vec(),
            self_stats: frame.self_stats,
        }
    }

    /// The frame, to be encoded.
    #[must_use]
    pub fn frame(&self) -> Frame<'_> {
        let previous = self.previous.as_ref();
        Frame {
            failed: self.failed,
            previous: previous.map(|(snapshot, mono_ns)| PreviousSample {
                snapshot,
                mono_ns: *mono_ns,
            }),
            selected: &self.selected,
            ready: ReadyTimes::from_parts(&self.ready.0, &self.ready.1),
            events: &self.events,
            subsamples: &self.subsamples,
            self_stats: self.self_stats,
            ..Frame::new(self.tick, &self.snapshot, &self.rates)
        }
    }
}
