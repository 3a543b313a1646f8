//! The columns of the tick, in every table.

use crate::schema::SCHEMA;
use crate::schema::cell::Cell;
use crate::schema::column::{Table, columns};
use crate::schema::metric::{ColumnUse, gauge, unused};
use virtmon_analysis::frame::{Frame, Tick};

/// The first columns of every table: number and times of the tick.
#[derive(Debug)]
pub enum TickColumns {}

impl Table for TickColumns {
    type Row<'a> = Tick;
    const NAME: &'static str = "tick";
    const HELP: &'static str = "The first columns of every table.";
    columns! {
        "schema" u64 label "" "Version of this table's columns"
            {any: "constant"} |_| Cell::Number(SCHEMA);
        "tick" u64 label "" "Number of the tick, from 0: it was due at t0 + tick x interval"
            {any: "the collector's clock"} |tick| Cell::Number(tick.number);
        "time" time label "RFC 3339, UTC" "Start of the sample by the wall clock, which may step"
            {any: "CLOCK_REALTIME"} |tick| Cell::Time(tick.wall);
        "mono_ns" u64 counter "ns" "Start of the sample by the monotonic clock; rates divide by its differences"
            {any: "CLOCK_MONOTONIC"} |tick| Cell::Number(tick.mono_ns);
        "late_ns" u64 gauge "ns" "Delay of the start of the sample after its due time: due = mono_ns - late_ns"
            {any: "the collector's clock"} |tick| Cell::Number(tick.late_ns);
        "sample_ns" u64 gauge "ns" "Duration of the sample of all domains"
            {any: "the collector's clock"} |tick| Cell::Number(tick.sample_ns);
        "missed" u64 gauge "ticks" "Number of ticks since the tick before that are in no table: their time had passed, or the sample failed"
            {any: "the collector's clock"} |tick| Cell::Number(tick.missed);
    }

    const METRICS: &'static [ColumnUse] = &[
        unused("schema", "virtmon_build_info has the version"),
        unused("tick", "virtmon_ticks_total counts the ticks"),
        unused("time", "virtmon_tick_timestamp_seconds"),
        unused(
            "mono_ns",
            "virtmon_tick_timestamp_seconds is the wall clock, as scrapes are",
        ),
        gauge("late_ns", "virtmon_tick_late_seconds")
            .help("Delay of the last sample after its due time"),
        gauge("sample_ns", "virtmon_tick_sample_seconds").help("Duration of the last sample"),
        unused(
            "missed",
            "virtmon_missed_ticks_total is its sum since the start",
        ),
    ];

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        each(&frame.tick);
    }
}
