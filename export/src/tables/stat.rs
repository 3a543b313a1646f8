//! The table of other libvirt statistics.

use virtmon_model::{Domain, Stat};

use crate::schema::cell::Cell;
use crate::schema::column::{Table, columns};
use crate::schema::info::TableNeeds;
use crate::schema::metric::{ColumnUse, MetricKind, label, metric};
use virtmon_analysis::frame::Frame;

/// The table of libvirt statistics that no other table has.
#[derive(Debug)]
pub enum StatTable {}

impl Table for StatTable {
    type Row<'a> = (&'a Domain, &'a Stat);
    const NAME: &'static str = "stat";
    const HELP: &'static str = "One row for each value of a domain that libvirt reports and that no other table has, at each tick: values of the groups that `--stats-group` adds, and KVM's values of vCPUs.";
    const DETAIL: Option<&'static str> =
        Some("libvirt statistics that no other table has, under libvirt's names");
    const NEEDS: TableNeeds = TableNeeds {
        stats: true,
        ..TableNeeds::NONE
    };
    columns! {
        keys |row| row.0;
        "stat" text label "" "libvirt's name of the value, as `virsh domstats` prints it: perf.instructions, iothread.1.poll-max-ns"
            {libvirt: "virTypedParameter.field"} |row| Cell::Text(&row.1.name);
        "value" text text "" "Value in libvirt's unit, a number or text; empty if it is negative or a fraction"
            {libvirt: "virTypedParameter.value"} |row| match &row.1.text {
                Some(text) => Cell::Text(text),
                None => row.1.number.into(),
            };
    }

    const METRICS: &'static [ColumnUse] = &[
        label("stat", "stat"),
        metric("value", "virtmon_guest_stat", MetricKind::Unknown)
            .help("Value of libvirt, under its name and in its unit; text is absent"),
    ];

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        for (_, domain, _) in frame.domains() {
            for stat in domain.stats.iter() {
                each(&(domain, stat));
            }
        }
    }
}
