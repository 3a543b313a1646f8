//! The table of libvirt's other statistics.

use virtmon_model::{Domain, Stat};

use crate::schema::cell::Cell;
use crate::schema::column::Table;
use crate::schema::column::columns;
use virtmon_analysis::frame::Frame;

/// The table of what libvirt tells beyond the other tables.
#[derive(Debug)]
pub enum StatTable {}

impl Table for StatTable {
    type Row<'a> = (&'a Domain, &'a Stat);
    const NAME: &'static str = "stat";
    const HELP: &'static str = "One row for each value that libvirt tells of a domain and that no other table has, at each tick: those of the groups that `--stats-group` adds, and what KVM tells of vCPUs.";
    columns! {
        "id" [""] "the domain's id" ("the domain table") |row| Cell::Number(row.0.identity.id.into());
        "uuid" [""] "the domain's uuid" ("the domain table") |row| Cell::Uuid(row.0.identity.uuid);
        "name" [""] "the domain's name" ("the domain table") |row| row.0.name.as_deref().into();
        "stat" [""] "libvirt's name for it, as `virsh domstats` prints it: perf.instructions, iothread.1.poll-max-ns"
            ("not told", "virTypedParameter.field") |row| Cell::Text(&row.1.name);
        "value" [""] "its value in libvirt's own unit, a number or a text; empty where it is negative or a fraction"
            ("not told", "virTypedParameter.value") |row| match &row.1.text {
                Some(text) => Cell::Text(text),
                None => row.1.number.into(),
            };
    }

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        for (_, domain, _) in frame.domains() {
            for stat in domain.stats.iter() {
                each(&(domain, stat));
            }
        }
    }
}
