//! Forms in which the schema is printed.

use crate::registry::sql::Dialect;
use crate::registry::{json, markdown, metrics_markdown, sql};

/// A form of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SchemaFormat {
    /// Markdown, for people: SCHEMA.md.
    #[default]
    Markdown,
    /// JSON, for programs.
    Json,
    /// Markdown of the metrics: docs/metrics.md.
    Metrics,
    /// CREATE TABLE statements.
    Sql(Dialect),
}

impl SchemaFormat {
    /// All forms with their words.
    pub const ALL: [(&'static str, Self); 6] = [
        ("markdown", Self::Markdown),
        ("json", Self::Json),
        ("metrics", Self::Metrics),
        ("sql-postgres", Self::Sql(Dialect::Postgres)),
        ("sql-duckdb", Self::Sql(Dialect::DuckDb)),
        ("sql-clickhouse", Self::Sql(Dialect::ClickHouse)),
    ];

    /// The form with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(name, _)| *name == word)
            .map(|(_, format)| format)
    }

    /// The schema in this form.
    #[must_use]
    pub fn render(self) -> String {
        match self {
            Self::Markdown => markdown::markdown(),
            Self::Json => json::json(),
            Self::Metrics => metrics_markdown::metrics_markdown(),
            Self::Sql(dialect) => sql::sql(dialect),
        }
    }
}
