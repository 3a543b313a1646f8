//! The time that a sample may take.

use std::time::Duration;

/// Minimum timeout: a machine under load is slow.
const MIN_TIMEOUT: Duration = Duration::from_millis(150);
/// Maximum timeout.
const MAX_TIMEOUT: Duration = Duration::from_secs(30);
/// Ratio of the timeout to the usual duration of a sample.
const FACTOR: u32 = 4;

/// The time that a sample may take: a multiple of the usual duration, which differs a thousandfold between a
/// local host with one guest and a remote one with hundreds. A timeout that is too short costs another
/// worker for a moment; one that is too long delays the sample in which a guest blocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdaptiveTimeout {
    /// Durations of the last samples. The shortest is the usual one: one slow sample says little.
    last: [Duration; 4],
    next: usize,
    /// The part of an interval that may be spent waiting, if the interval is known.
    share: Duration,
}

impl AdaptiveTimeout {
    /// The timeout before the first sample of this number of guests: 20 ms for each, about five times what
    /// a QEMU that answers takes.
    pub(crate) fn for_guests(guests: usize) -> Self {
        let guests = u32::try_from(guests).unwrap_or(u32::MAX);
        let first = Duration::from_millis(500) + Duration::from_millis(20).saturating_mul(guests);
        Self {
            last: [first.min(MAX_TIMEOUT) / FACTOR; 4],
            next: 0,
            share: MAX_TIMEOUT,
        }
    }

    /// Limits the timeout to two fifths of an interval, which leaves time for the work that follows a
    /// timeout.
    pub(crate) fn limit_to_interval(&mut self, interval: Option<Duration>) {
        self.share = interval.map_or(MAX_TIMEOUT, |interval| interval / 5 * 2);
    }

    /// The timeout for one guest that is queried by a call of its own.
    pub(crate) fn per_guest(&self) -> Duration {
        MIN_TIMEOUT
    }

    /// Records the duration of a sample.
    pub(crate) fn record(&mut self, took: Duration) {
        self.last[self.next] = took;
        self.next = (self.next + 1) % self.last.len();
    }

    /// The timeout for the next sample.
    pub(crate) fn current(&self) -> Duration {
        let usual = self.last.iter().min().copied().unwrap_or_default();
        let max = self.share.max(usual.saturating_mul(2));
        usual
            .saturating_mul(FACTOR)
            .min(max)
            .clamp(MIN_TIMEOUT, MAX_TIMEOUT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// The timeout after samples of five guests that took these numbers of ms.
    fn after(samples: &[u64]) -> Duration {
        let mut timeout = AdaptiveTimeout::for_guests(5);
        for &took in samples {
            timeout.record(ms(took));
        }
        timeout.current()
    }

    #[test]
    fn the_timeout_follows_the_duration_of_samples() {
        assert_eq!(after(&[]), ms(600));
        assert_eq!(after(&[400, 60]), ms(240));
        assert_eq!(after(&[60, 400, 300, 600]), ms(240));
        assert_eq!(after(&[60, 400, 300, 600, 500]), ms(1200));
        assert_eq!(after(&[1]), MIN_TIMEOUT);
        assert_eq!(after(&[60_000; 4]), MAX_TIMEOUT);
        assert_eq!(
            AdaptiveTimeout::for_guests(usize::MAX).current(),
            MAX_TIMEOUT
        );
    }
}
