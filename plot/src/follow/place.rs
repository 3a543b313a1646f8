//! The place of a tick: its interval, and whether it continues the tick before.

use std::collections::HashMap;

use crate::rows::tick::TickFacts;

/// A tick on the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Begin of the interval that its rates cover, in ns on the axis.
    pub start_ns: i64,
    /// Its time, in ns on the axis.
    pub end_ns: i64,
    /// Time since the tick before of the same run by the monotonic clock; 0 if there is none.
    pub elapsed_ns: u64,
    /// Place among the ticks of its host: it continues the tick that has one less.
    pub sequence: u64,
    /// Number of its run and host.
    pub host: usize,
    /// Number of its run.
    pub run: usize,
    /// Number of ticks without rows before it.
    pub missed: u64,
    /// Delay of its sample, in ns.
    pub late_ns: Option<u64>,
}

/// The last tick of each host of a table.
#[derive(Debug, Default)]
pub struct Places {
    hosts: HashMap<(usize, Vec<u8>), usize>,
    last: Vec<Last>,
    /// The host of the last row.
    recent: Option<(usize, Vec<u8>, usize)>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    facts: TickFacts,
    place: Place,
}

impl Places {
    /// The place of a row's tick, at `place_ns` on the axis; true if the tick is another one than that
    /// of the last row of its host.
    pub fn place(
        &mut self,
        run: usize,
        host: &[u8],
        facts: &TickFacts,
        place_ns: i64,
    ) -> (Place, bool) {
        let Some(at) = self.host(run, host) else {
            let at = self.last.len();
            let place = Place {
                start_ns: place_ns,
                end_ns: place_ns,
                sequence: 1,
                host: at,
                run,
                late_ns: facts.late_ns,
                ..Place::default()
            };
            self.hosts.insert((run, host.to_vec()), at);
            self.recent = Some((run, host.to_vec(), at));
            let facts = *facts;
            self.last.push(Last { facts, place });
            return (place, true);
        };
        let last = &mut self.last[at];
        if last.facts == *facts {
            return (last.place, false);
        }
        let place = next(last, facts, place_ns);
        let facts = *facts;
        *last = Last { facts, place };
        (place, true)
    }

    fn host(&mut self, run: usize, host: &[u8]) -> Option<usize> {
        if let Some((known_run, known, at)) = &self.recent
            && *known_run == run
            && known == host
        {
            return Some(*at);
        }
        let at = *self.hosts.get(&(run, host.to_vec()))?;
        self.recent = Some((run, host.to_vec(), at));
        Some(at)
    }
}

fn next(last: &Last, facts: &TickFacts, place_ns: i64) -> Place {
    let missed = facts.missed.unwrap_or(0);
    let elapsed = match (last.facts.mono_ns, facts.mono_ns) {
        (Some(before), Some(now)) => now.checked_sub(before),
        (None, None) => u64::try_from(place_ns.saturating_sub(last.place.end_ns)).ok(),
        _ => None,
    };
    let elapsed = elapsed.unwrap_or(0);
    let is_next = match (last.facts.number, facts.number) {
        _ if elapsed == 0 => false,
        (Some(before), Some(now)) => now > before && now - before - 1 == missed,
        _ => last.place.elapsed_ns == 0 || elapsed / 3 * 2 <= last.place.elapsed_ns,
    };
    let elapsed_ns = if is_next { elapsed } else { 0 };
    let covered = elapsed_ns / missed.saturating_add(1);
    Place {
        start_ns: place_ns.saturating_sub(i64::try_from(covered).unwrap_or(0)),
        end_ns: place_ns,
        elapsed_ns,
        sequence: last.place.sequence + if is_next && missed == 0 { 1 } else { 2 },
        host: last.place.host,
        run: last.place.run,
        missed,
        late_ns: facts.late_ns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_continues_the_one_before_unless_ticks_are_missed_or_a_run_begins() {
        let mut places = Places::default();
        let mut at = |number, mono_ns, missed, time| {
            let facts = TickFacts {
                time_ns: 0,
                mono_ns: Some(mono_ns),
                number: Some(number),
                late_ns: None,
                missed: Some(missed),
            };
            let (place, is_new) = places.place(0, b"", &facts, time);
            (place.start_ns, place.end_ns, place.sequence, is_new)
        };
        assert_eq!(at(0, 1_000, 0, 50), (50, 50, 1, true));
        assert_eq!(at(0, 1_000, 0, 50), (50, 50, 1, false));
        assert_eq!(at(1, 1_010, 0, 60), (50, 60, 2, true));
        // Three are missed: the rate is of all four intervals, and the last one is drawn.
        assert_eq!(at(5, 1_050, 3, 100), (90, 100, 4, true));
        assert_eq!(at(6, 1_060, 0, 110), (100, 110, 5, true));
        // Rows were removed.
        assert_eq!(at(9, 1_090, 0, 140), (140, 140, 7, true));
        // Another run.
        assert_eq!(at(0, 5, 0, 150), (150, 150, 9, true));
    }

    #[test]
    fn without_numbers_a_long_interval_is_a_gap() {
        let mut places = Places::default();
        let mut at = |time| {
            let facts = TickFacts {
                time_ns: time,
                ..TickFacts::default()
            };
            let (place, _) = places.place(0, b"", &facts, time);
            (place.start_ns, place.sequence)
        };
        assert_eq!(at(0), (0, 1));
        assert_eq!(at(10), (0, 2));
        assert_eq!(at(21), (10, 3));
        assert_eq!(at(60), (60, 5));
    }
}
