//! The form of each table of `COSTS.md`: rows are what was measured, columns are sizes or units.

use crate::figures::Figure;

/// A table: the figures that it shows, and its columns.
struct Table {
    /// Name in its mark.
    name: &'static str,
    /// Value of the column `table` of its figures.
    table: &'static str,
    /// Size of its figures; `None` for all sizes.
    size: Option<&'static str>,
    /// Heading of the first column.
    heading: &'static str,
    columns: fn(&Shown<'_>) -> Vec<Column>,
}

const TABLES: [Table; 11] = [
    table("cost", "what", with_ratio_to_floor),
    table("guests", "what", guests),
    table("growth", "one more", by_unit),
    table("allocations", "encoder", by_unit),
    table("rows", "encoder", by_unit),
    table("metrics", "step", by_unit),
    Table {
        size: Some("xen"),
        ..named("lateness xen", "lateness", "what", by_unit)
    },
    Table {
        size: Some("test:///default"),
        ..named("lateness test", "lateness", "what", by_unit)
    },
    table("libvirt", "client", by_guests),
    table("libvirt-groups", "group", by_guests),
    table("libvirt-xen", "read by", by_size),
];

const fn table(
    name: &'static str,
    heading: &'static str,
    columns: fn(&Shown<'_>) -> Vec<Column>,
) -> Table {
    named(name, name, heading, columns)
}

const fn named(
    name: &'static str,
    table: &'static str,
    heading: &'static str,
    columns: fn(&Shown<'_>) -> Vec<Column>,
) -> Table {
    Table {
        name,
        table,
        size: None,
        heading,
        columns,
    }
}

impl Table {
    fn shows(&self, figure: &Figure) -> bool {
        figure.table == self.table && self.size.is_none_or(|size| figure.size == size)
    }
}

/// A column: its heading, and its cells in the order of the rows.
struct Column {
    heading: String,
    cells: Vec<String>,
}

/// The figures that a table shows.
struct Shown<'a>(Vec<&'a Figure>);

impl<'a> Shown<'a> {
    /// The different values of a column, in the order of the file.
    fn different(&self, of: fn(&Figure) -> &str) -> Vec<&'a str> {
        let mut found = Vec::new();
        for figure in &self.0 {
            if !found.contains(&of(figure)) {
                found.push(of(figure));
            }
        }
        found
    }

    fn whats(&self) -> Vec<&'a str> {
        self.different(|figure| &figure.what)
    }

    fn sizes(&self) -> Vec<&'a str> {
        self.different(|figure| &figure.size)
    }

    fn units(&self) -> Vec<&'a str> {
        self.different(|figure| &figure.unit)
    }

    /// The value of the row `what`, if it was measured.
    fn value(&self, what: &str, is_wanted: impl Fn(&Figure) -> bool) -> Option<&'a str> {
        let mut all = self.0.iter();
        let found = all.find(|figure| figure.what == what && is_wanted(figure));
        found.map(|figure| figure.value.as_str())
    }

    fn number(&self, what: &str, is_wanted: impl Fn(&Figure) -> bool) -> Option<f64> {
        self.value(what, is_wanted)?.parse().ok()
    }

    /// A column with a cell for each row; the cell of an unknown value is empty.
    fn column(&self, heading: &str, cell: impl Fn(&str) -> Option<String>) -> Column {
        let cells = self.whats().into_iter();
        Column {
            heading: heading.to_owned(),
            cells: cells.map(|what| cell(what).unwrap_or_default()).collect(),
        }
    }
}

/// A column for each unit.
fn by_unit(shown: &Shown<'_>) -> Vec<Column> {
    let column = |unit| {
        shown.column(unit, |what| {
            let value = shown.value(what, |figure| figure.unit == unit);
            value.map(str::to_owned)
        })
    };
    shown.units().into_iter().map(column).collect()
}

/// A column for each size.
fn by_size(shown: &Shown<'_>) -> Vec<Column> {
    let column = |size| shown.column(size, |what| all_units(shown, what, size));
    shown.sizes().into_iter().map(column).collect()
}

/// A column for each number of guests.
fn by_guests(shown: &Shown<'_>) -> Vec<Column> {
    let mut columns = by_size(shown);
    for column in &mut columns {
        let guests = if column.heading == "1" {
            "guest"
        } else {
            "guests"
        };
        column.heading = format!("{} {guests}", column.heading);
    }
    columns
}

/// All values of a row and a size, with their units: `2 calls, 5 ms`. The unit is left out if the table
/// has only one.
fn all_units(shown: &Shown<'_>, what: &str, size: &str) -> Option<String> {
    let units = shown.units();
    let cell = |unit: &str| {
        let value = shown.value(what, |figure| figure.size == size && figure.unit == unit)?;
        Some(if units.len() == 1 {
            value.to_owned()
        } else {
            format!("{value} {unit}")
        })
    };
    let cells: Vec<String> = units.iter().filter_map(|unit| cell(unit)).collect();
    (!cells.is_empty()).then(|| cells.join(", "))
}

/// Two columns for each size: the value, and its ratio to the value of `floor`.
fn with_ratio_to_floor(shown: &Shown<'_>) -> Vec<Column> {
    let columns = shown.sizes().into_iter().map(|size| {
        let is_size = move |figure: &Figure| figure.size == size;
        let value = shown.column(size, |what| shown.value(what, is_size).map(str::to_owned));
        let ratio = shown.column("x floor", |what| {
            let ratio = shown.number(what, is_size)? / shown.number("floor", is_size)?;
            Some(format!("{ratio:.3}"))
        });
        [value, ratio]
    });
    columns.flatten().collect()
}

/// The columns of the 20 guests: value, and its ratios to `floor` and to `xenstat_all`.
fn guests(shown: &Shown<'_>) -> Vec<Column> {
    let mut columns = with_ratio_to_floor(shown);
    if let Some(first) = columns.first_mut() {
        "instructions".clone_into(&mut first.heading);
    }
    columns.push(shown.column("xenstat_all / this", |what| {
        let ratio = shown.number("xenstat_all", |_| true)? / shown.number(what, |_| true)?;
        Some(format!("{ratio:.1}"))
    }));
    columns
}

/// True if the table of this name shows the figure.
pub(super) fn is_in(name: &str, figure: &Figure) -> bool {
    let mut tables = TABLES.iter();
    tables.any(|table| table.name == name && table.shows(figure))
}

/// The text between the marks: days, versions and machines of the measurements, and the table.
///
/// # Errors
/// There is no such table, or no figure for it.
pub(super) fn render(name: &str, figures: &[Figure]) -> Result<String, String> {
    let Some(table) = TABLES.iter().find(|table| table.name == name) else {
        return Err(format!("COSTS.md: no table has the name {name}"));
    };
    let shown = Shown(figures.iter().filter(|&f| table.shows(f)).collect());
    if shown.0.is_empty() {
        return Err(format!("docs/figures.csv: no figures for {name}"));
    }
    let mut facts: Vec<String> = Vec::new();
    for figure in &shown.0 {
        let fact = format!("{}, {}.\n", figure.date, figure.machine);
        if !facts.contains(&fact) {
            facts.push(fact);
        }
    }
    let columns = (table.columns)(&shown);
    let mut out = facts.concat() + "\n| " + table.heading + " |";
    for column in &columns {
        out += &format!(" {} |", column.heading);
    }
    out += &format!("\n| --- |{}\n", " --: |".repeat(columns.len()));
    for (row, what) in shown.whats().into_iter().enumerate() {
        out += &format!("| {what} |");
        for column in &columns {
            out += &format!(" {} |", column.cells[row]);
        }
        out.push('\n');
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::measured;

    fn rendered(name: &str, lines: &str) -> String {
        let figures = measured(lines.as_bytes(), "2026-01-02", "a machine").expect("lines");
        render(name, &figures).expect("a table")
    }

    #[test]
    fn a_value_that_was_not_measured_is_an_empty_cell() {
        let text = rendered(
            "cost",
            "cost,floor,4,instructions,100\ncost,xenstat,4,instructions,250\ncost,floor,1004,instructions,900\n",
        );
        assert_eq!(
            text,
            "2026-01-02, a machine.\n\n\
             | what | 4 | x floor | 1004 | x floor |\n\
             | --- | --: | --: | --: | --: |\n\
             | floor | 100 | 1.000 | 900 | 1.000 |\n\
             | xenstat | 250 | 2.500 |  |  |\n",
        );
    }

    #[test]
    fn several_units_of_one_size_share_a_cell() {
        let text = rendered(
            "libvirt",
            "libvirt,virsh,1,calls,9\nlibvirt,virsh,1,ms,6\nlibvirt,virsh,20,calls,9\n",
        );
        let table = text.lines().skip(2).collect::<Vec<_>>().join("\n");
        assert_eq!(
            table,
            "| client | 1 guest | 20 guests |\n| --- | --: | --: |\n| virsh | 9 calls, 6 ms | 9 calls |",
        );
    }

    #[test]
    fn a_table_without_figures_is_refused() {
        render("cost", &[]).expect_err("no figures");
        render("other", &[]).expect_err("no such table");
    }
}
