//! Tick times as arithmetic: tick k is due at t0 + k x interval. No clock is read here.

use std::time::Duration;

/// A grid of ticks, and the last tick that was taken from it.
#[derive(Debug, Clone)]
pub struct Schedule {
    t0_ns: u64,
    interval_ns: u64,
    last: Option<u64>,
}

impl Schedule {
    /// A schedule whose tick 0 is due at `t0_ns`. `None` if the interval is zero or centuries long.
    #[must_use]
    pub fn new(t0_ns: u64, interval: Duration) -> Option<Self> {
        let interval_ns = u64::try_from(interval.as_nanos()).ok()?;
        (1..u64::MAX / 4).contains(&interval_ns).then_some(Self {
            t0_ns,
            interval_ns,
            last: None,
        })
    }

    /// The same schedule after its tick 0.
    #[must_use]
    pub fn after_first(mut self) -> Self {
        self.last = Some(0);
        self
    }

    /// Due time of a tick, in ns of the clock of `t0_ns`.
    #[must_use]
    pub fn due_ns(&self, tick: u64) -> u64 {
        self.t0_ns
            .saturating_add(tick.saturating_mul(self.interval_ns))
    }

    /// Due time of the first tick that was not taken yet, and all later ones one interval apart.
    #[must_use]
    pub fn next_due_ns(&self) -> u64 {
        self.due_ns(self.last.map_or(0, |last| last.saturating_add(1)))
    }

    /// True if no tick was taken yet.
    #[must_use]
    pub fn is_before_first(&self) -> bool {
        self.last.is_none()
    }

    /// Takes the last tick that is due at this time, if it was not taken before. Ticks between it
    /// and the one taken before are missed.
    pub fn take_due(&mut self, now_ns: u64) -> Option<u64> {
        let due = now_ns.saturating_sub(self.t0_ns) / self.interval_ns;
        if self.last.is_some_and(|last| due <= last) {
            return None;
        }
        self.last = Some(due);
        Some(due)
    }

    /// Time from now to the next tick.
    #[must_use]
    pub fn time_to_next(&self, now_ns: u64) -> Duration {
        Duration::from_nanos(match now_ns.checked_sub(self.t0_ns) {
            Some(since) => self.interval_ns - since % self.interval_ns,
            None => self.t0_ns - now_ns,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn schedule() -> Schedule {
        Schedule::new(100 * MS, Duration::from_millis(10)).unwrap()
    }

    #[test]
    fn ticks_are_taken_once_and_passed_ones_are_missed() {
        let mut schedule = schedule().after_first();
        assert_eq!(schedule.due_ns(3), 130 * MS);
        assert_eq!(schedule.next_due_ns(), 110 * MS);
        assert_eq!(schedule.take_due(110 * MS - 1), None, "tick 0 was taken");
        assert_eq!(schedule.take_due(110 * MS), Some(1));
        assert_eq!(schedule.take_due(119 * MS), None);
        assert_eq!(
            schedule.take_due(155 * MS),
            Some(5),
            "2, 3 and 4 are missed"
        );
        assert_eq!(schedule.take_due(155 * MS), None);
        assert_eq!(schedule.next_due_ns(), 160 * MS);
    }

    #[test]
    fn a_schedule_may_begin_later() {
        let mut schedule = schedule();
        assert!(schedule.is_before_first());
        assert_eq!(schedule.next_due_ns(), 100 * MS);
        assert_eq!(schedule.time_to_next(93 * MS), Duration::from_millis(7));
        assert_eq!(schedule.take_due(100 * MS + 3), Some(0));
        assert!(!schedule.is_before_first());
        assert_eq!(schedule.time_to_next(104 * MS), Duration::from_millis(6));
        assert_eq!(schedule.time_to_next(110 * MS), Duration::from_millis(10));
    }

    #[test]
    fn intervals_that_no_timer_holds_are_refused() {
        assert!(Schedule::new(0, Duration::ZERO).is_none());
        assert!(Schedule::new(0, Duration::MAX).is_none());
        let longest = Duration::from_nanos(u64::MAX / 4 - 1);
        let schedule = Schedule::new(u64::MAX - 1, longest).unwrap();
        assert_eq!(schedule.due_ns(u64::MAX), u64::MAX);
    }
}
