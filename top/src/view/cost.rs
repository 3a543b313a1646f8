//! The cost of virtmon itself.

use ratatui_core::style::Style;
use virtmon_analysis::counter::ratio;

use crate::canvas::Canvas;
use crate::cell::UNKNOWN;
use crate::number;
use crate::scene::Scene;
use crate::view::Body;

/// Draws the self statistics and the facts of the tick.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>, body: Body) {
    let tick = &scene.moment.tick;
    let stats = scene.moment.self_stats.unwrap_or_default();
    let elapsed_ns = scene
        .at
        .checked_sub(1)
        .and_then(|at| scene.run.history.get(at))
        .map(|before| tick.mono_ns.saturating_sub(before.tick.mono_ns));
    let cpu = stats.cpu_ns.zip(elapsed_ns.filter(|&ns| ns > 0));
    let cpu = cpu.map(|(used, elapsed)| format!("{:.2} % of a pCPU", ratio(used, elapsed) * 100.0));
    let dash = |value: Option<String>| value.unwrap_or_else(|| UNKNOWN.into());
    let history = &scene.run.history;
    let lines = [
        ("CPU", dash(cpu), "all threads, since the tick before"),
        (
            "memory",
            dash(stats.rss_bytes.map(|bytes| number::bytes(ratio(bytes, 1)))),
            "resident",
        ),
        (
            "page faults",
            dash(stats.page_faults.map(|n| n.to_string())),
            "since the tick before",
        ),
        (
            "switches",
            dash(stats.switches.map(|n| n.to_string())),
            "context switches, since the tick before",
        ),
        (
            "calls",
            dash(stats.calls.map(|n| n.to_string())),
            "hypercalls or RPCs of this tick",
        ),
        (
            "read",
            number::millis(tick.sample_ns),
            "duration of the sample",
        ),
        (
            "late",
            number::millis(tick.late_ns),
            "delay of the sample after its due time",
        ),
        (
            "missed",
            tick.missed.to_string(),
            "ticks without rows before this one",
        ),
        (
            "dropped",
            stats.dropped.to_string(),
            "ticks that this view did not take",
        ),
        (
            "warnings",
            scene.moment.host.warnings.to_string(),
            "values that could not be read",
        ),
        (
            "history",
            format!(
                "{} ticks, {}",
                history.len(),
                number::bytes(ratio(history.bytes() as u64, 1))
            ),
            "kept to step back",
        ),
    ];
    for (n, (name, value, meaning)) in lines.iter().enumerate().take(body.height) {
        let text = format!("{name:<12} {value:>18}   {meaning}");
        canvas.put(0, body.top + n, &text, Style::new());
    }
    if scene.moment.self_stats.is_none() && body.height > lines.len() + 1 {
        let text = "A recording does not hold virtmon's own cost.";
        canvas.put(0, body.top + lines.len() + 1, text, canvas.palette.dim());
    }
}
