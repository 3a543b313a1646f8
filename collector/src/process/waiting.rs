//! A warning if the host takes long before the first tick.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Time until the warning.
const SILENT: Duration = Duration::from_secs(2);

/// Calls `work`. If it takes longer than two seconds, `warn` is called once, from another thread. That
/// thread has ended when this function returns.
pub(crate) fn warn_when_slow<T>(warn: fn(&str), work: impl FnOnce() -> T) -> T {
    warn_after(SILENT, warn, work)
}

fn warn_after<T>(silent: Duration, warn: fn(&str), work: impl FnOnce() -> T) -> T {
    let (done, is_done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let watch = move || {
            if is_done.recv_timeout(silent) == Err(RecvTimeoutError::Timeout) {
                warn("the host has not answered for 2 s; still waiting");
            }
        };
        // Without a thread there is no warning.
        let _ = thread::Builder::new().spawn_scoped(scope, watch);
        let result = work();
        drop(done);
        result
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use super::*;

    #[test]
    fn one_warning_when_it_is_slow_and_none_when_it_is_not() {
        static WARNINGS: AtomicU32 = AtomicU32::new(0);
        let warn = |_: &str| {
            WARNINGS.fetch_add(1, SeqCst);
        };
        assert_eq!(warn_after(Duration::from_secs(3600), warn, || 7), 7);
        assert_eq!(WARNINGS.load(SeqCst), 0);
        // The work is slow: it goes on until the warning.
        warn_after(Duration::ZERO, warn, || {
            while WARNINGS.load(SeqCst) == 0 {
                thread::yield_now();
            }
        });
        assert_eq!(WARNINGS.load(SeqCst), 1);
    }
}
