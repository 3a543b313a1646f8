//! The columns of the tick, in every table.

use crate::schema::SCHEMA;
use crate::schema::cell::Cell;
use crate::schema::column::Table;
use crate::schema::column::columns;
use virtmon_analysis::frame::{Frame, Tick};

/// What every table's rows begin with: the number and times of the tick.
#[derive(Debug)]
pub enum TickColumns {}

impl Table for TickColumns {
    type Row<'a> = Tick;
    const NAME: &'static str = "tick";
    const HELP: &'static str = "What every table's rows begin with.";
    columns! {
        "schema" [""] "version of this table's columns"
            ("constant") |_| Cell::Number(SCHEMA);
        "tick" [""] "number of the tick, from 0: it was due at t0 + tick x interval"
            ("the collector's clock") |tick| Cell::Number(tick.number);
        "time" ["RFC 3339, UTC"] "wall clock when reading began; it may step"
            ("CLOCK_REALTIME") |tick| Cell::Time(tick.wall);
        "mono_ns" ["ns"] "monotonic clock when reading began; rates divide by its differences"
            ("CLOCK_MONOTONIC") |tick| Cell::Number(tick.mono_ns);
        "late_ns" ["ns"] "how long after its due time reading began: due = mono_ns - late_ns"
            ("the collector's clock") |tick| Cell::Number(tick.late_ns);
        "sample_ns" ["ns"] "how long reading all domains took"
            ("the collector's clock") |tick| Cell::Number(tick.sample_ns);
        "missed" ["ticks"] "ticks that are in no table since the tick before: their time had passed, or reading failed"
            ("the collector's clock") |tick| Cell::Number(tick.missed);
    }

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        each(&frame.tick);
    }
}
