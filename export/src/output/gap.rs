//! The ticks that one output dropped, in the facts of the next tick that it accepts.

use virtmon_analysis::frame::Frame;
use virtmon_analysis::self_stats::SelfStats;

/// The frames that an output dropped since the last one that it accepted.
#[derive(Debug, Default)]
pub(super) struct Gap {
    /// The last tick with rows in this output.
    last: Option<u64>,
    is_open: bool,
    /// Self statistics of the dropped frames.
    self_stats: Option<SelfStats>,
}

impl Gap {
    /// Adds a frame that the output drops.
    pub(super) fn drop_frame(&mut self, frame: &Frame<'_>) {
        self.is_open = true;
        self.self_stats = SelfStats::sum(self.self_stats, frame.self_stats);
    }

    /// The frame as this output's next one: `missed` and the self statistics count from the last tick
    /// that this output accepted.
    pub(super) fn accept<'a>(&mut self, frame: &Frame<'a>) -> Frame<'a> {
        let mut frame = *frame;
        if self.is_open {
            let number = frame.tick.number;
            frame.tick.missed = self
                .last
                .map_or(number, |last| number.saturating_sub(last.saturating_add(1)));
            frame.self_stats = SelfStats::sum(self.self_stats.take(), frame.self_stats);
            // A failed sample has no rows: the next frame counts its tick as missed too.
            self.is_open = frame.failed;
        }
        if !frame.failed {
            self.last = Some(frame.tick.number);
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use virtmon_analysis::frame::Tick;
    use virtmon_model::Snapshot;

    use super::*;

    #[test]
    fn the_next_frame_counts_what_this_output_dropped() {
        let empty = Snapshot::default();
        let frame = |number, missed, failed| {
            let tick = Tick {
                number,
                mono_ns: number,
                wall: UNIX_EPOCH,
                late_ns: 0,
                sample_ns: 0,
                missed,
            };
            let stats = SelfStats {
                cpu_ns: Some(10),
                page_faults: (number == 5).then_some(1),
                rss_bytes: Some(number),
                dropped: 1,
                ..SelfStats::default()
            };
            Frame {
                failed,
                self_stats: Some(stats),
                ..Frame::new(tick, &empty, &[])
            }
        };
        let mut gap = Gap::default();
        let facts = |frame: Frame<'_>| {
            let stats = frame.self_stats.unwrap();
            (
                frame.tick.missed,
                stats.cpu_ns,
                stats.page_faults,
                stats.dropped,
            )
        };
        assert_eq!(
            facts(gap.accept(&frame(2, 2, false))),
            (2, Some(10), None, 1)
        );
        gap.drop_frame(&frame(3, 0, false));
        // Tick 4 was missed by the run.
        gap.drop_frame(&frame(5, 1, false));
        assert_eq!(
            facts(gap.accept(&frame(6, 0, true))),
            (3, Some(30), None, 3)
        );
        assert_eq!(
            facts(gap.accept(&frame(7, 1, false))),
            (4, Some(10), None, 1)
        );
        assert_eq!(
            facts(gap.accept(&frame(8, 0, false))),
            (0, Some(10), None, 1)
        );
    }

    #[test]
    fn an_output_that_drops_its_first_frames_counts_from_tick_0() {
        let empty = Snapshot::default();
        let tick = |number| Tick {
            number,
            mono_ns: 0,
            wall: UNIX_EPOCH,
            late_ns: 0,
            sample_ns: 0,
            missed: 0,
        };
        let mut gap = Gap::default();
        gap.drop_frame(&Frame::new(tick(0), &empty, &[]));
        let frame = gap.accept(&Frame::new(tick(1), &empty, &[]));
        assert_eq!(frame.tick.missed, 1);
        assert!(frame.self_stats.is_none());
    }
}
