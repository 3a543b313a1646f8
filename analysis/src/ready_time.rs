//! Ready time of a vCPU on Xen: an estimate from its states at each sample. Half of an interval counts for
//! each end of it at which the vCPU was ready. A vCPU that was paused, blocked or offline did not wait.

use virtmon_model::VcpuState;

use crate::counter;

/// Number of intervals that the estimate of the ready percentage covers: one interval alone only has
/// the values 0, 50 and 100.
pub(crate) const WINDOW: usize = 10;

/// Estimated ready time of a vCPU.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadyTime {
    /// Sum since the vCPU was first sampled, in ns.
    pub(crate) total_ns: u64,
    /// Two bits for each interval of the window, the newest lowest: the number of its ends at which the
    /// vCPU was ready, or [`NOT_RUNNABLE`].
    ends: u32,
    /// Length of the intervals of the window that count, in ns.
    pub(crate) window_ns: u64,
    /// Time waited in them, in ns.
    waited_ns: u64,
}

/// An interval that does not count: the vCPU could not run at one of its ends, or there is no interval.
pub(crate) const NOT_RUNNABLE: u32 = 3;
/// The bits of the whole window.
const WINDOW_BITS: u32 = (1 << (2 * WINDOW)) - 1;

impl ReadyTime {
    /// Ready time of a vCPU that was not sampled before.
    pub(crate) const NONE: Self = Self {
        total_ns: 0,
        ends: WINDOW_BITS,
        window_ns: 0,
        waited_ns: 0,
    };

    /// Adds an interval of `interval_ns`, and removes the oldest one of the window, of `left_ns`.
    #[inline]
    pub(crate) fn push(&mut self, ends: u32, interval_ns: u64, left_ns: u64) {
        let left = self.ends >> (2 * (WINDOW - 1));
        self.ends = (self.ends << 2 | ends) & WINDOW_BITS;
        if left != NOT_RUNNABLE {
            self.window_ns = self.window_ns.saturating_sub(left_ns);
            self.waited_ns = self.waited_ns.saturating_sub(waited_ns(left, left_ns));
        }
        if ends != NOT_RUNNABLE {
            self.window_ns = self.window_ns.saturating_add(interval_ns);
            self.waited_ns = self.waited_ns.saturating_add(waited_ns(ends, interval_ns));
        }
    }

    /// Share of the window in percent; `None` if no interval of the window counts.
    #[inline]
    pub(crate) fn share(&self) -> Option<f64> {
        match (self.waited_ns, self.window_ns) {
            (_, 0) => None,
            (0, _) => Some(0.0),
            (waited_ns, window_ns) => Some(counter::ratio(waited_ns, window_ns) * 100.0),
        }
    }
}

/// Time waited in an interval with this number of ready ends.
pub(crate) fn waited_ns(ends: u32, interval_ns: u64) -> u64 {
    interval_ns / 2 * u64::from(ends)
}

/// True if a vCPU in this state may run: it runs, waits for a pCPU, or waits for an event.
pub(crate) fn is_runnable(state: VcpuState) -> bool {
    matches!(
        state,
        VcpuState::Running | VcpuState::Ready | VcpuState::Blocked
    )
}
