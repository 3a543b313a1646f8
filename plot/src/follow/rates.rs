//! Rates of counters between two rows of a guest.

use crate::follow::place::Place;
use crate::follow::visitor::{DomainTick, VALUES, Value};
use crate::rows::domain::{COUNTERS, DomainRow};

/// The counters of each guest's last row.
#[derive(Debug, Default)]
pub(super) struct Rates {
    guests: Vec<Option<Before>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Before {
    host: usize,
    sequence: u64,
    counters: [Option<u64>; COUNTERS],
}

impl Rates {
    /// The values of a guest's row.
    pub(super) fn values(&mut self, at: &Place, guest: usize, row: &DomainRow) -> DomainTick {
        if self.guests.len() <= guest {
            self.guests.resize(guest + 1, None);
        }
        let before = self.guests[guest].replace(Before {
            host: at.host,
            sequence: at.sequence,
            counters: row.counters,
        });
        let before = before.filter(|before| before.host == at.host);
        let ago = before.map(|before| at.sequence.saturating_sub(before.sequence));
        // Missed ticks are between two rows of one run: rates divide by the time between them.
        let is_known = ago.is_some_and(|ago| ago <= 1 + u64::from(at.missed > 0));
        let old = before.unwrap_or_default().counters;
        let mut rates = [None; COUNTERS];
        if is_known && !row.is_reset && at.elapsed_ns > 0 {
            for (rate, (old, new)) in rates.iter_mut().zip(old.into_iter().zip(row.counters)) {
                let delta = old.zip(new).and_then(|(old, new)| new.checked_sub(old));
                *rate = delta.map(|delta| per_second(delta, at.elapsed_ns));
            }
        }
        let [received, sent, read, written] = rates;
        let sum = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a + b);
        let mut values = [None; VALUES];
        for (value, known) in [
            (Value::Cpu, row.cpu_pct),
            (Value::Memory, row.mem),
            (Value::Network, sum(received, sent)),
            (Value::Disk, sum(read, written)),
            (Value::Received, received),
            (Value::Sent, sent),
            (Value::Read, read),
            (Value::Written, written),
            (Value::MemoryMax, row.mem_max),
            (Value::MemoryTarget, row.mem_target),
            (Value::MemoryUsed, row.mem_used),
        ] {
            values[value as usize] = known;
        }
        DomainTick {
            guest,
            values,
            is_new: !is_known,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a rate has no more digits than a double"
)]
fn per_second(delta: u64, elapsed_ns: u64) -> f64 {
    delta as f64 * 1e9 / elapsed_ns as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_divide_by_the_time_between_two_rows_of_one_life() {
        let mut rates = Rates::default();
        let mut received = |sequence, missed, bytes, is_reset| {
            let at = Place {
                sequence,
                missed,
                elapsed_ns: 2_000_000_000,
                ..Place::default()
            };
            let row = DomainRow {
                counters: [Some(bytes), Some(0), None, None],
                is_reset,
                ..DomainRow::default()
            };
            let tick = rates.values(&at, 3, &row);
            (
                tick.value(Value::Network),
                tick.value(Value::Disk),
                tick.is_new,
            )
        };
        assert_eq!(received(1, 0, 100, false), (None, None, true));
        assert_eq!(received(2, 0, 300, false), (Some(100.0), None, false));
        assert_eq!(received(3, 0, 700, true), (None, None, false));
        assert_eq!(received(4, 0, 600, false), (None, None, false));
        assert_eq!(received(5, 0, 600, false), (Some(0.0), None, false));
        // The guest was absent, or another run began.
        assert_eq!(received(7, 0, 900, false), (None, None, true));
        assert_eq!(received(9, 4, 1_000, false), (Some(50.0), None, false));
    }
}
