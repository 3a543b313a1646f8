//! A limit for messages.

use std::time::{Duration, Instant};

/// Largest number of messages at once.
const BURST: u32 = 100;
/// Time after which one more message is allowed.
const EACH: Duration = Duration::from_secs(1);

/// A token bucket: one message a second, 100 at most.
#[derive(Debug)]
pub(super) struct Limit {
    left: u32,
    /// Time when the bucket was filled last.
    filled: Option<Instant>,
}

impl Limit {
    pub(super) const fn new() -> Self {
        Self {
            left: BURST,
            filled: None,
        }
    }

    /// True if one more message is allowed now.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        let filled = *self.filled.get_or_insert(now);
        let seconds = now.saturating_duration_since(filled).as_secs();
        if seconds > 0 {
            let more = u32::try_from(seconds).unwrap_or(u32::MAX);
            self.left = self.left.saturating_add(more).min(BURST);
            // The rest of a second counts for the next message.
            self.filled = Some(if more < BURST {
                filled + EACH * more
            } else {
                now
            });
        }
        let allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_at_once_then_one_a_second() {
        let mut limit = Limit::new();
        let start = Instant::now();
        let mut allowed = |ms: u64, messages: u32| {
            let now = start + Duration::from_millis(ms);
            (0..messages).filter(|_| limit.allows(now)).count()
        };
        assert_eq!(allowed(0, 1_000), 100);
        assert_eq!(allowed(999, 10), 0);
        assert_eq!(allowed(1_000, 10), 1);
        assert_eq!(allowed(3_900, 10), 2);
        assert_eq!(allowed(4_000, 10), 1, "the 900 ms before count");
        assert_eq!(allowed(10_000_000, 1_000), 100);
    }
}
