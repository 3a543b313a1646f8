//! The schema as Markdown.

use std::fmt::Write;

use crate::registry::{BACKENDS, TABLES, tick_columns, tick_end};
use crate::schema::SCHEMA;
use crate::schema::column::Table;
use crate::schema::info::{ColumnInfo, Kind};
use crate::tables::tick::TickColumns;

const INTRODUCTION: &str = "\
Every row begins with the columns of its tick. As CSV, each table is a file: a header with the
columns' names once at the start, fields quoted by RFC 4180, lines ended by a line feed. An empty
field is an unknown value: the hypervisor does not report it, or there is no earlier sample to
compare with. As JSON Lines, a row is an object. Its first key, `table`, has the table's name. An
unknown value is null, and its key is present.

Whole numbers have up to 64 bits in JSON too. A reader that reads every number as a double, like
JavaScript's `JSON.parse`, loses the last digits of numbers above 2^53: of `cpu_time_ns` after 104 days
of CPU time. Such a reader needs a parser that keeps whole numbers, or the CSV.

Text is written as the guest, the toolstack or the daemon supplies it, with no escapes other than
those of CSV and JSON. With `--csv-safe`, text in the CSV that begins with `=`, `+`, `-`, `@`, a tab or a
line break has an apostrophe before it, so that no spreadsheet reads it as a formula.

Kinds of columns: a label identifies the row; a counter grows from sample to sample until it is
reset; a gauge rises and falls; a state is one of a few words; text is anything else.

For a database, `virtmon schema --format sql-postgres`, `sql-duckdb` and `sql-clickhouse` print CREATE
TABLE statements, and `--format json` prints these tables as data. `time` is a timestamp with time
zone, `uuid` a uuid; columns in % and in units per second are decimal numbers with three places; all
other columns with a unit are whole numbers, and so are `schema`, `tick`, `id`, `target_id`, `vcpu`,
`pcpu`, `node`, `cpupool` and `tick_end`; the rest is text.

`tick_end` shows whether a tick is complete: the last row of each tick in a file has 1; a tick without
it was not written completely. In JSON Lines, only the last row of a tick, of any table, has the key
`tick_end`.

An output that is too slow drops whole ticks while other outputs go on. In its next row, `missed` counts
them; rates and `reset` of that row are since the last tick that some output took, which may be later than
the row before, and the events of the dropped ticks are not in this output. An event `output_dropped` names
it. Counters stay right: their differences between two rows are over all the time between.

`tick_end` is the last column of each table. New columns are added after the others, before
`tick_end`. The schema's number changes when a column changes its meaning or its position.
";

/// Every table with its columns, as Markdown: the text of SCHEMA.md.
#[must_use]
pub fn markdown() -> String {
    let mut text = format!("# The tables, schema {SCHEMA}\n\n{INTRODUCTION}");
    put(
        &mut text,
        TickColumns::NAME,
        TickColumns::HELP,
        &tick_columns(),
    );
    for table in TABLES {
        let mut columns = (table.columns)();
        columns.push(tick_end());
        put(&mut text, table.name, table.help, &columns);
    }
    text
}

fn put(text: &mut String, name: &str, help: &str, columns: &[ColumnInfo]) {
    // Writing to a String can't fail.
    let _ = write!(
        text,
        "\n## {name}\n\n{help}\n\n| column | unit | kind | meaning |"
    );
    for (_, title) in BACKENDS {
        let _ = write!(text, " {title} |");
    }
    text.push_str("\n| --- | --- | --- | --- |");
    text.push_str(&" --- |".repeat(BACKENDS.len()));
    text.push('\n');
    for column in columns {
        let (name, unit, kind, help) = (column.name, column.unit, column.kind, column.help);
        let _ = write!(text, "| `{name}` | {unit} | {} | {help}", kind.as_str());
        if let Kind::State(words) = kind {
            let _ = write!(text, ". One of {}", words.join(", "));
        }
        text.push_str(" |");
        push_sources(text, column);
    }
}

/// Ends a row of a table with the sources of a column, one cell for each backend.
pub(super) fn push_sources(text: &mut String, column: &ColumnInfo) {
    for (backend, _) in BACKENDS {
        let source = column.source(backend).unwrap_or("not available");
        let _ = write!(text, " {source} |");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_md_is_up_to_date() {
        let file = include_str!("../../../SCHEMA.md");
        assert_eq!(
            file,
            markdown(),
            "run: cargo run -p virtmon -- schema > SCHEMA.md"
        );
    }
}
