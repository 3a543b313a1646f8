use std::time::Duration;

/// No reading is given up before this: a machine under load takes its time.
const LEAST: Duration = Duration::from_millis(200);
/// Nor waited for longer than this.
const MOST: Duration = Duration::from_secs(30);
/// How many times the usual a reading may take.
const TIMES: u32 = 8;

/// How long to wait for a reading: a multiple of what it usually takes, which differs a
/// thousandfold between a local host with one guest and a remote one with hundreds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    usual: Duration,
}

impl Patience {
    /// Before the first reading of so many guests: 20 ms each, some five times what a QEMU that
    /// answers takes.
    pub(crate) fn for_guests(guests: usize) -> Self {
        let guests = u32::try_from(guests).unwrap_or(u32::MAX);
        let first = Duration::from_millis(500) + Duration::from_millis(20).saturating_mul(guests);
        Self {
            usual: first.min(MOST) / TIMES,
        }
    }

    /// Learns from a reading: slower ones at once, faster ones by and by.
    pub(crate) fn learn(&mut self, took: Duration) {
        self.usual = took.max(self.usual - self.usual / 16);
    }

    /// How long the next one may take.
    pub(crate) fn allowed(&self) -> Duration {
        self.usual.saturating_mul(TIMES).clamp(LEAST, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_slow_is_waited_for_and_what_is_fast_is_not_for_long() {
        let ms = Duration::from_millis;
        let mut patience = Patience::for_guests(5);
        assert_eq!(patience.allowed(), ms(600));
        patience.learn(ms(400));
        assert_eq!(patience.allowed(), ms(3200));
        for _ in 0..200 {
            patience.learn(ms(9));
        }
        assert_eq!(patience.allowed(), LEAST);
        patience.learn(Duration::from_secs(60));
        assert_eq!(patience.allowed(), MOST);
        assert_eq!(Patience::for_guests(usize::MAX).allowed(), MOST);
    }
}
