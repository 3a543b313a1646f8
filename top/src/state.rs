//! What the interface shows, as data. Keys change it ([`crate::keys`]), views draw it ([`crate::view`]).

use std::collections::HashSet;

use virtmon_model::{Capabilities, Identity};

use crate::cell::{CpuOf, Limits};
use crate::column::{Column, Shown};
use crate::filter::Filter;
use crate::number::Units;
use crate::position::Position;
use crate::prompt::Prompt;
use crate::zone::Zone;

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words are those of the help")]
pub enum View {
    Guests,
    Guest,
    Host,
    Nics,
    Disks,
    Vcpus,
    Events,
    Cost,
    Hosts,
}

/// What lies over the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// Help: page, and first line of it.
    Help {
        /// Number of the page, from 0.
        page: usize,
        /// First line that is shown.
        first: usize,
    },
    /// The choice of columns, with the line of the cursor.
    Columns(usize),
    /// The choice of the sort column, with the line of the cursor.
    Sort(usize),
}

/// Facts of the source that do not change.
#[derive(Debug, Clone)]
pub struct SourceFacts {
    /// Name of the host, or of the recording's file.
    pub name: String,
    /// Name of the backend in the registry; empty if it is unknown.
    pub backend: &'static str,
    /// Kinds of data that the backend reports.
    pub capabilities: Capabilities,
    /// Time between two ticks, in ns.
    pub interval_ns: u64,
    /// True if it is a recording.
    pub is_replay: bool,
    /// True if vCPUs are sampled.
    pub has_vcpus: bool,
}

/// Order of the table of guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The column.
    pub column: Column,
    /// True if the order is the reverse of the column's usual one.
    pub is_reversed: bool,
}

impl Sort {
    /// True if the largest value is first.
    #[must_use]
    pub fn descends(self) -> bool {
        self.column.ascends() == self.is_reversed
    }
}

/// Rows that are shown under every guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expanded {
    /// vCPUs.
    pub vcpus: bool,
    /// Network interfaces.
    pub nics: bool,
    /// Block devices.
    pub disks: bool,
}

/// The table of guests.
#[derive(Debug)]
pub struct Table {
    /// Columns that the user chose; the usual ones of the terminal's width if `None`.
    pub columns: Option<Vec<Shown>>,
    /// Order.
    pub sort: Sort,
    /// The filter, and its text.
    pub filter: (Filter, String),
    /// The selected guest; none until the first key that moves.
    pub selected: Option<Identity>,
    /// Line of the table on which the selected guest is, or at which the table begins to scroll.
    pub line: usize,
    /// First row, while no guest is selected.
    pub first: usize,
    /// Rows under every guest.
    pub expanded: Expanded,
    /// Guests that are expanded by themselves.
    pub opened: HashSet<Identity>,
    /// Guests that stand first.
    pub pinned: Vec<Identity>,
    /// Order that is kept while values change.
    pub held: Option<Vec<Identity>>,
    /// True if domain 0, stub domains and driver domains are hidden.
    pub guests_only: bool,
    /// True if guests without load are hidden.
    pub hides_idle: bool,
    /// Width of the name that the user has set.
    pub long_names: bool,
}

/// The whole state.
#[derive(Debug)]
pub struct State {
    /// The source.
    pub source: SourceFacts,
    /// The screen.
    pub view: View,
    /// Screens before it.
    pub back: Vec<View>,
    /// What lies over it.
    pub overlay: Option<Overlay>,
    /// Line that is being typed.
    pub prompt: Option<Prompt>,
    /// The table of guests.
    pub table: Table,
    /// First line, or selected line, of the other views.
    pub scroll: usize,
    /// The moment that is shown.
    pub position: Position,
    /// Units of rates.
    pub units: Units,
    /// The whole of CPU%.
    pub cpu_of: CpuOf,
    /// Limits of attention.
    pub limits: Limits,
    /// Zone of times.
    pub zone: Zone,
    /// A message for the status line, until the next key.
    pub message: Option<String>,
    /// True if the mouse is read.
    pub has_mouse: bool,
    /// Earlier filters, the last one last.
    pub filters: Vec<String>,
    /// Size of the terminal: columns and lines.
    pub size: (usize, usize),
    /// True if the interface is to end.
    pub is_quitting: bool,
}

impl State {
    /// The state at the start.
    #[must_use]
    pub fn new(source: SourceFacts, zone: Zone) -> Self {
        let position = Position::start(source.is_replay);
        Self {
            source,
            view: View::Guests,
            back: Vec::new(),
            overlay: None,
            prompt: None,
            table: Table::default(),
            scroll: 0,
            position,
            units: Units::default(),
            cpu_of: CpuOf::default(),
            limits: Limits::default(),
            zone,
            message: None,
            has_mouse: true,
            filters: Vec::new(),
            size: (80, 24),
            is_quitting: false,
        }
    }

    /// Columns of the table of guests on a terminal of this width.
    #[must_use]
    pub fn columns(&self, width: usize) -> Vec<Shown> {
        let usual = || {
            let usual = crate::column::usual(width, self.source.backend);
            let has = |shown: &Shown| self.source.has_vcpus || !shown.column.needs_vcpus();
            usual.into_iter().filter(has).collect()
        };
        self.table.columns.clone().unwrap_or_else(usual)
    }

    /// Sorts by a column; the order of the column in force is reversed.
    pub fn sort_by(&mut self, column: Column) {
        let sort = &mut self.table.sort;
        sort.is_reversed = sort.column == column && !sort.is_reversed;
        sort.column = column;
        self.table.held = None;
    }

    /// Opens a screen.
    pub fn open(&mut self, view: View) {
        if self.view != view {
            self.back.push(self.view);
            // Nobody goes back further.
            if self.back.len() > 20 {
                self.back.remove(0);
            }
            self.view = view;
        }
        self.scroll = 0;
    }

    /// Goes back to the screen before.
    pub fn go_back(&mut self) {
        self.view = self.back.pop().unwrap_or(View::Guests);
        self.scroll = 0;
    }
}

impl Default for Table {
    fn default() -> Self {
        Self {
            columns: None,
            sort: Sort {
                column: Column::Cpu,
                is_reversed: false,
            },
            filter: (Filter::default(), String::new()),
            selected: None,
            line: 0,
            first: 0,
            expanded: Expanded::default(),
            opened: HashSet::new(),
            pinned: Vec::new(),
            held: None,
            guests_only: false,
            hides_idle: false,
            long_names: false,
        }
    }
}
