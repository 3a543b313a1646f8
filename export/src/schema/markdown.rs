//! The tables, as a person reads them.

use std::fmt::Write;

use crate::schema::column::Table;
use crate::schema::{SCHEMA, TICK_END};
use crate::tables::device::{DiskTable, NicTable};
use crate::tables::domain::DomainTable;
use crate::tables::event::EventTable;
use crate::tables::host::HostTable;
use crate::tables::openstack::NovaTable;
use crate::tables::self_stats::SelfTable;
use crate::tables::stat::StatTable;
use crate::tables::subsamples::SubsampleTable;
use crate::tables::tick::TickColumns;
use crate::tables::vcpu::VcpuTable;

const INTRODUCTION: &str = "\
Every row begins with the columns of its tick. As CSV, each table is a file: a header with the
columns' names comes once, at the start; fields are quoted as RFC 4180 says; lines end with a line
feed. An empty field is a value that is not known: the hypervisor does not tell it, or there is no
earlier reading to compare with. As JSON Lines, a row is an object whose first key, `table`, names
its table; a value that is not known is null, and its key is there.

Whole numbers have up to 64 bits in JSON too. A reader that takes every number for a double, as JavaScript's
`JSON.parse` does, loses the last digits of those above 2^53: of `cpu_time_ns` after 104 days of CPU
time. Such a reader needs a parser that keeps whole numbers, or the CSV.

Text is what the guest, the toolstack or the daemon calls a thing, with nothing escaped but what CSV and
JSON ask for. With `--csv-safe`, text in the CSV that begins with `=`, `+`, `-`, `@`, a tab or a line's end has
an apostrophe before it, so that no spreadsheet takes it for a formula.

For a database: `time` is a timestamp with time zone, `uuid` a uuid; columns in % and in units a
second are decimal, with three places; all others that have a unit are whole, and so are `schema`,
`tick`, `id`, `target_id`, `vcpu`, `pcpu`, `node`, `cpupool` and `tick_end`; the rest is text.

`tick_end` shows whether a tick is whole: the last row of each tick in a file has 1, and the rows of
a tick that was not written to its end have none. In JSON Lines, only the last row of a tick, of
whatever table, has the key `tick_end`.

`tick_end` is the last column of each table. New columns are added behind the others, before
`tick_end`. The schema's number changes when another column changes its meaning or its place.
";

/// Every table with its columns, as Markdown: what `virtmon schema` prints and SCHEMA.md holds.
#[must_use]
pub fn markdown() -> String {
    let mut text = format!("# The tables, schema {SCHEMA}\n\n{INTRODUCTION}");
    put::<TickColumns>(&mut text);
    put::<DomainTable>(&mut text);
    put::<VcpuTable>(&mut text);
    put::<NicTable>(&mut text);
    put::<DiskTable>(&mut text);
    put::<HostTable>(&mut text);
    put::<EventTable>(&mut text);
    put::<SelfTable>(&mut text);
    put::<StatTable>(&mut text);
    put::<NovaTable>(&mut text);
    put::<SubsampleTable>(&mut text);
    text
}

/// The names of all columns of all tables; one that several tables have comes as often.
#[must_use]
pub fn column_names() -> Vec<&'static str> {
    fn of<T: Table>(names: &mut Vec<&'static str>) {
        names.extend(T::COLUMNS.iter().map(|column| column.name));
    }
    let mut names = Vec::new();
    of::<TickColumns>(&mut names);
    of::<DomainTable>(&mut names);
    of::<VcpuTable>(&mut names);
    of::<NicTable>(&mut names);
    of::<DiskTable>(&mut names);
    of::<HostTable>(&mut names);
    of::<EventTable>(&mut names);
    of::<SelfTable>(&mut names);
    of::<StatTable>(&mut names);
    of::<NovaTable>(&mut names);
    of::<SubsampleTable>(&mut names);
    names.push(TICK_END);
    names
}

fn put<T: Table>(text: &mut String) {
    // Writing to a String can't fail.
    let _ = write!(
        text,
        "\n## {}\n\n{}\n\n| column | unit | meaning | Xen | libvirt |\n| --- | --- | --- | --- | --- |\n",
        T::NAME,
        T::HELP
    );
    for column in T::COLUMNS {
        let (name, unit, help) = (column.name, column.unit, column.help);
        let (xen, libvirt) = (column.xen, column.libvirt);
        let _ = writeln!(text, "| `{name}` | {unit} | {help} | {xen} | {libvirt} |");
    }
    if T::NAME != TickColumns::NAME {
        let help = "1 in the last row that the tick has in its file, else empty";
        let from = "the collector";
        let _ = writeln!(text, "| `{TICK_END}` |  | {help} | {from} | {from} |");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_what_the_program_does() {
        let file = include_str!("../../../SCHEMA.md");
        assert_eq!(
            file,
            markdown(),
            "run: cargo run -p virtmon -- schema > SCHEMA.md"
        );
    }
}
