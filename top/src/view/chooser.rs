//! The choice of columns, and of the sort column.

use ratatui_core::style::Style;

use crate::canvas::{Canvas, Window};
use crate::column::{COLUMNS, Column};
use crate::scene::Scene;

/// Draws the choice of columns with the cursor on a line.
pub(super) fn draw_columns(scene: &Scene<'_>, canvas: &mut Canvas<'_>, at: usize) {
    let columns = canvas.width();
    let shown = scene.state.columns(columns);
    let is_wide = columns >= 110;
    let width = if is_wide { 84 } else { 64 };
    let window = canvas.window(
        width,
        canvas.height().saturating_sub(4),
        "columns of the guest table",
    );
    let heading = "       column   width  meaning";
    canvas.put_within(
        window.left,
        window.top,
        heading,
        window.width,
        canvas.palette.header(),
    );
    let order = order(scene, columns);
    let used: usize = shown
        .iter()
        .map(|shown| shown.width.unwrap_or(shown.column.facts().width) + 1)
        .sum();
    draw_lines(canvas, window, &order, at, |canvas, y, &column| {
        let facts = column.facts();
        let here = shown.iter().find(|shown| shown.column == column);
        let mark = if here.is_some() { "[x]" } else { "[ ]" };
        let cells = here.and_then(|shown| shown.width).unwrap_or(facts.width);
        let title = if column == Column::Hist {
            "HIST"
        } else {
            facts.title
        };
        let price = price(scene, column);
        let text = format!(
            "   {mark} {title:<8} {cells:>3}    {:<24} {price}",
            facts.meaning
        );
        canvas.put_within(window.left, y, &text, window.width, Style::new());
    });
    let below = window.top + window.height.saturating_sub(2);
    let fits = if used > columns {
        ": what does not fit is dropped from the right"
    } else {
        ""
    };
    let text = format!(" {used} of {columns} columns used{fits}");
    canvas.put_within(window.left, below, &text, window.width, Style::new());
    let text = " Space on/off  J K move  Del narrower  Ins wider  r reset  Esc";
    canvas.put_within(
        window.left,
        below + 1,
        text,
        window.width,
        canvas.palette.dim(),
    );
}

/// The columns as the choice lists them: those that are shown in their order, then the others.
pub(crate) fn order(scene: &Scene<'_>, width: usize) -> Vec<Column> {
    let shown = scene.state.columns(width);
    let mut order: Vec<Column> = shown.iter().map(|shown| shown.column).collect();
    let rest = COLUMNS.iter().map(|facts| facts.column);
    let rest: Vec<Column> = rest.filter(|column| !order.contains(column)).collect();
    order.extend(rest);
    order
}

/// What a column costs, or who reports it.
fn price(scene: &Scene<'_>, column: Column) -> String {
    let source = &scene.state.source;
    if !column.is_reported(source.backend) {
        return "not here".into();
    }
    if !column.needs_vcpus() {
        return String::new();
    }
    match (source.backend, source.has_vcpus) {
        (_, false) => "off: --no-ready".into(),
        ("xen", true) => {
            let vcpus = scene.moment.vcpus.len();
            format!("+{vcpus} calls")
        }
        (_, true) => "+1 group: vcpu".into(),
    }
}

/// Draws the choice of the sort column.
pub(super) fn draw_sort(scene: &Scene<'_>, canvas: &mut Canvas<'_>, at: usize) {
    let height = (COLUMNS.len() + 4).min(canvas.height().saturating_sub(2));
    let window = canvas.window(44, height, "sort by");
    let order: Vec<Column> = sortable();
    draw_lines(canvas, window, &order, at, |canvas, y, &column| {
        let facts = column.facts();
        let is_now = scene.state.table.sort.column == column;
        let mark = if is_now { "*" } else { " " };
        let text = format!("   {mark} {:<8} {}", facts.title, facts.meaning);
        canvas.put_within(window.left, y, &text, window.width, Style::new());
    });
    let y = window.top + window.height.saturating_sub(1);
    let text = " Enter: sort   R: reverse   Esc: back";
    canvas.put_within(window.left, y, text, window.width, canvas.palette.dim());
}

/// The columns that the table can be sorted by.
#[must_use]
pub(crate) fn sortable() -> Vec<Column> {
    let columns = COLUMNS.iter().map(|facts| facts.column);
    columns
        .filter(|column| !matches!(column, Column::Hist | Column::Note | Column::S))
        .collect()
}

fn draw_lines<T>(
    canvas: &mut Canvas<'_>,
    window: Window,
    lines: &[T],
    at: usize,
    draw: impl Fn(&mut Canvas<'_>, usize, &T),
) {
    let height = window.height.saturating_sub(3).max(1);
    let first = (at + 1).saturating_sub(height);
    for (n, line) in lines.iter().enumerate().skip(first).take(height) {
        let y = window.top + 1 + n - first;
        draw(canvas, y, line);
        if n == at {
            canvas.put(window.left + 1, y, ">", canvas.palette.bold());
            canvas.style(window.left, y, window.width, canvas.palette.selected());
        }
    }
}
