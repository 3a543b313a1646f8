//! The clock of a recording that plays.

use std::time::{Duration, Instant};

use crate::position::Position;
use crate::scene::Run;
use crate::state::State;
use crate::{goto, time_keys};

/// Longest step of the clock: a suspended process does not skip its recording.
const MAX_STEP: Duration = Duration::from_millis(500);

/// Moves the position of a recording that plays.
#[derive(Debug)]
pub struct Clock {
    last: Instant,
    /// Time of the recording that is shown, in ns of its monotonic clock, and its tick.
    at: Option<(u64, u64)>,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            last: Instant::now(),
            at: None,
        }
    }

    /// Moves the position by the time since the last call. True if another tick is shown.
    pub fn advance(&mut self, state: &mut State, run: &Run) -> bool {
        let elapsed = self.last.elapsed().min(MAX_STEP);
        self.last = Instant::now();
        let Position::Tick {
            tick,
            plays: true,
            speed,
        } = state.position
        else {
            self.at = None;
            return false;
        };
        let log = &run.log;
        let Some(shown) = log.ticks().get(log.at(tick)) else {
            return false;
        };
        let from_ns = match self.at {
            Some((ns, at)) if at == tick => ns,
            _ => shown.mono_ns,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "half a second, a thousand times at most"
        )]
        let step_ns = (elapsed.as_secs_f64() * speed * 1e9) as u64;
        let now_ns = from_ns.saturating_add(step_ns);
        let is_end = log.last().is_some_and(|last| now_ns >= last.mono_ns) && !run.is_indexing;
        let found = goto::at_mono(log, now_ns);
        let target = if found.mono_ns > now_ns {
            // A tick is shown from its time on, not before.
            log.ticks()
                .get(log.at(found.number).saturating_sub(1))
                .map_or(tick, |before| before.number)
        } else {
            found.number
        };
        let target = target.max(tick);
        self.at = Some((now_ns, target));
        state.position = Position::Tick {
            tick: target,
            plays: !is_end,
            speed,
        };
        if is_end {
            if let Some(last) = log.last() {
                state.position = Position::Tick {
                    tick: last.number,
                    plays: false,
                    speed,
                };
            }
            state.message = Some(time_keys::end_text(state, run, true));
        }
        target != tick || is_end
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
