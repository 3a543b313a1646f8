//! The totals of a run, which only metrics have: a file has the amounts of each tick.

use virtmon_analysis::event::EventKind;
use virtmon_analysis::frame::Frame;
use virtmon_analysis::totals::Totals;

use crate::schema::cell::Cell;
use crate::schema::column::{Table, columns};
use crate::schema::metric::{ColumnUse, counter, gauge, label};

/// The totals of a run.
#[derive(Debug)]
pub enum TotalsTable {}

/// Numbers of events of a run.
#[derive(Debug)]
pub enum EventTotalsTable {}

/// The totals at a tick.
#[derive(Debug, Clone, Copy)]
pub struct TotalsRow<'a> {
    totals: &'a Totals,
    failed: bool,
    wall_ns: u64,
}

impl Table for TotalsTable {
    type Row<'a> = TotalsRow<'a>;
    const NAME: &'static str = "totals";
    const HELP: &'static str = "virtmon itself, since its start.";
    columns! {
        "up" u64 gauge "0 or 1" "1 if the last sample succeeded, 0 if it failed" {any: "the collector"}
            |row| Cell::Number((!row.failed).into());
        "time_ns" u64 gauge "ns" "Start of the last sample by the wall clock, since 1970" {any: "CLOCK_REALTIME"}
            |row| Cell::Number(row.wall_ns);
        "ticks" u64 counter "ticks" "Number of ticks that were sampled" {any: "the collector"} |row| Cell::Number(row.totals.ticks);
        "missed" u64 counter "ticks" "Number of ticks without values: their time had passed, or the sample failed" {any: "the collector"}
            |row| Cell::Number(row.totals.missed);
        "failed" u64 counter "samples" "Number of samples that failed" {any: "the collector"} |row| Cell::Number(row.totals.failed);
        "dropped" u64 counter "ticks" "Number of ticks that outputs dropped because they were too slow, summed over the outputs"
            {any: "the outputs"} |row| Cell::Number(row.totals.dropped);
        "late_ns" u64 counter "ns" "Delay of the ticks after their due time" {any: "the collector's clock"} |row| Cell::Number(row.totals.late_ns);
        "sample_ns" u64 counter "ns" "Duration of the samples" {any: "the collector's clock"} |row| Cell::Number(row.totals.sample_ns);
        "cpu_ns" u64 counter "ns" "CPU time used by virtmon; with --detail self, like the next five" {any: "CLOCK_PROCESS_CPUTIME_ID"}
            |row| row.totals.self_stats.and_then(|stats| stats.cpu_ns).into();
        "rss_bytes" u64 gauge "bytes" "Resident memory of virtmon" {any: "/proc/self/statm"}
            |row| row.totals.self_stats.and_then(|stats| stats.rss_bytes).into();
        "page_faults" u64 counter "faults" "Page faults of virtmon, with and without disk access" {any: "getrusage"}
            |row| row.totals.self_stats.and_then(|stats| stats.page_faults).into();
        "switches" u64 counter "switches" "Context switches of virtmon, voluntary and involuntary" {any: "getrusage"}
            |row| row.totals.self_stats.and_then(|stats| stats.switches).into();
        "calls" u64 counter "calls" "Hypercalls or RPCs made for sampling" {xen: "hypercalls", libvirt: "RPCs"}
            |row| row.totals.self_stats.and_then(|stats| stats.calls).into();
        "bytes" u64 counter "bytes" "Bytes written to the outputs that have a queue" {any: "the outputs"}
            |row| row.totals.self_stats.map(|stats| stats.bytes).into();
    }

    const METRICS: &'static [ColumnUse] = &[
        gauge("up", "virtmon_up"),
        gauge("time_ns", "virtmon_tick_timestamp_seconds"),
        counter("ticks", "virtmon_ticks"),
        counter("missed", "virtmon_missed_ticks"),
        counter("failed", "virtmon_failed_samples"),
        counter("dropped", "virtmon_dropped_ticks"),
        counter("late_ns", "virtmon_late_seconds"),
        counter("sample_ns", "virtmon_sample_seconds"),
        counter("cpu_ns", "virtmon_cpu_seconds"),
        gauge("rss_bytes", "virtmon_resident_memory_bytes"),
        counter("page_faults", "virtmon_page_faults"),
        counter("switches", "virtmon_context_switches"),
        counter("calls", "virtmon_hypervisor_calls"),
        counter("bytes", "virtmon_written_bytes"),
    ];

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&TotalsRow<'a>)) {
        each(&TotalsRow {
            totals: frame.totals,
            failed: frame.failed,
            wall_ns: frame.tick.wall_ns(),
        });
    }
}

impl Table for EventTotalsTable {
    type Row<'a> = (EventKind, u64);
    const NAME: &'static str = "event_totals";
    const HELP: &'static str = "Events since the start of virtmon.";
    columns! {
        "kind" text label "" "Kind of the event" {any: "the event table"} |row| Cell::Word(row.0.as_str());
        "events" u64 counter "events" "Number of events since the start of virtmon, by their kind" {any: "the event table"}
            |row| Cell::Number(row.1);
    }

    const METRICS: &'static [ColumnUse] =
        &[label("kind", "kind"), counter("events", "virtmon_events")];

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        for (kind, count) in EventKind::ALL.iter().zip(frame.totals.events) {
            each(&(*kind, count));
        }
    }
}
