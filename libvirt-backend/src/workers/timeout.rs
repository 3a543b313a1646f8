use std::time::Duration;

/// No reading is given up before this: a machine under load takes its time.
const LEAST: Duration = Duration::from_millis(150);
/// Nor waited for longer than this.
const MOST: Duration = Duration::from_secs(30);
/// How many times the usual a reading may take.
const TIMES: u32 = 4;

/// How long to wait for a reading: a multiple of what it usually takes, which differs a
/// thousandfold between a local host with one guest and a remote one with hundreds. Too little costs
/// another reader for a moment, too much delays the reading in which a guest gets stuck.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// What the last readings took. The least of it is the usual: one slow reading says little.
    last: [Duration; 4],
    next: usize,
    /// The most of an interval that may be waited, where that is known.
    share: Duration,
}

impl Patience {
    /// Before the first reading of so many guests: 20 ms each, some five times what a QEMU that
    /// answers takes.
    pub(crate) fn for_guests(guests: usize) -> Self {
        let guests = u32::try_from(guests).unwrap_or(u32::MAX);
        let first = Duration::from_millis(500) + Duration::from_millis(20).saturating_mul(guests);
        Self {
            last: [first.min(MOST) / TIMES; 4],
            next: 0,
            share: MOST,
        }
    }

    /// Leaves room in an interval for what is done once a guest has been given up.
    pub(crate) fn fit(&mut self, interval: Option<Duration>) {
        self.share = interval.map_or(MOST, |interval| interval / 5 * 2);
    }

    /// How long a single guest may take that is asked by itself.
    pub(crate) fn for_one(&self) -> Duration {
        LEAST
    }

    /// Learns from a reading.
    pub(crate) fn learn(&mut self, took: Duration) {
        self.last[self.next] = took;
        self.next = (self.next + 1) % self.last.len();
    }

    /// How long the next one may take.
    pub(crate) fn allowed(&self) -> Duration {
        let usual = self.last.iter().min().copied().unwrap_or_default();
        let most = self.share.max(usual.saturating_mul(2));
        usual.saturating_mul(TIMES).min(most).clamp(LEAST, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// How long is waited after such readings of five guests.
    fn after(readings: &[u64]) -> Duration {
        let mut patience = Patience::for_guests(5);
        for &took in readings {
            patience.learn(ms(took));
        }
        patience.allowed()
    }

    #[test]
    fn what_is_slow_is_waited_for_and_what_is_fast_is_not_for_long() {
        assert_eq!(after(&[]), ms(600));
        assert_eq!(after(&[400, 60]), ms(240));
        assert_eq!(after(&[60, 400, 300, 600]), ms(240));
        assert_eq!(after(&[60, 400, 300, 600, 500]), ms(1200));
        assert_eq!(after(&[1]), LEAST);
        assert_eq!(after(&[60_000; 4]), MOST);
        assert_eq!(Patience::for_guests(usize::MAX).allowed(), MOST);
    }
}
