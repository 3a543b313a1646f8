//! The pauses between attempts to reach a daemon that does not answer.

use std::io;
use std::time::{Duration, Instant};

use virtmon_model::Error;

/// The first pause. Each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause. A daemon that is back is noticed no later than that.
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// The time of the next attempt to connect. It keeps a short sampling interval from causing a storm of
/// connections.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    until: Instant,
    pause: Duration,
    call: String,
    message: String,
}

impl Backoff {
    /// Returns the error of the last attempt until the next one is due.
    pub(crate) fn check(&self, now: Instant) -> Result<(), Error> {
        match &self.waiting {
            Some(waiting) if now < waiting.until => Err(Error::call(
                &*waiting.call,
                io::Error::other(&*waiting.message),
            )),
            _ => Ok(()),
        }
    }

    /// Records a failed attempt and its error.
    pub(crate) fn failed(&mut self, now: Instant, error: &Error) {
        let (call, message) = match error {
            Error::Call { call, source } => (call.clone(), source.to_string()),
            other => ("libvirt".into(), other.to_string()),
        };
        let pause = self
            .waiting
            .as_ref()
            .map_or(FIRST_PAUSE, |last| (last.pause * 2).min(MAX_PAUSE));
        self.waiting = Some(Waiting {
            until: now + pause,
            pause,
            call,
            message,
        });
    }

    /// Records a successful attempt.
    pub(crate) fn succeeded(&mut self) {
        self.waiting = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_a_success_resets_them() {
        let mut backoff = Backoff::default();
        let mut now = Instant::now();
        let error = Error::call("virConnectOpenReadOnly", io::Error::other("refused"));
        assert!(backoff.check(now).is_ok());
        for ms in [250, 500, 1000, 2000, 2000] {
            backoff.failed(now, &error);
            now += Duration::from_millis(ms - 1);
            let refused = backoff.check(now).unwrap_err();
            assert_eq!(refused.to_string(), error.to_string());
            now += Duration::from_millis(1);
            assert!(backoff.check(now).is_ok());
        }
        backoff.succeeded();
        backoff.failed(now, &error);
        assert!(backoff.check(now + FIRST_PAUSE).is_ok());
    }
}
