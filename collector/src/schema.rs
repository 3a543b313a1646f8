//! The tables, as a person reads them.

use std::fmt::Write;

use crate::columns::{DOMAIN, SCHEMA, TICK};

const INTRODUCTION: &str = "\
One line for each domain and tick. A header with the columns' names comes once, at the start.
Fields are quoted as RFC 4180 says; lines end with a line feed. An empty field is a value that is
not known: the hypervisor does not tell it, or there is no earlier reading to compare with.

Columns are added only behind the last one. The schema's number changes when a column changes its
meaning or its place.
";

/// Every table with its columns, as Markdown: what `virtmon schema` prints and SCHEMA.md holds.
#[must_use]
pub fn markdown() -> String {
    let mut text = format!("# The domains table, schema {SCHEMA}\n\n{INTRODUCTION}\n");
    text.push_str("| column | unit | meaning | Xen | libvirt |\n| --- | --- | --- | --- | --- |\n");
    let facts = TICK
        .iter()
        .map(|c| (c.name, c.unit, c.help, c.xen, c.libvirt));
    let facts = facts.chain(
        DOMAIN
            .iter()
            .map(|c| (c.name, c.unit, c.help, c.xen, c.libvirt)),
    );
    for (name, unit, help, xen, libvirt) in facts {
        // Writing to a String can't fail.
        let _ = writeln!(text, "| `{name}` | {unit} | {help} | {xen} | {libvirt} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_what_the_program_does() {
        let file = include_str!("../../SCHEMA.md");
        assert_eq!(
            file,
            markdown(),
            "run: cargo run -p virtmon -- schema > SCHEMA.md"
        );
    }
}
