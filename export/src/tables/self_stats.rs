//! The table of self statistics.

use crate::schema::cell::Cell;
use crate::schema::column::{Table, columns};
use crate::schema::info::TableNeeds;
use crate::schema::metric::{ColumnUse, unused};
use virtmon_analysis::frame::Frame;
use virtmon_analysis::self_stats::SelfStats;

/// The table of virtmon's own cost.
#[derive(Debug)]
pub enum SelfTable {}

impl Table for SelfTable {
    type Row<'a> = SelfStats;
    const NAME: &'static str = "self";
    const HELP: &'static str = "One row for each tick: virtmon's own cost since the row before. The table has no id, uuid and name.";
    const DETAIL: Option<&'static str> = Some("virtmon's own cost");
    const NEEDS: TableNeeds = TableNeeds {
        self_stats: true,
        ..TableNeeds::NONE
    };
    columns! {
        "cpu_ns" u64 gauge "ns" "CPU time used by all threads: sampling, encoding and writing" {any: "CLOCK_PROCESS_CPUTIME_ID"}
            |stats| stats.cpu_ns.into();
        "rss_bytes" u64 gauge "bytes" "Resident memory" {any: "/proc/self/statm"} |stats| stats.rss_bytes.into();
        "page_faults" u64 gauge "faults" "Page faults, with and without disk access" {any: "getrusage"} |stats| stats.page_faults.into();
        "switches" u64 gauge "switches" "Context switches, voluntary and involuntary" {any: "getrusage"} |stats| stats.switches.into();
        "calls" u64 gauge "calls" "Hypercalls or RPCs made for sampling" {xen: "hypercalls", libvirt: "RPCs"} |stats| stats.calls.into();
        "bytes" u64 gauge "bytes" "Bytes written to the outputs" {any: "the outputs"} |stats| Cell::Number(stats.bytes);
        "dropped" u64 gauge "ticks" "Ticks since the row before that an output dropped because it was too slow, summed over the outputs" {any: "the outputs"}
            |stats| Cell::Number(stats.dropped);
    }

    const METRICS: &'static [ColumnUse] = &[
        unused(
            "cpu_ns",
            "virtmon_cpu_seconds_total is its sum since the start",
        ),
        unused("rss_bytes", "virtmon_resident_memory_bytes"),
        unused(
            "page_faults",
            "virtmon_page_faults_total is its sum since the start",
        ),
        unused(
            "switches",
            "virtmon_context_switches_total is its sum since the start",
        ),
        unused(
            "calls",
            "virtmon_hypervisor_calls_total is its sum since the start",
        ),
        unused(
            "bytes",
            "virtmon_written_bytes_total is its sum since the start",
        ),
        unused(
            "dropped",
            "virtmon_dropped_ticks_total is its sum since the start",
        ),
    ];

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        if let Some(stats) = &frame.self_stats {
            each(stats);
        }
    }
}
