//! Detection of suspends of the host and of steps of its wall clock.

use std::borrow::Cow;
use std::time::Duration;
#[cfg(test)]
use std::time::UNIX_EPOCH;

use virtmon_model::Timestamps;
use virtmon_model::timestamps::since_1970_ns;

use crate::event::{Event, EventKind, Value};

/// Smallest difference between two clocks, in ns, that counts: the clocks are read one after the
/// other, so small differences are normal.
const STEP: u128 = 500_000_000;

/// Adds an event if the host was suspended between two samples, and one if its wall clock was set.
/// A clock that is slewed is not an event: slewing changes its speed by at most one thousandth
/// (adjtimex(2)).
pub fn compare(before: &Timestamps, now: &Timestamps, events: &mut Vec<Event>) {
    let passed_ns = now.boot_ns.saturating_sub(before.boot_ns);
    let suspended_ns = passed_ns.saturating_sub(now.mono_ns.saturating_sub(before.mono_ns));
    if u128::from(suspended_ns) > STEP {
        let cause = Cow::Borrowed("CLOCK_BOOTTIME advanced and CLOCK_MONOTONIC did not");
        events.push(Event {
            new: Value::Number(suspended_ns),
            ..Event::host(EventKind::Suspended, cause)
        });
    }
    let expected = before.wall + Duration::from_nanos(passed_ns);
    let (by, word) = match now.wall.duration_since(expected) {
        Ok(by) => (by, "forward"),
        Err(error) => (error.duration(), "back"),
    };
    if by.as_nanos() > STEP + u128::from(passed_ns / 1000) {
        let cause = Cow::Owned(format!("it was set {word} by {:.3} s", by.as_secs_f64()));
        events.push(Event {
            old: Value::Number(since_1970_ns(expected)),
            new: Value::Number(since_1970_ns(now.wall)),
            ..Event::host(EventKind::ClockStepped, cause)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn changes(
        passed_ns: u64,
        suspended_ns: u64,
        wall_passed_ns: u64,
    ) -> Vec<(EventKind, Value, Value)> {
        let at = |ns| UNIX_EPOCH + Duration::from_nanos(ns);
        let before = Timestamps {
            mono_ns: 5 * SECOND,
            boot_ns: 7 * SECOND,
            wall: at(1_000 * SECOND),
        };
        let now = Timestamps {
            mono_ns: before.mono_ns + passed_ns - suspended_ns,
            boot_ns: before.boot_ns + passed_ns,
            wall: at(1_000 * SECOND + wall_passed_ns),
        };
        let mut events = Vec::new();
        compare(&before, &now, &mut events);
        let parts = |event: Event| (event.kind, event.old, event.new);
        events.into_iter().map(parts).collect()
    }

    #[test]
    fn a_suspended_host_and_a_wall_clock_that_was_set() {
        let number = Value::Number;
        assert_eq!(changes(SECOND, 0, SECOND), []);
        // Slewed for an hour, as fast as the kernel does.
        assert_eq!(changes(3_600 * SECOND, 0, 3_602 * SECOND), []);
        let slept = (EventKind::Suspended, Value::Nothing, number(60 * SECOND));
        assert_eq!(changes(61 * SECOND, 60 * SECOND, 61 * SECOND), [slept]);
        let set = |to| [(EventKind::ClockStepped, number(1_001 * SECOND), number(to))];
        assert_eq!(changes(SECOND, 0, 9 * SECOND), set(1_009 * SECOND));
        assert_eq!(changes(SECOND, 0, 0), set(1_000 * SECOND));
    }
}
