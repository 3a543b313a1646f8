//! Adds ticks to the totals of a run.

use crate::frame::Frame;
use crate::self_stats::SelfStats;
use crate::totals::Totals;

/// Adds a tick to the totals. `dropped` is the number of ticks that outputs dropped since the tick before.
pub fn add_tick(totals: &mut Totals, frame: &Frame<'_>, dropped: u64) {
    let tick = &frame.tick;
    totals.ticks += 1;
    totals.failed += u64::from(frame.failed);
    if !frame.failed {
        // The frame after a failed sample counts that tick as missed, and those before it.
        totals.missed += tick.missed;
    }
    totals.dropped += dropped;
    totals.late_ns = totals.late_ns.saturating_add(tick.late_ns);
    totals.sample_ns = totals.sample_ns.saturating_add(tick.sample_ns);
    for event in frame.events {
        totals.events[event.kind as usize] += 1;
    }
    totals.self_stats = SelfStats::sum(totals.self_stats, frame.self_stats);
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::time::UNIX_EPOCH;

    use virtmon_model::Snapshot;

    use super::*;
    use crate::event::{Event, EventKind};
    use crate::frame::Tick;

    #[test]
    fn a_tick_that_was_missed_because_its_sample_failed_counts_once() {
        let snapshot = Snapshot::default();
        let events = [EventKind::Warning, EventKind::Warning, EventKind::Stale];
        let events = events.map(|kind| Event::host(kind, Cow::Borrowed("")));
        let mut totals = Totals::default();
        for (number, missed, failed) in [(0, 0, false), (2, 1, true), (3, 2, false)] {
            let tick = Tick {
                number,
                mono_ns: 0,
                wall: UNIX_EPOCH,
                late_ns: 10,
                sample_ns: 100,
                missed,
            };
            let stats = SelfStats {
                cpu_ns: Some(5),
                rss_bytes: Some(number),
                ..SelfStats::default()
            };
            let frame = Frame {
                failed,
                events: &events,
                self_stats: Some(stats),
                ..Frame::new(tick, &snapshot, &[])
            };
            add_tick(&mut totals, &frame, 1);
        }
        let counts = (totals.ticks, totals.failed, totals.missed, totals.dropped);
        assert_eq!(counts, (3, 1, 2, 3));
        assert_eq!((totals.late_ns, totals.sample_ns), (30, 300));
        let of = |kind: EventKind| totals.events[kind as usize];
        assert_eq!((of(EventKind::Warning), of(EventKind::Stale)), (6, 3));
        let stats = totals.self_stats.unwrap();
        assert_eq!((stats.cpu_ns, stats.rss_bytes), (Some(15), Some(3)));
    }

    #[test]
    fn kinds_are_numbered_in_their_order() {
        for (n, kind) in EventKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, n);
        }
    }
}
