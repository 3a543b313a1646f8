//! The values of a guest over the last minute: sparklines with least, mean and largest value.

use ratatui_core::style::Style;
use virtmon_export::output::moment_rows::GuestRow;

use crate::canvas::Canvas;
use crate::cell::{self, Form};
use crate::column::Column;
use crate::scene::Scene;

/// Columns of the values that have a line, the most important first, and the order on the screen.
const SERIES: [(Column, &str); 12] = [
    (Column::Cpu, "CPU%"),
    (Column::Ready, "RDY%"),
    (Column::Mem, "MEM"),
    (Column::Rx, "RX/s"),
    (Column::Tx, "TX/s"),
    (Column::Rd, "RD/s"),
    (Column::Wr, "WR/s"),
    (Column::Latency, "LAT ms"),
    (Column::Drop, "DROP/s"),
    (Column::Used, "USED%"),
    (Column::User, "user%"),
    (Column::System, "system%"),
];
/// Columns before and behind a sparkline.
const AROUND: usize = 40;

/// Draws at most `lines` series of a guest from a line on, `width` columns wide. Returns the line behind
/// them.
pub(super) fn draw(
    scene: &Scene<'_>,
    canvas: &mut Canvas<'_>,
    row: &GuestRow,
    top: usize,
    lines: usize,
    width: usize,
) -> usize {
    let columns = width.saturating_sub(AROUND).min(100);
    let span_s: u64 = if columns >= 100 { 100 } else { 60 };
    let slot_ns =
        (span_s * 1_000_000_000 / columns.max(1) as u64).max(scene.state.source.interval_ns);
    let covered_s = slot_ns.saturating_mul(columns as u64) / 1_000_000_000;
    let heading = match columns {
        0..10 => "           now".to_owned(),
        _ => format!("           now  last {covered_s} s"),
    };
    canvas.put(0, top, &heading, canvas.palette.header());
    canvas.style(0, top, width, canvas.palette.header());
    for (n, title) in ["min", "mean", "max"].iter().enumerate() {
        let end = 16 + columns + 8 * (n + 1);
        canvas.put_right(end, top, title, canvas.palette.header());
    }
    let form = Form {
        units: scene.state.units,
        ..Form::default()
    };
    let mut y = top + 1;
    let wanted = SERIES.iter().filter(|(column, _)| {
        let is_shown = *column != Column::Ready || scene.state.source.has_vcpus;
        is_shown && column.is_reported(scene.state.source.backend)
    });
    for &(column, label) in wanted.take(lines.saturating_sub(1)) {
        let value = |row: &GuestRow| match column {
            _ if row.stale_ns > 0 => None,
            Column::Cpu => row.cpu_pct.get(),
            column => cell::value(row, column, Form::default()),
        };
        draw_line(
            scene,
            canvas,
            row,
            (column, label),
            (y, columns, slot_ns),
            form,
            &value,
        );
        y += 1;
    }
    y
}

fn draw_line(
    scene: &Scene<'_>,
    canvas: &mut Canvas<'_>,
    row: &GuestRow,
    (column, label): (Column, &str),
    (y, columns, slot_ns): (usize, usize, u64),
    form: Form,
    value: &dyn Fn(&GuestRow) -> Option<f64>,
) {
    let text = |value: Option<f64>| {
        let text = match column {
            Column::Ready => cell::ready_text(value, row.is_ready_estimated),
            column => value.map(|value| cell::number_text(column, value, form.units)),
        };
        text.unwrap_or_else(|| cell::UNKNOWN.into())
    };
    canvas.put(0, y, label, Style::new());
    let level = cell::level(row, column, &scene.state.limits);
    let now = if cell::is_rate(column) && !row.has_rates {
        cell::FIRST.into()
    } else {
        text(value(row))
    };
    canvas.put_right(14, y, &now, canvas.palette.level(level));
    let values = scene.series(row.identity, columns, slot_ns, value);
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    let max = known.iter().fold(0.0f64, |a, b| a.max(*b));
    let whole = match column {
        Column::Cpu | Column::User | Column::System => {
            f64::from(row.vcpus_online.unwrap_or(1).max(1)) * 100.0
        }
        Column::Ready => max.max(20.0),
        Column::Used => 100.0,
        Column::Mem => row.mem_max_bytes.map_or(max, |bytes| {
            // A guest without a limit has one of petabytes.
            let limit = virtmon_analysis::counter::ratio(bytes, 1);
            if limit > max * 8.0 { max } else { limit }
        }),
        _ => max,
    };
    let share = |value: f64| if whole > 0.0 { value / whole } else { 0.0 };
    let line: String = values
        .iter()
        .map(|value| canvas.glyphs.spark(value.map(share)))
        .collect();
    canvas.put_within(16, y, &line, columns, Style::new());
    let moments = span(scene, row, columns as u64 * slot_ns, value);
    for (n, value) in moments.into_iter().enumerate() {
        let end = 16 + columns + 8 * (n + 1);
        canvas.put_right(end, y, &text(value), Style::new());
    }
}

/// Least, mean and largest value of the last `span_ns`; the mean is over the ticks.
fn span(
    scene: &Scene<'_>,
    row: &GuestRow,
    span_ns: u64,
    value: &dyn Fn(&GuestRow) -> Option<f64>,
) -> [Option<f64>; 3] {
    let from_ns = scene.moment.tick.mono_ns.saturating_sub(span_ns);
    let first = scene.run.history.from_ns(from_ns);
    let rows = scene.run.history.guest(row.identity, first..scene.at + 1);
    let values: Vec<f64> = rows.filter_map(|(_, row)| row.and_then(value)).collect();
    if values.is_empty() {
        return [None; 3];
    }
    #[expect(clippy::cast_precision_loss, reason = "some thousand ticks")]
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let min = values.iter().copied().fold(f64::INFINITY, f64::min);
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    [Some(min), Some(mean), Some(max)]
}
