//! The ticks and events of a run or of a recording, without values: for marks, seeks and the list of events.

use std::collections::VecDeque;

use virtmon_analysis::event::{Event, EventKind, Value};
use virtmon_export::output::moment::Moment;

/// Largest number of events that are kept.
const MAX_EVENTS: usize = 20_000;
/// Largest number of ticks that are kept.
const MAX_TICKS: usize = 4_000_000;

/// A tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoggedTick {
    /// Number of the tick.
    pub number: u64,
    /// Start of the sample by the wall clock, in ns since 1970.
    pub wall_ns: u64,
    /// Start of the sample: `CLOCK_MONOTONIC`, in ns.
    pub mono_ns: u64,
    /// CPU of the host in percent of all pCPUs; unknown if it is not a number.
    pub busy_pct: f32,
}

/// An event with its tick.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    /// Number of the tick.
    pub tick: u64,
    /// Time of the tick, in ns since 1970.
    pub wall_ns: u64,
    /// Time of the tick: `CLOCK_MONOTONIC`, in ns.
    pub mono_ns: u64,
    /// The event.
    pub event: Event,
    /// Of a creation: number of vCPUs and bytes of memory at the end of the setup.
    pub setup: Option<(u64, u64)>,
}

/// Ticks and events, the oldest first.
#[derive(Debug, Default)]
pub struct Log {
    ticks: VecDeque<LoggedTick>,
    events: VecDeque<LoggedEvent>,
    /// True if the oldest ticks were removed.
    is_cut: bool,
}

impl Log {
    /// Adds the tick and the events of a moment.
    pub fn add(&mut self, moment: &Moment) {
        self.apply(Addition::of(moment));
    }

    /// Adds the next tick and its events. Events of the setup of a guest become part of its creation.
    pub fn apply(&mut self, addition: Addition) {
        self.add_tick(addition.tick);
        for logged in addition.events {
            if let Some(kind) = logged.event.follows {
                self.add_setup(kind, &logged.event);
                continue;
            }
            if self.events.len() >= MAX_EVENTS {
                self.events.pop_front();
            }
            self.events.push_back(logged);
        }
    }

    /// Adds a tick.
    pub fn add_tick(&mut self, tick: LoggedTick) {
        if self.ticks.len() >= MAX_TICKS {
            self.ticks.pop_front();
            self.is_cut = true;
        }
        self.ticks.push_back(tick);
    }

    /// Adds a step of the setup of a guest to its creation.
    fn add_setup(&mut self, kind: EventKind, step: &Event) {
        let mut events = self.events.iter_mut().rev().take(1_000);
        let Some(begin) = events
            .find(|logged| logged.event.kind == kind && logged.event.identity == step.identity)
        else {
            return;
        };
        if step.name.is_some() {
            begin.event.name.clone_from(&step.name);
        }
        if let (Some(setup), Value::Number(new)) = (&mut begin.setup, &step.new) {
            match step.kind {
                EventKind::VcpusChanged => setup.0 = *new,
                EventKind::MemoryChanged => setup.1 = *new,
                _ => {}
            }
        }
    }

    /// Removes ticks before this one. Events stay.
    pub fn forget_ticks_before(&mut self, number: u64) {
        while self.ticks.front().is_some_and(|tick| tick.number < number) {
            self.ticks.pop_front();
            self.is_cut = true;
        }
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// All ticks, the oldest first.
    #[must_use]
    pub fn ticks(&self) -> &VecDeque<LoggedTick> {
        &self.ticks
    }

    /// All events, the oldest first.
    #[must_use]
    pub fn events(&self) -> &VecDeque<LoggedEvent> {
        &self.events
    }

    /// First tick.
    #[must_use]
    pub fn first(&self) -> Option<LoggedTick> {
        self.ticks.front().copied()
    }

    /// Last tick.
    #[must_use]
    pub fn last(&self) -> Option<LoggedTick> {
        self.ticks.back().copied()
    }

    /// Index of the last tick that is not after this number; 0 if all are.
    #[must_use]
    pub fn at(&self, number: u64) -> usize {
        let after = self.ticks.partition_point(|tick| tick.number <= number);
        after.saturating_sub(1)
    }

    /// The first tick at or after this time, in ns since 1970, as far as the wall clock ascends; else the
    /// last one.
    #[must_use]
    pub fn from_wall(&self, wall_ns: u64) -> Option<LoggedTick> {
        let at = self.ticks.partition_point(|tick| tick.wall_ns < wall_ns);
        self.ticks.get(at).or(self.ticks.back()).copied()
    }
}

/// What a moment adds to a log.
#[derive(Debug)]
pub struct Addition {
    tick: LoggedTick,
    events: Vec<LoggedEvent>,
}

impl Addition {
    /// What a moment adds.
    #[must_use]
    pub fn of(moment: &Moment) -> Self {
        let tick = LoggedTick::of(moment);
        let logged = |event: &Event| {
            let row = event.identity.and_then(|identity| {
                let at = moment.find(identity)?;
                moment.guests.get(at)
            });
            let is_begin = event.kind == EventKind::Created;
            let setup = row.filter(|_| is_begin).map(|row| {
                let vcpus = row.vcpus_online.unwrap_or(0).into();
                (vcpus, row.mem_bytes.unwrap_or(0))
            });
            LoggedEvent {
                tick: tick.number,
                wall_ns: tick.wall_ns,
                mono_ns: tick.mono_ns,
                event: event.clone(),
                setup,
            }
        };
        Self {
            tick,
            events: moment.events.iter().map(logged).collect(),
        }
    }
}

impl LoggedTick {
    /// The tick of a moment.
    #[must_use]
    pub fn of(moment: &Moment) -> Self {
        let busy = moment.host.busy_pct.get().zip(moment.host.pcpus);
        let busy = busy.map(|(pct, pcpus)| pct / f64::from(pcpus.max(1)));
        #[expect(clippy::cast_possible_truncation, reason = "a percentage")]
        let busy_pct = busy.map_or(f32::NAN, |pct| pct as f32);
        Self {
            number: moment.tick.number,
            wall_ns: moment.tick.wall_ns(),
            mono_ns: moment.tick.mono_ns,
            busy_pct,
        }
    }
}

impl LoggedEvent {
    /// What the event changed.
    #[must_use]
    pub fn what(&self) -> String {
        let what = crate::event_text::what(&self.event);
        match self.setup {
            Some((vcpus, bytes)) if vcpus > 0 || bytes > 0 => {
                let plural = if vcpus == 1 { "" } else { "s" };
                let memory = crate::number::bytes(virtmon_analysis::counter::ratio(bytes, 1));
                let setup = format!("{vcpus} vCPU{plural}, {memory}");
                if what.is_empty() {
                    setup
                } else {
                    format!("{setup}, {what}")
                }
            }
            _ => what,
        }
    }
}
