//! How many events a guest may cause: a bucket that fills slowly.

use std::time::Instant;

/// Events at once: the drivers of a guest with dozens of devices write some hundred times while they
/// start.
pub(super) const BURST: u32 = 1024;
/// Events a second that a guest may cause for ever: an agent that reports writes one or two.
const A_SECOND: u32 = 8;

/// What a guest has left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    left: u32,
    /// Up to when it was filled; never, while nothing was spent.
    filled: Option<Instant>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            left: BURST,
            filled: None,
        }
    }
}

impl Budget {
    /// Takes one event. Says whether it was there.
    pub(super) fn spend(&mut self, now: Instant) -> bool {
        let filled = *self.filled.get_or_insert(now);
        let seconds = now.saturating_duration_since(filled).as_secs();
        if seconds > 0 {
            let more = u64::from(A_SECOND).saturating_mul(seconds);
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            self.left = self.left.saturating_add(more).min(BURST);
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
        assert!((0..BURST).all(|_| budget.spend(began)));
        assert!(!budget.spend(began));
        let later = began + Duration::from_secs(2);
        assert!((0..2 * A_SECOND).all(|_| budget.spend(later)));
        assert!(!budget.spend(later));
        let much_later = later + Duration::from_secs(1 << 40);
        assert!((0..BURST).all(|_| budget.spend(much_later)));
        assert!(!budget.spend(much_later));
    }

    #[test]
    fn an_agent_that_reports_each_second_never_comes_to_the_end() {
        let mut now = Instant::now();
        let mut budget = Budget::default();
        for _ in 0..10_000 {
            now += Duration::from_secs(1);
            assert!(budget.spend(now) && budget.spend(now));
        }
    }
}
