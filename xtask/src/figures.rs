//! The measured figures: one row each in `docs/figures.csv`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Header of the file.
const COLUMNS: [&str; 7] = ["table", "what", "size", "unit", "value", "date", "machine"];

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// Table of `COSTS.md` that has this value.
    pub(crate) table: String,
    /// Step or program that was measured.
    pub(crate) what: String,
    /// Size of the host: its number of domains, or its name in words.
    pub(crate) size: String,
    pub(crate) unit: String,
    /// The number, in the digits that the table has.
    pub(crate) value: String,
    /// Day of the measurement: `2026-11-23`.
    pub(crate) date: String,
    /// Versions and machine of the measurement.
    pub(crate) machine: String,
}

/// Path of the file.
pub(crate) fn path(root: &Path) -> PathBuf {
    root.join("docs/figures.csv")
}

/// Reads all figures.
///
/// # Errors
/// The file and what is wrong with it.
pub(crate) fn read(path: &Path) -> Result<Vec<Figure>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    let mut rows = rows(text.as_bytes()).map_err(|error| failed(&error))?;
    if rows.is_empty() || rows.remove(0) != COLUMNS {
        return Err(failed(&format!("the header is not {}", COLUMNS.join(","))));
    }
    rows.into_iter()
        .map(|row| {
            let [table, what, size, unit, value, date, machine] =
                <[String; 7]>::try_from(row).map_err(|row| failed(&format!("{row:?}")))?;
            Ok(Figure {
                table,
                what,
                size,
                unit,
                value,
                date,
                machine,
            })
        })
        .collect()
}

/// Reads new figures as the measuring scripts print them: lines of `table,what,size,unit,value`.
///
/// # Errors
/// The first line that has another form.
pub(crate) fn measured(from: impl Read, date: &str, machine: &str) -> Result<Vec<Figure>, String> {
    let figure = |row: Vec<String>| {
        let [table, what, size, unit, value] = <[String; 5]>::try_from(row)
            .map_err(|row| format!("not table,what,size,unit,value: {row:?}"))?;
        match value.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Figure {
                table,
                what,
                size,
                unit,
                value,
                date: date.to_owned(),
                machine: machine.to_owned(),
            }),
            _ => Err(format!("not a number: {value:?}")),
        }
    };
    rows(from)?.into_iter().map(figure).collect()
}

/// Puts `new` in the place of all figures of the same table and size.
pub(crate) fn replace(figures: &mut Vec<Figure>, new: &[Figure]) {
    let mut new = new.to_vec();
    while let Some(first) = new.first().cloned() {
        let is_same = |figure: &Figure| figure.table == first.table && figure.size == first.size;
        let of_table = figures
            .iter()
            .rposition(|figure| figure.table == first.table);
        let place = figures
            .iter()
            .position(is_same)
            .or(of_table.map(|last| last + 1))
            .unwrap_or(figures.len());
        figures.retain(|figure| !is_same(figure));
        let group: Vec<Figure> = new.extract_if(.., |figure| is_same(figure)).collect();
        figures.splice(place..place, group);
    }
}

/// Writes all figures.
///
/// # Errors
/// The file and why it cannot be written.
pub(crate) fn write(path: &Path, figures: &[Figure]) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(COLUMNS)
        .map_err(|error| failed(&error))?;
    for figure in figures {
        let cells = [
            &figure.table,
            &figure.what,
            &figure.size,
            &figure.unit,
            &figure.value,
            &figure.date,
            &figure.machine,
        ];
        writer.write_record(cells).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    fs::write(path, bytes).map_err(|error| failed(&error))
}

fn rows(from: impl Read) -> Result<Vec<Vec<String>>, String> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(from)
        .records()
        .map(|row| match row {
            Ok(row) => Ok(row.iter().map(str::to_owned).collect()),
            Err(error) => Err(error.to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(lines: &str) -> Vec<Figure> {
        measured(lines.as_bytes(), "2026-01-02", "a machine, with a comma").expect("lines")
    }

    fn values(figures: &[Figure]) -> Vec<&str> {
        figures.iter().map(|figure| figure.value.as_str()).collect()
    }

    #[test]
    fn new_figures_replace_those_of_their_table_and_size() {
        let mut figures = new("a,x,4,ns,1\na,gone,4,ns,2\na,x,204,ns,3\nb,x,4,ns,4\n");
        replace(
            &mut figures,
            &new("a,x,4,ns,10\nc,x,4,ns,11\na,y,4,ns,12\n"),
        );
        assert_eq!(values(&figures), ["10", "12", "3", "4", "11"]);
        replace(&mut figures, &new("a,x,1004,ns,13\n"));
        assert_eq!(values(&figures), ["10", "12", "3", "13", "4", "11"]);
    }

    #[test]
    fn lines_of_another_form_are_refused() {
        for lines in ["a,x,4,ns\n", "a,x,4,ns,many\n", "a,x,4,ns,NaN\n"] {
            measured(lines.as_bytes(), "", "").expect_err(lines);
        }
    }

    #[test]
    fn figures_are_read_as_they_were_written() {
        let path = std::env::temp_dir().join(format!("figures-{}.csv", std::process::id()));
        let figures = new("a,x,\"4, or 5\",ns,1\n");
        write(&path, &figures).expect("written");
        let again = read(&path);
        fs::remove_file(&path).expect("removed");
        assert_eq!(again.expect("read"), figures);
    }
}
