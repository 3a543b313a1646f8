//! Limit on the watch events that a guest may cause: a token bucket.

use std::time::Instant;

/// Capacity of the bucket. The drivers of a guest with dozens of devices write some hundred times
/// while they start.
pub(super) const MAX_BURST: u32 = 1024;
/// Events per second that a guest may cause without an end. An agent that reports writes one or two.
const EVENTS_PER_SECOND: u32 = 8;

/// The bucket of one guest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    left: u32,
    /// Time up to which the bucket was refilled; `None` before the first event.
    filled: Option<Instant>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            left: MAX_BURST,
            filled: None,
        }
    }
}

impl Budget {
    /// Takes one event from the bucket. Returns false if the bucket is empty.
    pub(super) fn spend(&mut self, now: Instant) -> bool {
        let filled = *self.filled.get_or_insert(now);
        let seconds = now.saturating_duration_since(filled).as_secs();
        if seconds > 0 {
            let more = u64::from(EVENTS_PER_SECOND).saturating_mul(seconds);
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            self.left = self.left.saturating_add(more).min(MAX_BURST);
            self.filled = Some(now);
        }
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_allowed_and_a_storm_is_not() {
        let began = Instant::now();
        let mut budget = Budget::default();
        assert!((0..MAX_BURST).all(|_| budget.spend(began)));
        assert!(!budget.spend(began));
        let later = began + Duration::from_secs(2);
        assert!((0..2 * EVENTS_PER_SECOND).all(|_| budget.spend(later)));
        assert!(!budget.spend(later));
        let much_later = later + Duration::from_secs(1 << 40);
        assert!((0..MAX_BURST).all(|_| budget.spend(much_later)));
        assert!(!budget.spend(much_later));
    }

    #[test]
    fn an_agent_that_reports_each_second_never_empties_the_bucket() {
        let mut now = Instant::now();
        let mut budget = Budget::default();
        for _ in 0..10_000 {
            now += Duration::from_secs(1);
            assert!(budget.spend(now) && budget.spend(now));
        }
    }
}
