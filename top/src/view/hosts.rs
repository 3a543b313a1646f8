//! The screen of all hosts. It has this host alone until frames of several hosts arrive.

use ratatui_core::style::Style;

use crate::canvas::{Canvas, fit, shown};
use crate::cell;
use crate::number;
use crate::scene::Scene;
use crate::view::body::Body;
use crate::view::summary;

/// What the screen shows of one host.
struct HostLine {
    name: String,
    guests: usize,
    cpu: Option<(f64, bool)>,
    waiting: usize,
    worst: Option<(String, String)>,
    mem_pct: Option<f64>,
    free_bytes: Option<u64>,
    vcpus_per_pcpu: Option<f64>,
    events: usize,
}

/// Draws the hosts.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>, body: Body) {
    let hosts = [this_host(scene)];
    let text = format!("Hosts {} fresh", hosts.len());
    canvas.put(0, body.top, &text, Style::new());
    let header = " HOST         GUEST  CPU%h >5% WORST GUEST         RDY%  MEM%  FREE  V:P  EV";
    canvas.style_line(body.top + 1, canvas.palette.header());
    canvas.put(0, body.top + 1, header, canvas.palette.header());
    for (n, host) in hosts.iter().enumerate().take(body.height.saturating_sub(2)) {
        let text = line(canvas, host);
        canvas.put(0, body.top + 2 + n, &text, Style::new());
    }
    if body.height > 4 {
        let text =
            "+ at least: guests only, the CPU of the host itself is not read   V:P vCPU:pCPU";
        canvas.put(0, body.top + body.height - 1, text, canvas.palette.dim());
    }
}

fn this_host(scene: &Scene<'_>) -> HostLine {
    let host = &scene.moment.host;
    let ratio = virtmon_analysis::counter::ratio;
    let (waiting, worst) = summary::waiting(scene);
    let vcpus = scene.moment.guests.iter();
    let vcpus: u64 = vcpus
        .filter_map(|row| row.vcpus_online)
        .map(u64::from)
        .sum();
    let known = host
        .mem_bytes
        .zip(host.mem_free_bytes)
        .filter(|(all, _)| *all > 0);
    HostLine {
        name: shown(&scene.state.source.name),
        guests: scene.lines.all,
        cpu: summary::host_cpu(scene.moment),
        waiting,
        worst: worst.map(|(row, pct)| {
            let pct = cell::ready_text(Some(pct), row.is_ready_estimated);
            (cell::name(row), pct.unwrap_or_default())
        }),
        mem_pct: known.map(|(all, free)| 100.0 - ratio(free, all) * 100.0),
        free_bytes: host.mem_free_bytes,
        vcpus_per_pcpu: host
            .pcpus
            .filter(|&n| n > 0)
            .map(|n| ratio(vcpus, n.into())),
        events: scene.run.log.events().len(),
    }
}

fn line(canvas: &Canvas<'_>, host: &HostLine) -> String {
    let dash = |value: Option<String>| value.unwrap_or_else(|| cell::UNKNOWN.into());
    let cpu = host.cpu.map(|(pct, is_guests_only)| {
        format!(
            "{}{}",
            number::percent(pct),
            if is_guests_only { "+" } else { "" }
        )
    });
    let (worst, ready) = host.worst.clone().unwrap_or(("-".into(), "-".into()));
    let free = host.free_bytes;
    let free = free.map(|bytes| number::bytes(virtmon_analysis::counter::ratio(bytes, 1)));
    format!(
        " {} {:>5} {:>6} {:>3} {} {ready:>5} {:>5} {:>5} {:>4} {:>3}",
        fit(&host.name, 12, canvas.glyphs),
        host.guests,
        dash(cpu),
        host.waiting,
        fit(&worst, 18, canvas.glyphs),
        dash(host.mem_pct.map(number::percent)),
        dash(free),
        dash(host.vcpus_per_pcpu.map(|each| format!("{each:.1}"))),
        host.events,
    )
}
