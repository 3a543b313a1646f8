use std::io;
use std::time::{Duration, Instant};

use virtmon_model::Error;

/// The first pause; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(250);
/// The longest pause: how late a daemon that is back may be noticed.
const LONGEST: Duration = Duration::from_secs(2);

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
    call: String,
    said: String,
}

impl Backoff {
    /// Fails as the last try did while it is not time yet for another.
    pub(crate) fn check(&self, now: Instant) -> Result<(), Error> {
        match &self.waiting {
            Some(waiting) if now < waiting.until => Err(Error::call(
                &*waiting.call,
                io::Error::other(&*waiting.said),
            )),
            _ => Ok(()),
        }
    }

    /// Takes in that trying failed, and why.
    pub(crate) fn failed(&mut self, now: Instant, why: &Error) {
        let (call, said) = match why {
            Error::Call { call, source } => (call.clone(), source.to_string()),
            other => ("libvirt".into(), other.to_string()),
        };
        let pause = self
            .waiting
            .as_ref()
            .map_or(FIRST, |last| (last.pause * 2).min(LONGEST));
        self.waiting = Some(Waiting {
            until: now + pause,
            pause,
            call,
            said,
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
        let why = Error::call("virConnectOpenReadOnly", io::Error::other("refused"));
        assert!(backoff.check(now).is_ok());
        for ms in [250, 500, 1000, 2000, 2000] {
            backoff.failed(now, &why);
            now += Duration::from_millis(ms - 1);
            let refused = backoff.check(now).unwrap_err();
            assert_eq!(refused.to_string(), why.to_string());
            now += Duration::from_millis(1);
            assert!(backoff.check(now).is_ok());
        }
        backoff.succeeded();
        backoff.failed(now, &why);
        assert!(backoff.check(now + FIRST).is_ok());
    }
}
