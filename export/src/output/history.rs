//! The last moments of a run, for views that look back: a terminal, a page.
//!
//! The ring belongs to the thread of a view. An [`Output`](crate::output::Output) makes the moments in the
//! sampling thread, in buffers of moments that the ring has removed, and hands them over; it waits for
//! nothing. The ring is bounded by time and by bytes, whichever is less.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use virtmon_model::Identity;

use crate::output::moment::Moment;
use crate::output::moment_rows::GuestRow;

/// Usual length of the ring.
pub const DEFAULT_SPAN: Duration = Duration::from_secs(600);
/// Largest number of bytes of the moments of a ring.
pub const MAX_BYTES: usize = 64 << 20;

/// A ring of moments, the oldest first.
#[derive(Debug)]
pub struct History {
    moments: VecDeque<Arc<Moment>>,
    /// Sum of [`Moment::bytes`].
    bytes: usize,
    max_bytes: usize,
    span_ns: u64,
}

impl Default for History {
    fn default() -> Self {
        Self::new(DEFAULT_SPAN, MAX_BYTES)
    }
}

impl History {
    /// An empty ring of this length and size.
    #[must_use]
    pub fn new(span: Duration, max_bytes: usize) -> Self {
        Self {
            moments: VecDeque::new(),
            bytes: 0,
            max_bytes,
            span_ns: u64::try_from(span.as_nanos()).unwrap_or(u64::MAX),
        }
    }

    /// Adds the next moment, and passes those that no longer fit to `removed`. The newest moment stays,
    /// whatever its size.
    pub fn push(&mut self, moment: Arc<Moment>, mut removed: impl FnMut(Arc<Moment>)) {
        let oldest_ns = moment.tick.mono_ns.saturating_sub(self.span_ns);
        self.bytes += moment.bytes();
        self.moments.push_back(moment);
        while self.moments.len() > 1 {
            let is_too_old = |first: &Arc<Moment>| first.tick.mono_ns < oldest_ns;
            if self.bytes <= self.max_bytes && !self.moments.front().is_some_and(is_too_old) {
                break;
            }
            if let Some(first) = self.moments.pop_front() {
                self.bytes -= first.bytes();
                removed(first);
            }
        }
    }

    /// Removes all moments.
    pub fn clear(&mut self) {
        self.moments.clear();
        self.bytes = 0;
    }

    /// Number of moments.
    #[must_use]
    pub fn len(&self) -> usize {
        self.moments.len()
    }

    /// True if there is no moment.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.moments.is_empty()
    }

    /// Approximate memory of the moments, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The moment with this index; the oldest has 0.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&Arc<Moment>> {
        self.moments.get(at)
    }

    /// The newest moment.
    #[must_use]
    pub fn last(&self) -> Option<&Arc<Moment>> {
        self.moments.back()
    }

    /// All moments, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Moment>> + ExactSizeIterator {
        self.moments.iter()
    }

    /// Index of the last moment whose tick is not after this one; `None` if there is none.
    #[must_use]
    pub fn at_tick(&self, tick: u64) -> Option<usize> {
        let after = self
            .moments
            .partition_point(|moment| moment.tick.number <= tick);
        after.checked_sub(1)
    }

    /// Index of the first moment at or after this time of `CLOCK_MONOTONIC`, in ns.
    #[must_use]
    pub fn from_ns(&self, mono_ns: u64) -> usize {
        self.moments
            .partition_point(|moment| moment.tick.mono_ns < mono_ns)
    }

    /// The rows of a guest in the moments of a range of indices, the oldest first; `None` for a moment
    /// without it.
    pub fn guest(
        &self,
        identity: Identity,
        range: std::ops::Range<usize>,
    ) -> impl Iterator<Item = (&Moment, Option<&GuestRow>)> {
        let mut expected = 0;
        let range = range.start.min(self.len())..range.end.min(self.len());
        self.moments.range(range).map(move |moment| {
            let row = moment.guest_near(identity, expected);
            if let Some(at) = row {
                expected = at;
            }
            (&**moment, row.and_then(|at| moment.guests.get(at)))
        })
    }
}

impl Moment {
    /// Index of the row of a guest.
    #[must_use]
    pub fn find(&self, identity: Identity) -> Option<usize> {
        let at = self
            .guests
            .partition_point(|row| row.identity.id < identity.id);
        let same = self.guests[at..]
            .iter()
            .take_while(|row| row.identity.id == identity.id);
        same.into_iter()
            .position(|row| row.identity == identity)
            .map(|n| at + n)
    }

    /// As [`find`](Self::find); the expected index is tried first.
    fn guest_near(&self, identity: Identity, expected: usize) -> Option<usize> {
        let is_same = |row: &GuestRow| row.identity == identity;
        match self.guests.get(expected).is_some_and(is_same) {
            true => Some(expected),
            false => self.find(identity),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use virtmon_analysis::frame::{Frame, Tick};
    use virtmon_analysis::rates::DomainRates;
    use virtmon_model::Snapshot;

    use super::*;

    const S: u64 = 1_000_000_000;

    fn snapshot(ids: &[u32]) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for &id in ids {
            let domain = snapshot.domains.next_row();
            domain.identity.id = id;
            domain.name = Some("web".into());
            domain.nics.complete = true;
            domain.nics.rows.next_row().name.push_str("vif1.0");
        }
        snapshot
    }

    fn moment(number: u64, ids: &[u32], before: Option<&Moment>) -> Arc<Moment> {
        let tick = Tick {
            number,
            mono_ns: number * S,
            wall: UNIX_EPOCH,
            late_ns: 0,
            sample_ns: 0,
            missed: 0,
        };
        let snapshot = snapshot(ids);
        let rates = vec![DomainRates::default(); ids.len()];
        let mut moment = Moment::empty(tick);
        moment.copy(&Frame::new(tick, &snapshot, &rates), before);
        Arc::new(moment)
    }

    #[test]
    fn the_ring_is_bounded_by_time_and_by_bytes() {
        let mut history = History::new(Duration::from_secs(10), usize::MAX);
        let mut removed = Vec::new();
        for number in 0..20 {
            history.push(moment(number, &[1], None), |old| {
                removed.push(old.tick.number);
            });
        }
        assert_eq!(history.len(), 11);
        assert_eq!(removed, (0..9).collect::<Vec<_>>());
        let one = moment(0, &[1], None).bytes();
        assert_eq!(history.bytes(), 11 * one);
        let mut history = History::new(Duration::from_secs(1000), 3 * one);
        for number in 0..20 {
            history.push(moment(number, &[1], None), |_| {});
        }
        assert_eq!((history.len(), history.bytes()), (3, 3 * one));
        let many: Vec<u32> = (0..100).collect();
        history.push(moment(20, &many, None), |_| {});
        assert_eq!(history.len(), 1, "the newest stays");
    }

    #[test]
    fn moments_and_guests_are_found() {
        let mut history = History::default();
        for (number, ids) in [(3, &[1, 2][..]), (4, &[2]), (7, &[2, 5])] {
            history.push(moment(number, ids, None), |_| {});
        }
        assert_eq!(history.at_tick(2), None);
        assert_eq!(history.at_tick(6), Some(1));
        assert_eq!(history.at_tick(90), Some(2));
        assert_eq!(history.from_ns(4 * S), 1);
        assert_eq!(history.from_ns(5 * S), 2);
        let identity = Identity {
            id: 2,
            ..Identity::default()
        };
        let all = history.guest(identity, 0..9);
        assert!(all.into_iter().all(|(_, row)| row.is_some()));
        let five = Identity {
            id: 5,
            ..Identity::default()
        };
        let all: Vec<bool> = history
            .guest(five, 1..3)
            .map(|(_, row)| row.is_some())
            .collect();
        assert_eq!(all, [false, true]);
    }

    #[test]
    fn names_are_shared_between_moments() {
        let first = moment(0, &[1, 2], None);
        let second = moment(1, &[1, 2], Some(&first));
        let name = |moment: &Moment| moment.nics_of(&moment.guests[1])[0].name.clone();
        assert!(Arc::ptr_eq(&name(&first), &name(&second)));
        assert_eq!(&*name(&second), "vif1.0");
    }
}
