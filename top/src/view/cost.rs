//! The cost of virtmon itself.

use ratatui_core::style::Style;
use virtmon_analysis::counter::ratio;

use crate::canvas::Canvas;
use crate::cell::UNKNOWN;
use crate::number;
use crate::scene::Scene;
use crate::view::body::Body;

/// Draws the self statistics and the facts of the tick.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>, body: Body) {
    let lines = lines(scene);
    for (n, (name, value, meaning)) in lines.iter().enumerate().take(body.height) {
        let text = format!("{name:<12} {value:>18}   {meaning}");
        canvas.put(0, body.top + n, &text, Style::new());
    }
    if scene.moment.self_stats.is_none() && body.height > lines.len() + 1 {
        let text = "A recording does not hold virtmon's own cost.";
        canvas.put(0, body.top + lines.len() + 1, text, canvas.palette.dim());
    }
}

/// Name, value and meaning of each line.
fn lines(scene: &Scene<'_>) -> Vec<(&'static str, String, &'static str)> {
    let tick = &scene.moment.tick;
    let stats = scene.moment.self_stats.unwrap_or_default();
    let whole = |value: Option<u64>| dash(value.map(|value| value.to_string()));
    let bytes = |value: u64| number::bytes(ratio(value, 1));
    let history = &scene.run.history;
    let line = |name, value, meaning| (name, value, meaning);
    let kept = format!("{} ticks, {}", history.len(), bytes(history.bytes() as u64));
    let faults = whole(stats.page_faults);
    let warnings = scene.moment.host.warnings.to_string();
    vec![
        line("CPU", cpu(scene), "all threads, since the tick before"),
        line("memory", dash(stats.rss_bytes.map(bytes)), "resident"),
        line("page faults", faults, "since the tick before"),
        line(
            "switches",
            whole(stats.switches),
            "of context, since the tick before",
        ),
        line(
            "calls",
            whole(stats.calls),
            "hypercalls or RPCs of this tick",
        ),
        line(
            "read",
            number::millis(tick.sample_ns),
            "duration of the sample",
        ),
        line(
            "late",
            number::millis(tick.late_ns),
            "delay of the sample after its due time",
        ),
        line(
            "missed",
            tick.missed.to_string(),
            "ticks without rows before this one",
        ),
        line(
            "dropped",
            stats.dropped.to_string(),
            "ticks that this view did not take",
        ),
        line("warnings", warnings, "values that could not be read"),
        line("history", kept, "kept to step back"),
    ]
}

fn dash(value: Option<String>) -> String {
    value.unwrap_or_else(|| UNKNOWN.into())
}

/// CPU time of virtmon since the tick before, in percent.
fn cpu(scene: &Scene<'_>) -> String {
    let (tick, stats) = (
        &scene.moment.tick,
        scene.moment.self_stats.unwrap_or_default(),
    );
    let elapsed_ns = scene
        .at
        .checked_sub(1)
        .and_then(|at| scene.run.history.get(at))
        .map(|before| tick.mono_ns.saturating_sub(before.tick.mono_ns));
    let cpu = stats.cpu_ns.zip(elapsed_ns.filter(|&ns| ns > 0));
    dash(cpu.map(|(used, elapsed)| format!("{:.2} % of a pCPU", ratio(used, elapsed) * 100.0)))
}
