use std::collections::HashMap;

/// One row of a CSV file, by column name.
#[derive(Debug)]
pub struct Row(HashMap<String, String>);

impl Row {
    /// Text of a cell.
    ///
    /// # Panics
    /// There is no such column.
    #[must_use]
    pub fn text(&self, column: &str) -> &str {
        match self.0.get(column) {
            Some(text) => text,
            None => panic!("there is no column {column}"),
        }
    }

    /// Number in a cell; `None` if the cell is empty.
    ///
    /// # Panics
    /// There is no such column, or the cell is not a number.
    #[must_use]
    pub fn number(&self, column: &str) -> Option<f64> {
        let text = self.text(column);
        (!text.is_empty()).then(|| match text.parse() {
            Ok(number) => number,
            Err(_) => panic!("{column} is {text:?}, not a number"),
        })
    }
}

/// Reads CSV with a header.
///
/// # Panics
/// The CSV is malformed.
#[must_use]
pub fn rows(csv: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader
        .deserialize()
        .map(|row| Row(row.expect("the CSV is well formed")))
        .collect()
}
