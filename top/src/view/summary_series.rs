//! Sparklines beside the summary of a wide terminal.

use ratatui_core::style::Style;
use virtmon_export::output::moment::Moment;

use crate::canvas::Canvas;
use crate::cell;
use crate::number;
use crate::scene::Scene;
use crate::view::summary::{domains_word, host_cpu, sum};

/// First column of the sparklines' labels.
const LEFT: usize = 84;

/// Draws CPU, waiting guests, network and disks of the last 50 s.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let columns = 50.min(canvas.width() - 110);
    let slot = (50_000_000_000 / columns as u64).max(scene.state.source.interval_ns);
    let seconds = slot.saturating_mul(columns as u64) / 1_000_000_000;
    let limit = scene.state.limits.ready[0];
    let series = |value: &dyn Fn(&Moment) -> Option<f64>| scene.host_series(columns, slot, value);
    let max = |values: &[Option<f64>]| values.iter().flatten().fold(0.0, |a: f64, b| a.max(*b));
    let pair = |a: Option<f64>, b: Option<f64>| Some(a? + b?);
    let units = scene.state.units;

    let cpu = series(&|moment| host_cpu(moment).map(|(pct, _)| pct));
    draw_line(
        canvas,
        1,
        &format!("CPU, {seconds} s"),
        &cpu,
        (100.0, "100%"),
    );

    let over = series(&|moment| over(moment, limit));
    let most = max(&over);
    let scale = format!("{most:.0} {}", domains_word(scene));
    draw_line(
        canvas,
        2,
        &format!("over {limit:.0}%"),
        &over,
        (most, &scale),
    );

    let rx = |moment: &Moment| sum(moment, |row| row.net_rx.get());
    let net = series(&|moment| pair(rx(moment), sum(moment, |row| row.net_tx.get())));
    let scale = format!("{}/s", number::network(max(&net), units));
    draw_line(canvas, 3, "net in+out", &net, (max(&net), &scale));

    let rd = |moment: &Moment| sum(moment, |row| row.disk_rd.get());
    let disk = series(&|moment| pair(rd(moment), sum(moment, |row| row.disk_wr.get())));
    let scale = format!("{}/s", number::amount(max(&disk), units));
    draw_line(canvas, 4, "disk rd+wr", &disk, (max(&disk), &scale));
}

/// Number of guests that wait more than a limit.
fn over(moment: &Moment, limit: f64) -> Option<f64> {
    let ready = moment.guests.iter().filter_map(cell::ready);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand guests")]
    let count = ready.filter(|pct| *pct >= limit).count() as f64;
    Some(count)
}

/// Draws one line; `whole` is the value of its full height, with its text.
fn draw_line(
    canvas: &mut Canvas<'_>,
    y: usize,
    label: &str,
    values: &[Option<f64>],
    (whole, scale): (f64, &str),
) {
    let share = |value: f64| if whole > 0.0 { value / whole } else { 0.0 };
    let line = values
        .iter()
        .map(|value| canvas.glyphs.spark(value.map(share)));
    let line: String = line.collect();
    // The text of the summary may reach under the label.
    canvas.put(LEFT, y, &format!("{label:<12}"), Style::new());
    let x = canvas.put(LEFT + 12, y, &format!("|{line}|"), Style::new());
    canvas.put(x + 1, y, scale, Style::new());
}
