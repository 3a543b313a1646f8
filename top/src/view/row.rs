//! One line of the table of guests.

use ratatui_core::style::Style;
use virtmon_export::output::moment_rows::GuestRow;

use crate::canvas::{Canvas, fit};
use crate::cell;
use crate::column::Column;
use crate::number;
use crate::palette::Level;
use crate::recent::Gone;
use crate::scene::Scene;

/// Position and width of the columns.
pub(super) type Layout = [(Column, usize, usize)];

/// Span of HIST, in ns.
const HIST_NS: u64 = 60_000_000_000;

/// Draws the line of a guest.
pub(super) fn draw(
    scene: &Scene<'_>,
    canvas: &mut Canvas<'_>,
    y: usize,
    row: &GuestRow,
    columns: &Layout,
) {
    let mut mark = scene.recent.mark(row);
    if row.stale_ns > 0 {
        mark = '~';
    }
    let is_high = columns
        .iter()
        .any(|(column, ..)| cell::level(row, *column, &scene.state.limits) == Level::Critical)
        || cell::level(row, Column::Ready, &scene.state.limits) == Level::Critical;
    if mark == ' ' && is_high && row.stale_ns == 0 {
        mark = '!';
    }
    canvas.put(0, y, &mark.to_string(), canvas.palette.bold());
    let stale_from = columns
        .iter()
        .position(|(column, ..)| *column == Column::Cpu);
    for (n, &(column, x, width)) in columns.iter().enumerate() {
        if row.stale_ns > 0 && stale_from.is_some_and(|from| n >= from) {
            let text = stale_text(row);
            canvas.put(x, y, &text, canvas.palette.dim());
            canvas.style_line(y, canvas.palette.dim());
            return;
        }
        draw_cell(scene, canvas, y, row, (column, x, width));
    }
}

fn draw_cell(
    scene: &Scene<'_>,
    canvas: &mut Canvas<'_>,
    y: usize,
    row: &GuestRow,
    (column, x, width): (Column, usize, usize),
) {
    let level = cell::level(row, column, &scene.state.limits);
    let style = canvas.palette.level(level);
    match column {
        Column::Name => {
            let indent = if row.target_id.is_some() { "  " } else { "" };
            let name = fit(
                &format!("{indent}{}", cell::name(row)),
                width,
                canvas.glyphs,
            );
            canvas.put_within(x, y, &name, width, style);
        }
        Column::Hist => {
            let whole = f64::from(row.vcpus_online.unwrap_or(1).max(1)) * 100.0;
            let slot = (HIST_NS / width.max(1) as u64).max(scene.state.source.interval_ns);
            let values = scene.series(row.identity, width, slot, |row| row.cpu_pct.get());
            let line: String = values
                .iter()
                .map(|value| canvas.glyphs.spark(value.map(|value| value / whole)))
                .collect();
            canvas.put_within(x, y, &line, width, Style::new());
        }
        Column::Note => {
            if let Some((note, age_ns)) = scene.recent.note(row.identity) {
                let ago = number::ago(std::time::Duration::from_nanos(age_ns));
                let mut text = format!("{note} {ago}");
                if text.len() > width {
                    text = note.to_owned();
                }
                let text = fit(&text, width, canvas.glyphs);
                canvas.put_within(x, y, &text, width, canvas.palette.dim());
            }
        }
        column => {
            let text = cell::text(row, column, scene.form());
            if column.facts().is_text {
                let text = fit(&text, width, canvas.glyphs);
                canvas.put_within(x, y, &text, width, style);
            } else {
                // An exact number may be wider than its column: it takes what is left of it.
                let text = if text.len() > width {
                    cut_number(&text, width)
                } else {
                    text
                };
                let shift = width.saturating_sub(crate::canvas::text_width(&text));
                canvas.put_within(x + shift, y, &text, width, style);
            }
        }
    }
}

/// A number that is too wide, in the short form.
fn cut_number(text: &str, width: usize) -> String {
    let number = text.parse::<f64>();
    let short = number.map_or_else(|_| text.to_owned(), number::bytes);
    short.chars().take(width).collect()
}

fn stale_text(row: &GuestRow) -> String {
    let age = number::ago(std::time::Duration::from_nanos(row.stale_ns));
    match &row.error {
        Some(error) => format!("stale {age}: {}", crate::canvas::shown(error)),
        None => format!("stale {age}"),
    }
}

/// Draws the line of a guest that is gone.
pub(super) fn draw_gone(
    scene: &Scene<'_>,
    canvas: &mut Canvas<'_>,
    y: usize,
    gone: &Gone,
    columns: &Layout,
) {
    let state = scene.state;
    canvas.put(0, y, "-", Style::new());
    let mut behind = 1;
    for &(column, x, width) in columns {
        match column {
            Column::Id | Column::Name => draw_cell(scene, canvas, y, &gone.row, (column, x, width)),
            _ => break,
        }
        behind = x + width + 1;
    }
    let decimals = usize::from(state.source.interval_ns < 1_000_000_000);
    let time = state.zone.time(gone.wall_ns, decimals);
    let text = if state.source.is_replay {
        format!("gone  destroyed {time}, at this tick")
    } else {
        let s = gone.age_ns / 1_000_000_000;
        let left = 5u64.saturating_sub(s).max(1);
        format!("gone  destroyed {time}, {s}s ago; row is removed in {left}s")
    };
    canvas.put(behind, y, &text, Style::new());
    canvas.style_line(y, canvas.palette.dim());
}

/// A guest as one line of words, for `--plain`.
#[must_use]
pub fn plain_row(row: &GuestRow) -> String {
    let mut parts = Vec::new();
    if row.stale_ns > 0 {
        parts.push(stale_text(row));
    } else {
        match row.cpu_pct.get() {
            Some(pct) => parts.push(format!("CPU {} %", number::percent(pct))),
            None if row.is_reset => parts.push("counters were reset".into()),
            None => parts.push("CPU unknown".into()),
        }
        if let Some(pct) = cell::ready(row) {
            let estimate = if row.is_ready_estimated {
                " (estimate)"
            } else {
                ""
            };
            parts.push(format!("ready {} %{estimate}", number::percent(pct)));
        }
        for (name, value) in [
            ("receives", row.net_rx),
            ("sends", row.net_tx),
            ("reads", row.disk_rd),
            ("writes", row.disk_wr),
        ] {
            if let Some(value) = value.get().filter(|value| *value > 0.0) {
                parts.push(format!("{name} {}/s", number::bytes(value)));
            }
        }
    }
    if let Some(bytes) = row.mem_bytes {
        let bytes = virtmon_analysis::counter::ratio(bytes, 1);
        parts.push(format!("memory {}", number::bytes(bytes)));
    }
    let state = row.state.as_str();
    format!("{}: {state}, {}", cell::name(row), parts.join(", "))
}
