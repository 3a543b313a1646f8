//! What happened shortly before a moment: marks of rows, and rows of guests that are gone.

use std::collections::HashMap;

use virtmon_analysis::event::{Event, EventKind};
use virtmon_export::output::history::History;
use virtmon_export::output::moment::Moment;
use virtmon_export::output::moment_rows::GuestRow;
use virtmon_model::Identity;

use crate::event_text;

/// Time that `+` and `R` stay, in ns.
const MARK_NS: u64 = 10_000_000_000;
/// Time that the row of a guest that is gone stays, in ns.
const GONE_NS: u64 = 5_000_000_000;
/// Time of the events in NOTE, in ns.
const NOTE_NS: u64 = 60_000_000_000;

/// What happened shortly before a moment.
#[derive(Debug, Default)]
pub struct Recent {
    /// Marks of guests.
    marks: HashMap<Identity, Mark>,
    /// Guests that are gone.
    pub gone: Vec<Gone>,
}

/// Marks of one guest.
#[derive(Debug, Clone, Default)]
struct Mark {
    is_new: bool,
    is_reset: bool,
    note: Option<(String, u64)>,
}

/// A guest that is gone, with its last row.
#[derive(Debug, Clone)]
pub struct Gone {
    /// The last row.
    pub row: GuestRow,
    /// Time of the tick at which it was gone, in ns since 1970.
    pub wall_ns: u64,
    /// Time since then, in ns.
    pub age_ns: u64,
}

impl Recent {
    /// What happened before the moment with this index. In a replay (`is_replay`) the row of a guest that is
    /// gone stays for its tick alone.
    #[must_use]
    pub fn of(history: &History, at: usize, is_replay: bool) -> Self {
        let mut recent = Self::default();
        let Some(now) = history.get(at) else {
            return recent;
        };
        let now_ns = now.tick.mono_ns;
        let first = history.from_ns(now_ns.saturating_sub(NOTE_NS));
        for n in first..=at {
            let Some(moment) = history.get(n) else { break };
            let age_ns = now_ns.saturating_sub(moment.tick.mono_ns);
            for event in &moment.events {
                recent.add(event, age_ns);
                let stays = if is_replay { n == at } else { age_ns < GONE_NS };
                if event.kind == EventKind::Destroyed && stays {
                    recent.add_gone(history, n, event, age_ns);
                }
            }
        }
        recent
    }

    fn add(&mut self, event: &Event, age_ns: u64) {
        let Some(identity) = event.identity else {
            return;
        };
        let mark = self.marks.entry(identity).or_default();
        match event.kind {
            EventKind::Created => mark.is_new |= age_ns < MARK_NS,
            EventKind::Rebooted | EventKind::IdReused | EventKind::CounterReset => {
                mark.is_reset |= age_ns < MARK_NS;
            }
            _ => {}
        }
        if event.follows.is_none() {
            mark.note = Some((event_text::note(event), age_ns));
        }
    }

    fn add_gone(&mut self, history: &History, at: usize, event: &Event, age_ns: u64) {
        let before = at.checked_sub(1).and_then(|at| history.get(at));
        let row = before.zip(event.identity).and_then(|(before, identity)| {
            let at = before.find(identity)?;
            before.guests.get(at)
        });
        let moment = history.get(at);
        if let (Some(row), Some(moment)) = (row, moment) {
            self.gone.push(Gone {
                row: row.clone(),
                wall_ns: moment.tick.wall_ns(),
                age_ns,
            });
        }
    }

    /// The mark of a guest's row, but for `!`.
    #[must_use]
    pub fn mark(&self, row: &GuestRow) -> char {
        let mark = self.marks.get(&row.identity);
        if mark.is_some_and(|mark| mark.is_new) {
            '+'
        } else if row.is_reset || mark.is_some_and(|mark| mark.is_reset) {
            'R'
        } else if row.stale_ns > 0 {
            '~'
        } else {
            ' '
        }
    }

    /// The last event of a guest, and its age in ns.
    #[must_use]
    pub fn note(&self, identity: Identity) -> Option<(&str, u64)> {
        let (text, age_ns) = self.marks.get(&identity)?.note.as_ref()?;
        Some((text, *age_ns))
    }
}

/// The last row of a guest before it was stale: it keeps its place in the order.
#[must_use]
pub fn last_fresh(history: &History, at: usize, identity: Identity) -> Option<&GuestRow> {
    let row = |moment: &'_ std::sync::Arc<Moment>| moment.find(identity);
    (0..=at).rev().find_map(|n| {
        let moment = history.get(n)?;
        let row = moment.guests.get(row(moment)?)?;
        (row.stale_ns == 0).then_some(row)
    })
}
