//! Outputs that are read on demand: a metrics page, a terminal.
//!
//! The sampling thread copies a frame only if a reader has asked since the last copy, or has asked for the
//! frames of some time. While nobody reads, a tick costs a look at the clock and at two numbers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use virtmon_analysis::frame::Frame;
use virtmon_model::Needs;

use crate::output::error::OutputError;
use crate::output::owned_frame::OwnedFrame;
use crate::output::{Offer, Output};

/// An output whose readers get a copy of the last frame.
#[derive(Debug)]
pub struct Latest {
    name: String,
    needs: Needs,
    shared: Arc<Shared>,
}

/// Reads the frames of a [`Latest`], in any thread.
#[derive(Debug, Clone)]
pub struct LatestReader(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The time from which the times below are counted.
    start: Instant,
    /// True if a reader has asked since the last copy.
    is_asked: AtomicBool,
    /// Time up to which every frame is copied, in ns.
    keep_ns: AtomicU64,
    /// Time of the last frame, in ns.
    offered_ns: AtomicU64,
    /// Time of the last frame of a sample that succeeded, in ns; 0 before the first one.
    sampled_ns: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    frame: Option<Arc<OwnedFrame>>,
    /// Time of the last copy.
    copied: Option<Instant>,
    /// Time of the last frame when it was copied, in ns.
    copied_ns: u64,
    /// Number of copies made.
    copies: u64,
    is_closed: bool,
}

impl Latest {
    /// An output of this name, and a reader of it. `needs` is what must be sampled for its readers.
    #[must_use]
    pub fn new(name: impl Into<String>, needs: Needs) -> (Self, LatestReader) {
        let shared = Arc::new(Shared {
            start: Instant::now(),
            is_asked: AtomicBool::new(false),
            keep_ns: AtomicU64::new(0),
            offered_ns: AtomicU64::new(0),
            sampled_ns: AtomicU64::new(0),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let reader = LatestReader(Arc::clone(&shared));
        let name = name.into();
        let output = Self {
            name,
            needs,
            shared,
        };
        (output, reader)
    }
}

impl Output for Latest {
    fn name(&self) -> &str {
        &self.name
    }

    fn needs(&self) -> Needs {
        self.needs
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        let shared = &*self.shared;
        let now_ns = shared.ns(Instant::now());
        shared.offered_ns.store(now_ns, Ordering::Release);
        if !frame.failed {
            shared.sampled_ns.store(now_ns, Ordering::Release);
        }
        let is_kept = now_ns < shared.keep_ns.load(Ordering::Acquire);
        if is_kept || shared.is_asked.load(Ordering::Acquire) {
            shared.is_asked.store(false, Ordering::Release);
            let copy = Arc::new(OwnedFrame::copy(frame));
            let mut state = shared.lock();
            let old = state.frame.replace(copy);
            state.copies += 1;
            state.copied = Some(Instant::now());
            state.copied_ns = now_ns;
            drop(state);
            shared.changed.notify_all();
            drop(old);
        }
        Offer::Accepted
    }

    fn close(&mut self, _gives_up: &mut dyn FnMut() -> bool) -> Result<(), OutputError> {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify_all();
        Ok(())
    }
}

impl LatestReader {
    /// The last copy that was made, for whichever reader; `None` before the first one. A copy for the
    /// next call is made at the next tick.
    #[must_use]
    pub fn last(&self) -> Option<Arc<OwnedFrame>> {
        self.0.is_asked.store(true, Ordering::Release);
        self.0.lock().frame.clone()
    }

    /// Requests a copy of every frame for this time from now on.
    pub fn keep_for(&self, time: Duration) {
        let until = Instant::now() + time;
        self.0.keep_ns.fetch_max(self.0.ns(until), Ordering::AcqRel);
    }

    /// The last copy, if it is of the last tick or was made at this time or later. No copy is requested.
    #[must_use]
    pub fn copy_since(&self, since: Instant) -> Option<Arc<OwnedFrame>> {
        let state = self.0.lock();
        let is_last = state.copied_ns == self.0.offered_ns.load(Ordering::Acquire);
        let is_new = is_last || state.copied.is_some_and(|copied| copied >= since);
        state.frame.clone().filter(|_| is_new)
    }

    /// Time since the last sample that succeeded; `None` before the first one.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        let sampled_ns = self.0.sampled_ns.load(Ordering::Acquire);
        let age_ns = self.0.ns(Instant::now()).saturating_sub(sampled_ns);
        (sampled_ns > 0).then_some(Duration::from_nanos(age_ns))
    }

    /// True if the run has ended: no further frame comes.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.lock().is_closed
    }

    /// Waits for the frame of the next tick, for at most `timeout`. Returns the last copy if there is
    /// none in that time, or the run has ended.
    #[must_use]
    pub fn next(&self, timeout: Duration) -> Option<Arc<OwnedFrame>> {
        let state = self.0.lock();
        let copies = state.copies;
        self.0.is_asked.store(true, Ordering::Release);
        let is_same = |state: &mut State| state.copies == copies && !state.is_closed;
        let waited = self.0.changed.wait_timeout_while(state, timeout, is_same);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.frame.clone()
    }
}

impl Shared {
    /// Time from the start to this moment, in ns; 1 at the start.
    fn ns(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.start).as_nanos();
        u64::try_from(since).map_or(u64::MAX, |ns| ns.saturating_add(1))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::UNIX_EPOCH;

    use virtmon_analysis::frame::Tick;
    use virtmon_model::Snapshot;

    use super::*;

    fn offer(latest: &mut Latest, number: u64) {
        let tick = Tick {
            number,
            mono_ns: number,
            wall: UNIX_EPOCH,
            late_ns: 0,
            sample_ns: 0,
            missed: 0,
        };
        let mut snapshot = Snapshot::default();
        snapshot.host.pcpus = Some(4);
        assert_eq!(
            latest.offer(&Frame::new(tick, &snapshot, &[])),
            Offer::Accepted
        );
    }

    fn number(frame: Option<Arc<OwnedFrame>>) -> Option<u64> {
        frame.map(|frame| frame.frame().tick.number)
    }

    #[test]
    fn a_frame_is_copied_only_for_a_reader_that_asked() {
        let (mut latest, reader) = Latest::new("metrics", Needs::default());
        offer(&mut latest, 0);
        assert_eq!(number(reader.last()), None, "nobody had asked");
        offer(&mut latest, 1);
        offer(&mut latest, 2);
        assert_eq!(number(reader.last()), Some(1), "one copy for one question");
        assert_eq!(reader.last().unwrap().frame().snapshot.host.pcpus, Some(4));
        assert_eq!(number(reader.next(Duration::ZERO)), Some(1));
        offer(&mut latest, 3);
        assert_eq!(latest.shared.lock().copies, 2);
    }

    #[test]
    fn every_frame_is_copied_for_the_time_that_was_asked_for() {
        let (mut latest, reader) = Latest::new("metrics", Needs::default());
        assert_eq!(reader.age(), None);
        offer(&mut latest, 0);
        assert!(reader.age().is_some());
        let before = Instant::now();
        assert_eq!(number(reader.copy_since(before)), None, "nobody had asked");
        reader.keep_for(Duration::from_secs(3600));
        offer(&mut latest, 1);
        offer(&mut latest, 2);
        assert_eq!(number(reader.copy_since(before)), Some(2));
        latest.shared.keep_ns.store(0, Ordering::Release);
        let between = Instant::now();
        offer(&mut latest, 3);
        assert_eq!(
            number(reader.copy_since(between)),
            None,
            "not the last tick"
        );
        assert_eq!(
            number(reader.copy_since(before)),
            Some(2),
            "of the time given"
        );
    }

    #[test]
    fn a_reader_waits_for_the_next_tick_or_the_end() {
        let (mut latest, reader) = Latest::new("metrics", Needs::default());
        let waiting = thread::spawn(move || {
            let long = Duration::from_secs(3600);
            [reader.next(long), reader.next(long)].map(number)
        });
        while !latest.shared.is_asked.load(Ordering::Acquire) {
            thread::yield_now();
        }
        offer(&mut latest, 7);
        while !latest.shared.is_asked.load(Ordering::Acquire) {
            thread::yield_now();
        }
        latest.close(&mut || false).unwrap();
        assert_eq!(waiting.join().unwrap(), [Some(7), Some(7)]);
    }
}
