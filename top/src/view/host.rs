//! The screen of the host: pCPUs, memory of NUMA nodes, pools and overcommitment.

use ratatui_core::style::Style;

use crate::canvas::Canvas;
use crate::cell::beyond;
use crate::number;
use crate::scene::Scene;
use crate::view::body::Body;

/// Draws the host.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>, body: Body) {
    let mut y = body.top;
    canvas.put(0, y, &overcommitment(scene), Style::new());
    y += 2;
    let end = body.top + body.height;
    let nodes = scene.moment.host.nodes.len();
    let below = if nodes > 0 { nodes + 2 } else { 0 } + 3;
    let room = end.saturating_sub(y + below).max(3);
    y += draw_pcpus(scene, canvas, y, room) + 1;
    y += draw_nodes(scene, canvas, y, end.saturating_sub(y + 2));
    for line in [pools(scene), cost(scene)].into_iter().flatten() {
        if y < end {
            canvas.put(0, y, &line, Style::new());
            y += 1;
        }
    }
    if y + 1 < end {
        let text = "accounted: CPU time of all domains and idle time, of all the time there was";
        canvas.put(0, end - 1, text, canvas.palette.dim());
    }
}

/// Number of lines of pCPUs, to scroll in.
pub(super) fn line_count(scene: &Scene<'_>) -> usize {
    scene.moment.host.pcpu_busy_pct.len()
}

fn overcommitment(scene: &Scene<'_>) -> String {
    let host = &scene.moment.host;
    let guests = scene.moment.guests.iter();
    let vcpus: u64 = guests
        .clone()
        .filter_map(|row| row.vcpus_online)
        .map(u64::from)
        .sum();
    let mut text = String::from("Over");
    if let Some(pcpus) = host.pcpus.filter(|&pcpus| pcpus > 0) {
        let each = virtmon_analysis::counter::ratio(vcpus, pcpus.into());
        text = format!("{text} {vcpus} vCPUs on {pcpus} pCPUs = {each:.1}");
    }
    // A sum over guests without a limit is no sum.
    let limits: Option<u64> = guests
        .map(|row| row.mem_max_bytes)
        .try_fold(0u64, |sum, bytes| sum.checked_add(bytes?));
    if let Some((limits, all)) = limits.zip(host.mem_bytes).filter(|(_, all)| *all > 0) {
        let ratio = virtmon_analysis::counter::ratio;
        let (sum, whole) = (
            number::bytes(ratio(limits, 1)),
            number::bytes(ratio(all, 1)),
        );
        text = format!(
            "{text}   memory limits {sum} of {whole} = {:.2}",
            ratio(limits, all)
        );
    }
    text
}

/// Draws the pCPUs in as many columns as they need, and returns the number of lines.
fn draw_pcpus(scene: &Scene<'_>, canvas: &mut Canvas<'_>, top: usize, room: usize) -> usize {
    let busy = &scene.moment.host.pcpu_busy_pct;
    if busy.is_empty() {
        let text = "pCPUs: the hypervisor reports the sum alone";
        canvas.put(0, top, text, canvas.palette.dim());
        return 1;
    }
    let rows = room.saturating_sub(1).max(1);
    let across = busy
        .len()
        .div_ceil(rows)
        .max(if busy.len() > 4 { 2 } else { 1 });
    let rows = busy.len().div_ceil(across).min(rows);
    let width = (canvas.width() / across).min(80);
    if width < 14 {
        return draw_dense(scene, canvas, top, room);
    }
    let bar = width.saturating_sub(18).min(60);
    for column in 0..across {
        canvas.put(column * width, top, "pCPU   busy", canvas.palette.header());
    }
    for (n, pct) in busy.iter().enumerate() {
        let (x, y) = (n / rows * width, top + 1 + n % rows);
        let pct = pct.get();
        let text = pct.map_or_else(|| "-".into(), number::percent);
        let level = pct
            .map(|pct| beyond(pct, scene.state.limits.host_cpu))
            .unwrap_or_default();
        let x = canvas.put(x, y, &format!("{n:>4} "), Style::new());
        let x = canvas.put(x, y, &format!("{text:>6}"), canvas.palette.level(level));
        if bar > 3 {
            let filled = canvas.glyphs.bar(pct.unwrap_or(0.0) / 100.0, bar);
            canvas.put(x + 1, y, &format!("[{filled}]"), Style::new());
        }
    }
    rows + 1
}

/// Draws many pCPUs as one character each.
fn draw_dense(scene: &Scene<'_>, canvas: &mut Canvas<'_>, top: usize, room: usize) -> usize {
    canvas.put(
        0,
        top,
        "pCPUs, one character each, busy time as its height",
        canvas.palette.header(),
    );
    let width = canvas.width().saturating_sub(6).max(10) / 10 * 10;
    let busy = &scene.moment.host.pcpu_busy_pct;
    let mut lines = 1;
    for (n, part) in busy.chunks(width).enumerate().take(room.saturating_sub(1)) {
        let line: String = part
            .iter()
            .map(|pct| canvas.glyphs.spark(pct.get().map(|pct| pct / 100.0)))
            .collect();
        let text = format!("{:>4} {line}", n * width);
        canvas.put(0, top + lines, &text, Style::new());
        lines += 1;
    }
    lines
}

fn draw_nodes(scene: &Scene<'_>, canvas: &mut Canvas<'_>, top: usize, room: usize) -> usize {
    let nodes = &scene.moment.host.nodes;
    if nodes.is_empty() || room < 2 {
        return 0;
    }
    canvas.put(
        0,
        top,
        "NODE  memory      free    used",
        canvas.palette.header(),
    );
    for (n, node) in nodes.iter().enumerate().take(room - 1) {
        let y = top + 1 + n;
        let bytes = |value: Option<u64>| {
            value.map_or_else(
                || "-".into(),
                |value| number::bytes(virtmon_analysis::counter::ratio(value, 1)),
            )
        };
        let used = node
            .mem_bytes
            .zip(node.mem_free_bytes)
            .filter(|(all, _)| *all > 0);
        let used =
            used.map(|(all, free)| 100.0 - virtmon_analysis::counter::ratio(free, all) * 100.0);
        let level = used
            .map(|used| beyond(used, scene.state.limits.memory))
            .unwrap_or_default();
        let text = format!(
            "{n:>4} {:>6}  {:>8}",
            bytes(node.mem_bytes),
            bytes(node.mem_free_bytes)
        );
        let x = canvas.put(0, y, &text, Style::new());
        let pct = used.map_or_else(|| "-".into(), |used| format!("{}%", number::percent(used)));
        let x = canvas.put(x, y, &format!("  {pct:>6}"), canvas.palette.level(level));
        let bar = canvas.glyphs.bar(used.unwrap_or(0.0) / 100.0, 30);
        let low = if level > crate::palette::Level::Normal {
            " ! low"
        } else {
            ""
        };
        canvas.put(x + 2, y, &format!("[{bar}]{low}"), Style::new());
    }
    nodes.len().min(room - 1) + 1
}

fn pools(scene: &Scene<'_>) -> Option<String> {
    let mut pools: Vec<(u32, usize)> = Vec::new();
    for pool in scene.moment.guests.iter().filter_map(|row| row.cpupool) {
        match pools.iter_mut().find(|(number, _)| *number == pool) {
            Some((_, count)) => *count += 1,
            None => pools.push((pool, 1)),
        }
    }
    pools.sort_unstable();
    let pools: Vec<String> = pools
        .iter()
        .map(|(number, count)| format!("{number}: {count} domains"))
        .collect();
    (!pools.is_empty()).then(|| format!("POOL  {}", pools.join("   ")))
}

/// The cost of virtmon, in a line.
pub(super) fn cost(scene: &Scene<'_>) -> Option<String> {
    let tick = &scene.moment.tick;
    let (read, late) = (number::millis(tick.sample_ns), number::millis(tick.late_ns));
    let mut text = format!("virtmon  read {read}  late {late}  missed {}", tick.missed);
    if let Some(calls) = scene.moment.self_stats.and_then(|stats| stats.calls) {
        text = format!("{text}  calls {calls} a tick");
    }
    Some(text)
}
