//! The lines of the table of guests: which, and in which order.

use std::cmp::Ordering;
use std::collections::HashMap;

use virtmon_export::output::history::History;
use virtmon_export::output::moment::Moment;
use virtmon_export::output::moment_rows::GuestRow;
use virtmon_model::{Identity, Role, State as DomainState};

use crate::cell::{self, Form};
use crate::column::Column;
use crate::filter::{Filter, RowFacts};
use crate::recent::{Gone, Recent, last_fresh};
use crate::state::{Sort, State};

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// A guest, by its index in the moment.
    Guest(usize),
    /// A guest that is gone, by its index in [`Recent::gone`].
    Gone(usize),
    /// A vCPU of a guest.
    Vcpu(usize, usize),
    /// A network interface of a guest.
    Nic(usize, usize),
    /// A block device of a guest.
    Disk(usize, usize),
}

/// The lines of the table.
#[derive(Debug, Default)]
pub struct Lines {
    /// All lines, in order.
    pub lines: Vec<Line>,
    /// Number of guests that match.
    pub matching: usize,
    /// Number of guests.
    pub all: usize,
}

/// A guest before it has a line.
struct Candidate<'a> {
    line: Line,
    row: &'a GuestRow,
    /// The row whose values decide its place: the last fresh one of a stale guest.
    sorted_by: &'a GuestRow,
    group: u8,
}

/// What the lines are made from.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The moment that is shown.
    pub moment: &'a Moment,
    /// Moments around it.
    pub history: &'a History,
    /// Index of the moment.
    pub at: usize,
    /// What happened before it.
    pub recent: &'a Recent,
}

/// The lines of the table at a moment.
#[must_use]
pub fn lines(state: &State, input: Input<'_>) -> Lines {
    let form = form(state, input.moment);
    let mut all = candidates(state, input);
    let is_present = |candidate: &&Candidate<'_>| matches!(candidate.line, Line::Guest(_));
    let count = all.iter().filter(is_present).count();
    let filter = &state.table.filter.0;
    all.retain(|candidate| matches(filter, candidate, input.recent, form));
    if state.table.hides_idle {
        all.retain(|candidate| !is_idle(candidate.row));
    }
    sort(&mut all, state.table.sort, form);
    if let Some(held) = &state.table.held {
        keep_order(&mut all, held);
    }
    let mut lines = Lines {
        matching: all.iter().filter(is_present).count(),
        all: count,
        ..Lines::default()
    };
    for (line, row) in with_stubs(all) {
        lines.lines.push(line);
        if let Line::Guest(at) = line {
            expand(state, input.moment, at, row, &mut lines.lines);
        }
    }
    lines
}

/// The form of values in a state.
#[must_use]
pub fn form(state: &State, moment: &Moment) -> Form {
    Form {
        units: state.units,
        cpu_of: state.cpu_of,
        pcpus: moment.host.pcpus,
    }
}

fn candidates<'a>(state: &State, input: Input<'a>) -> Vec<Candidate<'a>> {
    let group = |row: &GuestRow| match row.role {
        Some(Role::Control) => 0,
        _ if state.table.pinned.contains(&row.identity) => 1,
        _ => 2,
    };
    let guests = input.moment.guests.iter().enumerate().map(|(at, row)| {
        let fresh = (row.stale_ns > 0)
            .then(|| last_fresh(input.history, input.at, row.identity))
            .flatten();
        Candidate {
            line: Line::Guest(at),
            row,
            sorted_by: fresh.unwrap_or(row),
            group: group(row),
        }
    });
    let gone = input.recent.gone.iter().enumerate();
    let gone = gone.map(|(at, Gone { row, .. })| Candidate {
        line: Line::Gone(at),
        row,
        sorted_by: row,
        group: group(row),
    });
    let is_shown = |candidate: &Candidate<'_>| {
        !state.table.guests_only || matches!(candidate.row.role, None | Some(Role::Guest))
    };
    guests.chain(gone).filter(is_shown).collect()
}

fn matches(filter: &Filter, candidate: &Candidate<'_>, recent: &Recent, form: Form) -> bool {
    filter.is_empty() || {
        let is_gone = matches!(candidate.line, Line::Gone(_));
        let facts = RowFacts {
            mark: recent.mark(candidate.row),
            is_gone,
        };
        filter.matches(candidate.row, facts, form)
    }
}

/// True if a guest has no load.
fn is_idle(row: &GuestRow) -> bool {
    let is_small = |value: Option<f64>, limit: f64| value.is_none_or(|value| value < limit);
    let rates = [row.net_rx, row.net_tx, row.disk_rd, row.disk_wr];
    row.state != DomainState::Crashed
        && is_small(row.cpu_pct.get(), 1.0)
        && rates.iter().all(|rate| is_small(rate.get(), 1.0))
}

/// Sorts by the pinned group, then by the column; unknown values last in both directions, equal ones by id.
fn sort(all: &mut [Candidate<'_>], sort: Sort, form: Form) {
    let descends = sort.descends();
    let by = |a: &GuestRow, b: &GuestRow| {
        if sort.column.facts().is_text && sort.column != Column::Hist {
            let text = |row: &GuestRow| match sort.column {
                Column::Name => row.name.as_deref().map(str::to_lowercase),
                column => {
                    let text = cell::text(row, column, form);
                    (text != cell::UNKNOWN && !text.is_empty()).then_some(text)
                }
            };
            unknown_last(text(a), text(b), descends, |a, b| a.cmp(b))
        } else {
            let value = |row: &GuestRow| cell::value(row, sort.column, form);
            unknown_last(value(a), value(b), descends, f64::total_cmp)
        }
    };
    all.sort_by(|a, b| {
        a.group
            .cmp(&b.group)
            .then_with(|| by(a.sorted_by, b.sorted_by))
            .then_with(|| a.row.identity.id.cmp(&b.row.identity.id))
    });
}

fn unknown_last<T>(
    a: Option<T>,
    b: Option<T>,
    descends: bool,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descends => compare(&b, &a),
        (Some(a), Some(b)) => compare(&a, &b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Puts guests into an earlier order; those that were not in it come last.
fn keep_order(all: &mut [Candidate<'_>], held: &[Identity]) {
    let places: HashMap<&Identity, usize> =
        held.iter().enumerate().map(|(at, id)| (id, at)).collect();
    all.sort_by_key(|candidate| {
        let place = places.get(&candidate.row.identity);
        place.copied().unwrap_or(usize::MAX)
    });
}

/// Puts each stub domain under the guest that it serves.
fn with_stubs(all: Vec<Candidate<'_>>) -> impl Iterator<Item = (Line, &GuestRow)> {
    let mut stubs: HashMap<u32, Vec<(Line, &GuestRow)>> = HashMap::new();
    let listed: std::collections::HashSet<u32> = all
        .iter()
        .map(|candidate| candidate.row.identity.id)
        .collect();
    let mut rest = Vec::new();
    for candidate in all {
        let target = candidate.row.target_id.filter(|id| listed.contains(id));
        let is_stub = candidate.row.role == Some(Role::Stub);
        match target.filter(|_| is_stub) {
            Some(target) => {
                let stubs = stubs.entry(target).or_default();
                stubs.push((candidate.line, candidate.row));
            }
            None => rest.push((candidate.line, candidate.row)),
        }
    }
    rest.into_iter().flat_map(move |(line, row)| {
        let under = stubs.remove(&row.identity.id).unwrap_or_default();
        std::iter::once((line, row)).chain(under)
    })
}

fn expand(state: &State, moment: &Moment, at: usize, row: &GuestRow, lines: &mut Vec<Line>) {
    let table = &state.table;
    let is_opened = table.opened.contains(&row.identity);
    let count = |is_wanted: bool, count: usize| if is_wanted || is_opened { count } else { 0 };
    let vcpus = count(table.expanded.vcpus, moment.vcpus_of(row).len());
    lines.extend((0..vcpus).map(|n| Line::Vcpu(at, n)));
    let nics = count(table.expanded.nics, moment.nics_of(row).len());
    lines.extend((0..nics).map(|n| Line::Nic(at, n)));
    let disks = count(table.expanded.disks, moment.disks_of(row).len());
    lines.extend((0..disks).map(|n| Line::Disk(at, n)));
}

impl Lines {
    /// Index of the line of a guest.
    #[must_use]
    pub fn find(&self, identity: Identity, input: Input<'_>) -> Option<usize> {
        let mut lines = self.lines.iter();
        lines.position(|line| {
            self.row(*line, input)
                .is_some_and(|row| row.identity == identity)
        })
    }

    /// The row of a guest's own line; `None` for lines of its devices.
    #[must_use]
    pub fn row<'a>(&self, line: Line, input: Input<'a>) -> Option<&'a GuestRow> {
        match line {
            Line::Guest(at) => input.moment.guests.get(at),
            Line::Gone(at) => input.recent.gone.get(at).map(|gone| &gone.row),
            Line::Vcpu(..) | Line::Nic(..) | Line::Disk(..) => None,
        }
    }
}
