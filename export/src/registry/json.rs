//! The schema as JSON.

use std::fmt::Write;

use crate::registry::table_info::TableInfo;
use crate::registry::{TABLES, all_columns};
use crate::schema::SCHEMA;
use crate::schema::info::{ColumnInfo, Kind};

/// Every table with its columns, as one JSON object.
#[must_use]
pub fn json() -> String {
    let tables: Vec<String> = TABLES.iter().map(table).collect();
    let tables = tables.join(",\n");
    format!("{{\"schema\":{SCHEMA},\"tables\":[\n{tables}\n]}}\n")
}

fn table(table: &TableInfo) -> String {
    let columns: Vec<String> = all_columns(table).iter().map(column).collect();
    format!(
        " {{\"name\":{},\"help\":{},\"columns\":[\n{}\n ]}}",
        string(table.name),
        string(table.help),
        columns.join(",\n")
    )
}

fn column(column: &ColumnInfo) -> String {
    let mut text = format!(
        "  {{\"name\":{},\"type\":{},\"kind\":{},\"unit\":{},\"help\":{}",
        string(column.name),
        string(column.value.as_str()),
        string(column.kind.as_str()),
        string(column.unit),
        string(column.help)
    );
    // Writing to a String can't fail.
    if let Kind::State(words) = column.kind {
        let words: Vec<String> = words.iter().map(|word| string(word)).collect();
        let _ = write!(text, ",\"values\":[{}]", words.join(","));
    }
    let sources = column.sources.iter();
    let sources =
        sources.map(|(backend, source)| format!("{}:{}", string(backend), string(source)));
    let sources: Vec<String> = sources.collect();
    let _ = write!(text, ",\"sources\":{{{}}}}}", sources.join(","));
    text
}

fn string(text: &str) -> String {
    let mut json = String::from("\"");
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            json.push('\\');
        }
        json.push(character);
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_reader_finds_every_column() {
        let schema: serde_json::Value = serde_json::from_str(&json()).unwrap();
        assert_eq!(schema["schema"], SCHEMA);
        for (n, table) in TABLES.iter().enumerate() {
            let found = &schema["tables"][n];
            assert_eq!(found["name"], table.name);
            for (n, column) in all_columns(table).iter().enumerate() {
                let found = &found["columns"][n];
                assert_eq!(found["name"], column.name);
                assert_eq!(found["help"], column.help);
                for (backend, source) in column.sources {
                    assert_eq!(found["sources"][backend], *source);
                }
            }
        }
    }
}
