//! `cargo xtask costs`: renders the tables of `COSTS.md` from the figures. Each table lies between two
//! marks, `<!-- figures: NAME -->` and `<!-- end -->`.

mod tables;

use std::fs;
use std::path::Path;

use crate::figures::{self, Figure};

/// Renders all tables of `COSTS.md`.
///
/// # Errors
/// The file or the table that failed.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let (text, rendered) = both(root)?;
    if text == rendered {
        return Ok(());
    }
    let path = root.join("COSTS.md");
    fs::write(&path, rendered).map_err(|error| format!("{}: {error}", path.display()))
}

/// Checks that the tables of `COSTS.md` are those that [`run`] renders.
///
/// # Errors
/// The first line that differs.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let (text, rendered) = both(root)?;
    if text == rendered {
        return Ok(());
    }
    let same = text
        .lines()
        .zip(rendered.lines())
        .take_while(|(is, should)| is == should)
        .count();
    Err(format!(
        "COSTS.md, line {}: the table differs from docs/figures.csv; run cargo xtask costs\n  is:     {}\n  should: {}",
        same + 1,
        text.lines().nth(same).unwrap_or("(the end)"),
        rendered.lines().nth(same).unwrap_or("(the end)"),
    ))
}

/// Adds the figures of `lines` to the file of figures, then renders the tables.
///
/// # Errors
/// The line or the file that failed.
pub(crate) fn add(root: &Path, date: &str, machine: &str) -> Result<(), String> {
    let path = figures::path(root);
    let mut all = figures::read(&path)?;
    let new = figures::measured(std::io::stdin().lock(), date, machine)?;
    if new.is_empty() {
        return Err("no figures on standard input".into());
    }
    figures::replace(&mut all, &new);
    figures::write(&path, &all)?;
    run(root)
}

/// `COSTS.md` as it is, and as it should be.
fn both(root: &Path) -> Result<(String, String), String> {
    let figures = figures::read(&figures::path(root))?;
    let path = root.join("COSTS.md");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let rendered = render(&text, &figures)?;
    Ok((text, rendered))
}

/// The text with all its tables made from the figures. Every figure has a table in the text.
fn render(text: &str, figures: &[Figure]) -> Result<String, String> {
    let mut out = String::new();
    let mut rendered = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(name) = line
            .strip_prefix("<!-- figures: ")
            .and_then(|rest| rest.strip_suffix(" -->"))
        else {
            continue;
        };
        out.push_str(&tables::render(name, figures)?);
        rendered.push(name);
        if !lines.by_ref().any(|line| line == "<!-- end -->") {
            return Err(format!("COSTS.md: no <!-- end --> after {line}"));
        }
        out.push_str("<!-- end -->\n");
    }
    match figures.iter().find(|figure| {
        let is_in = |name: &&str| tables::is_in(name, figure);
        !rendered.iter().any(is_in)
    }) {
        None => Ok(out),
        Some(figure) => Err(format!("COSTS.md: no table for the figure {figure:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    #[test]
    fn the_tables_agree_with_the_figures() {
        check(&root()).expect("COSTS.md agrees with docs/figures.csv");
    }

    #[test]
    fn an_edited_cell_is_found() {
        let (text, rendered) = both(&root()).expect("read");
        let edited = text.replacen(" | 1.000 |", " | 0.999 |", 1);
        assert_ne!(edited, text);
        let figures = figures::read(&figures::path(&root())).expect("figures");
        assert_eq!(render(&edited, &figures).expect("rendered"), rendered);
    }

    #[test]
    fn a_figure_without_a_table_is_refused() {
        let lines = "new,what,4,ns,1\n";
        let figures = figures::measured(lines.as_bytes(), "2026-01-02", "").expect("line");
        render("text\n", &figures).expect_err("no table");
    }

    #[test]
    fn an_unclosed_table_is_refused() {
        render("<!-- figures: cost -->\n", &[]).expect_err("no figures, no end");
    }
}
