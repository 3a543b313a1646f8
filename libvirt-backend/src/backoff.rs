use std::time::{Duration, Instant};

/// The first pause; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(250);
/// The longest pause: how late a daemon that is back may be noticed.
const LONGEST: Duration = Duration::from_secs(4);

/// When to try again to reach a daemon that is away, so that a short interval does not become a
/// storm of connections.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    until: Instant,
    pause: Duration,
    why: String,
}

impl Backoff {
    /// Why it is not time yet to try, if it is not.
    pub(crate) fn refuses(&self, now: Instant) -> Option<&str> {
        let waiting = self.waiting.as_ref()?;
        (now < waiting.until).then_some(&*waiting.why)
    }

    /// Takes in that trying failed, and why.
    pub(crate) fn failed(&mut self, now: Instant, why: String) {
        let pause = self
            .waiting
            .as_ref()
            .map_or(FIRST, |last| (last.pause * 2).min(LONGEST));
        self.waiting = Some(Waiting {
            until: now + pause,
            pause,
            why,
        });
    }

    /// Takes in that all is well.
    pub(crate) fn succeeded(&mut self) {
        self.waiting = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_start_anew() {
        let mut backoff = Backoff::default();
        let mut now = Instant::now();
        assert_eq!(backoff.refuses(now), None);
        for ms in [250, 500, 1000, 2000, 4000, 4000] {
            backoff.failed(now, format!("{ms}"));
            now += Duration::from_millis(ms - 1);
            assert_eq!(backoff.refuses(now), Some(&*format!("{ms}")));
            now += Duration::from_millis(1);
            assert_eq!(backoff.refuses(now), None);
        }
        backoff.succeeded();
        backoff.failed(now, "again".into());
        assert_eq!(backoff.refuses(now + FIRST), None);
    }
}
