//! The table of self statistics.

use crate::schema::cell::Cell;
use crate::schema::column::Table;
use crate::schema::column::columns;
use virtmon_analysis::frame::Frame;
use virtmon_analysis::self_stats::SelfStats;

/// The table of virtmon's own cost.
#[derive(Debug)]
pub enum SelfTable {}

impl Table for SelfTable {
    type Row<'a> = SelfStats;
    const NAME: &'static str = "self";
    const HELP: &'static str = "One row for each tick: what virtmon itself took since the row before. It has no id, uuid and name.";
    columns! {
        "cpu_ns" ["ns"] "CPU time of all its threads, reading, encoding and writing" ("CLOCK_PROCESS_CPUTIME_ID")
            |own| own.cpu_ns.into();
        "rss_bytes" ["bytes"] "memory that it holds now" ("/proc/self/statm") |own| own.rss_bytes.into();
        "page_faults" ["faults"] "page faults, with and without the disk" ("getrusage") |own| own.page_faults.into();
        "switches" ["switches"] "context switches, of its own will or not" ("getrusage") |own| own.switches.into();
        "calls" ["calls"] "hypercalls or RPCs that reading took" ("hypercalls", "RPCs") |own| own.calls.into();
        "bytes" ["bytes"] "bytes written to its outputs" ("the outputs") |own| Cell::Number(own.bytes);
        "dropped" ["ticks"] "ticks since the row before that were read and are in no table, for the outputs were too slow; part of missed" ("the outputs")
            |own| Cell::Number(own.dropped);
    }

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        if let Some(cost) = &frame.self_stats {
            each(cost);
        }
    }
}
