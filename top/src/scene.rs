//! Everything that a view draws from: the state, and the moments around the one that is shown.

use virtmon_export::output::history::History;
use virtmon_export::output::moment::Moment;
use virtmon_export::output::moment_rows::GuestRow;
use virtmon_model::Identity;

use crate::cell::Form;
use crate::log::Log;
use crate::recent::Recent;
use crate::rows::{self, Input, Lines};
use crate::state::State;

/// What is known of the run or recording.
#[derive(Debug, Default)]
pub struct Run {
    /// Moments, with values.
    pub history: History,
    /// Ticks and events.
    pub log: Log,
    /// True while the log does not cover the whole recording yet.
    pub is_indexing: bool,
    /// True if the moment of the position is being loaded.
    pub is_loading: bool,
    /// What is damaged or at an end, for the status line.
    pub notice: Option<String>,
}

/// One screen to be drawn.
pub struct Scene<'a> {
    /// The state.
    pub state: &'a State,
    /// The run.
    pub run: &'a Run,
    /// Index of the moment that is shown.
    pub at: usize,
    /// The moment that is shown.
    pub moment: &'a Moment,
    /// What happened before it.
    pub recent: Recent,
    /// Lines of the table of guests.
    pub lines: Lines,
}

impl<'a> Scene<'a> {
    /// The scene of a state; `None` while there is no moment.
    #[must_use]
    pub fn new(state: &'a State, run: &'a Run) -> Option<Self> {
        let at = run.shown(state)?;
        let moment = run.history.get(at)?;
        let recent = Recent::of(&run.history, at, state.source.is_replay);
        let mut scene = Self {
            state,
            run,
            at,
            moment,
            recent,
            lines: Lines::default(),
        };
        scene.lines = rows::lines(state, scene.input());
        Some(scene)
    }

    /// What the lines are made from.
    #[must_use]
    pub fn input(&self) -> Input<'_> {
        Input {
            moment: self.moment,
            history: &self.run.history,
            at: self.at,
            recent: &self.recent,
        }
    }

    /// The form of values.
    #[must_use]
    pub fn form(&self) -> Form {
        rows::form(self.state, self.moment)
    }

    /// Index of the line of the selected guest.
    #[must_use]
    pub fn selected_line(&self) -> Option<usize> {
        let selected = self.state.table.selected?;
        self.lines.find(selected, self.input())
    }

    /// The selected guest's row; the first line's if none is selected.
    #[must_use]
    pub fn selected_row(&self) -> Option<&GuestRow> {
        let at = self.selected_line().unwrap_or(0);
        let input = self.input();
        self.lines.row(*self.lines.lines.get(at)?, input)
    }

    /// A value of a guest in the last `columns` slots of `slot_ns` up to this moment, the oldest first. A slot
    /// has the largest value of its moments; `None` if it has none.
    #[must_use]
    pub fn series(
        &self,
        identity: Identity,
        columns: usize,
        slot_ns: u64,
        value: impl Fn(&GuestRow) -> Option<f64>,
    ) -> Vec<Option<f64>> {
        let now_ns = self.moment.tick.mono_ns;
        let span = slot_ns.saturating_mul(columns as u64);
        let first = self.run.history.from_ns(now_ns.saturating_sub(span));
        let mut slots = vec![None; columns];
        for (moment, row) in self.run.history.guest(identity, first..self.at + 1) {
            put(&mut slots, now_ns, slot_ns, moment, row.and_then(&value));
        }
        slots
    }

    /// A value of the moments, like [`series`](Self::series).
    #[must_use]
    pub fn host_series(
        &self,
        columns: usize,
        slot_ns: u64,
        value: impl Fn(&Moment) -> Option<f64>,
    ) -> Vec<Option<f64>> {
        let now_ns = self.moment.tick.mono_ns;
        let span = slot_ns.saturating_mul(columns as u64);
        let first = self.run.history.from_ns(now_ns.saturating_sub(span));
        let mut slots = vec![None; columns];
        for at in first..=self.at {
            if let Some(moment) = self.run.history.get(at) {
                put(&mut slots, now_ns, slot_ns, moment, value(moment));
            }
        }
        slots
    }
}

/// Puts a value into the slot of its moment.
fn put(slots: &mut [Option<f64>], now_ns: u64, slot_ns: u64, moment: &Moment, value: Option<f64>) {
    // The start of a sample jitters: half a slot is added, so that each sample has a slot of its own.
    let age_ns = now_ns.saturating_sub(moment.tick.mono_ns) + slot_ns / 2;
    let back = usize::try_from(age_ns / slot_ns.max(1)).unwrap_or(usize::MAX);
    let slot = slots.len().checked_sub(back + 1);
    if let Some(slot) = slot.and_then(|slot| slots.get_mut(slot)) {
        *slot = match (*slot, value) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
    }
}

impl Run {
    /// Index of the moment that a state shows.
    #[must_use]
    pub fn shown(&self, state: &State) -> Option<usize> {
        let newest = self.history.len().checked_sub(1)?;
        match state.position.tick() {
            None => Some(newest),
            Some(tick) => Some(self.history.at_tick(tick).unwrap_or(0)),
        }
    }
}
