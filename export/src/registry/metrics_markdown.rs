//! The metrics as Markdown: docs/metrics.md.

use std::fmt::Write;

use crate::encode::openmetrics::{build, libvirt};
use crate::registry::BACKENDS;
use crate::registry::markdown::push_sources;
use crate::registry::metrics::all_tables;
use crate::registry::table_info::TableInfo;
use crate::schema::info::ColumnInfo;
use crate::schema::metric::{ColumnUse, Metric, MetricKind, Used};

const INTRODUCTION: &str = include_str!("metrics_introduction.md");

/// Every metric with its type, labels and source, and every column that is in none.
#[must_use]
pub fn metrics_markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("| name | type |\n| --- | --- |\n");
    let host = libvirt::HOST
        .iter()
        .map(|(name, _)| (*name, MetricKind::Gauge));
    let domain = libvirt::DOMAIN
        .iter()
        .map(|(name, kind, ..)| (*name, *kind));
    let disk = libvirt::DISK.iter().map(|(name, kind, ..)| (*name, *kind));
    let nic = libvirt::NIC.iter().map(|(name, kind, ..)| (*name, *kind));
    for (name, kind) in host.chain(domain).chain(disk).chain(nic) {
        let metric = Metric::new(name, kind);
        // Writing to a String can't fail.
        let _ = writeln!(text, "| `{name}{}` | {} |", metric.suffix(), word(kind));
    }
    text.push_str("\n## virtmon itself\n\n");
    let _ = writeln!(
        text,
        "`{}_info` has the labels `version` and `schema`. {}.",
        build::NAME,
        build::HELP
    );
    for table in all_tables() {
        put(&mut text, &table);
    }
    text.push_str(
        "\n## Columns in no metric\n\n| table | column | instead |\n| --- | --- | --- |\n",
    );
    for table in all_tables() {
        for used in (table.uses)() {
            if let Used::Unused(reason) = used.used {
                let _ = writeln!(text, "| {} | `{}` | {reason} |", table.name, used.column);
            }
        }
    }
    text
}

fn word(kind: MetricKind) -> &'static str {
    match kind {
        MetricKind::Counter => "counter",
        MetricKind::Gauge | MetricKind::States => "gauge",
        MetricKind::Info => "info",
        MetricKind::Unknown => "unknown",
    }
}

/// The metrics of a table, if it has any.
fn put(text: &mut String, table: &TableInfo) {
    let (columns, uses) = ((table.columns)(), (table.uses)());
    let is_shown = |used: &ColumnUse| matches!(used.used, Used::Metric(_) | Used::Info { .. });
    if !uses.iter().any(is_shown) {
        return;
    }
    let when = match (table.detail, table.name) {
        (Some(_), name) => format!("With `--detail {name}`."),
        (None, "subsample") => "With `--sample-interval`.".into(),
        (None, _) => "Always.".into(),
    };
    let _ = write!(
        text,
        "\n## {}\n\n{when}\n\n| metric | type | labels | meaning | column |",
        table.name
    );
    for (_, title) in BACKENDS {
        let _ = write!(text, " {title} |");
    }
    text.push_str("\n| --- | --- | --- | --- | --- |");
    text.push_str(&" --- |".repeat(BACKENDS.len()));
    text.push('\n');
    let labels = uses.iter().filter_map(|used| match used.used {
        Used::Label(name) => Some(name),
        _ => None,
    });
    let labels: Vec<&str> = labels.collect();
    let mut last = "";
    for used in uses {
        let Some(column) = columns.iter().find(|column| column.name == used.column) else {
            continue;
        };
        match used.used {
            // The values of a label of its own have one line.
            Used::Metric(metric) if metric.name != last => {
                last = metric.name;
                line(text, &metric, &labels, column);
            }
            Used::Info { family, label } => {
                let metric = Metric {
                    help: Some(column.help),
                    ..Metric::info(family)
                };
                line(text, &metric, &[&labels[..], &[label]].concat(), column);
            }
            _ => {}
        }
    }
}

fn line(text: &mut String, metric: &Metric, labels: &[&str], column: &ColumnInfo) {
    let further = match (metric.with, metric.per, metric.kind) {
        (Some((label, _)), ..) => Some(label),
        (_, Some(label), _) => Some(label),
        (.., MetricKind::States) => Some("state"),
        _ => None,
    };
    let labels: Vec<&str> = labels.iter().copied().chain(further).collect();
    let _ = write!(
        text,
        "| `{}{}` | {} | {} | {} | `{}` |",
        metric.name,
        metric.suffix(),
        word(metric.kind),
        labels.join(", "),
        metric.help.unwrap_or(column.help),
        column.name
    );
    push_sources(text, column);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_of_metrics_is_up_to_date() {
        let file = include_str!("../../../docs/metrics.md");
        assert_eq!(
            file,
            metrics_markdown(),
            "run: cargo run -p virtmon -- schema --format metrics > docs/metrics.md"
        );
    }
}
