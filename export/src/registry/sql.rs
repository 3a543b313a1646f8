//! The schema as CREATE TABLE statements.

use std::fmt::Write;

use crate::registry::table_info::TableInfo;
use crate::registry::{TABLES, all_columns, tick_columns};
use crate::schema::info::{ColumnInfo, ValueType};

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// DuckDB.
    DuckDb,
    /// ClickHouse.
    ClickHouse,
}

/// A CREATE TABLE statement for every table, under its own name.
#[must_use]
pub fn sql(dialect: Dialect) -> String {
    let tables: Vec<String> = TABLES.iter().map(|info| table(info, dialect)).collect();
    tables.join("\n")
}

fn table(table: &TableInfo, dialect: Dialect) -> String {
    let ticks = tick_columns().len();
    let columns = all_columns(table);
    let mut text = format!("-- {}\nCREATE TABLE \"{}\" (\n", table.help, table.name);
    for (n, column) in columns.iter().enumerate() {
        let comma = if n + 1 == columns.len() { "" } else { "," };
        let unit = match column.unit {
            "" => String::new(),
            unit => format!("{unit}: "),
        };
        // Writing to a String can't fail.
        let _ = writeln!(
            text,
            "  \"{}\" {}{comma} -- {unit}{}",
            column.name,
            sql_type(column, n < ticks, dialect),
            column.help
        );
    }
    text.push_str(match dialect {
        Dialect::Postgres | Dialect::DuckDb => ");\n",
        Dialect::ClickHouse => ") ENGINE = MergeTree ORDER BY \"time\";\n",
    });
    text
}

/// Type of a column. The columns of the tick are never empty.
fn sql_type(column: &ColumnInfo, is_tick: bool, dialect: Dialect) -> String {
    let name = match (dialect, column.value) {
        // PostgreSQL has no unsigned type; no counter of a host reaches 2^63.
        (Dialect::Postgres, ValueType::Integer) => "bigint",
        (Dialect::Postgres, ValueType::Decimal) => "double precision",
        (Dialect::Postgres, ValueType::Text) => "text",
        (Dialect::Postgres, ValueType::Uuid) => "uuid",
        (Dialect::Postgres, ValueType::Time) => "timestamptz",
        (Dialect::DuckDb, ValueType::Integer) => "UBIGINT",
        (Dialect::DuckDb, ValueType::Decimal) => "DOUBLE",
        (Dialect::DuckDb, ValueType::Text) => "VARCHAR",
        (Dialect::DuckDb, ValueType::Uuid) => "UUID",
        (Dialect::DuckDb, ValueType::Time) => "TIMESTAMPTZ",
        (Dialect::ClickHouse, ValueType::Integer) => "UInt64",
        (Dialect::ClickHouse, ValueType::Decimal) => "Float64",
        (Dialect::ClickHouse, ValueType::Text) => "String",
        (Dialect::ClickHouse, ValueType::Uuid) => "UUID",
        (Dialect::ClickHouse, ValueType::Time) => "DateTime64(9, 'UTC')",
    };
    match (dialect, is_tick) {
        (Dialect::ClickHouse, false) => format!("Nullable({name})"),
        (Dialect::ClickHouse, true) => name.to_owned(),
        (_, true) => format!("{name} NOT NULL"),
        (_, false) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_in_its_statement_and_no_comment_ends_early() {
        for dialect in [Dialect::Postgres, Dialect::DuckDb, Dialect::ClickHouse] {
            let text = sql(dialect);
            assert_eq!(text.matches("CREATE TABLE").count(), TABLES.len());
            let lines = text.lines().filter(|line| line.starts_with("  \""));
            let columns = TABLES.iter().map(|table| all_columns(table).len());
            assert_eq!(lines.count(), columns.sum::<usize>());
            for line in text.lines() {
                let is_known = ["-- ", "CREATE TABLE \"", "  \"", ")"]
                    .iter()
                    .any(|start| line.starts_with(start));
                assert!(is_known || line.is_empty(), "{line}");
            }
        }
        assert!(sql(Dialect::Postgres).contains("  \"cpu_time_ns\" bigint, -- ns: "));
        assert!(sql(Dialect::ClickHouse).contains("  \"time\" DateTime64(9, 'UTC'), -- "));
    }
}
