//! The screen of one guest.

use ratatui_core::style::Style;
use virtmon_export::output::moment_rows::GuestRow;

use crate::canvas::{Canvas, fit, shown};
use crate::cell;
use crate::number;
use crate::scene::Scene;
use crate::view::body::Body;
use crate::view::guest_series;

/// Draws the selected guest, or the first one.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>, body: Body) {
    let Some(row) = scene.selected_row() else {
        canvas.put(0, body.top, "no guest", Style::new());
        return;
    };
    canvas.put(0, body.top, &facts(scene, row), Style::new());
    let end = body.top + body.height;
    if row.stale_ns > 0 {
        let age = number::ago(std::time::Duration::from_nanos(row.stale_ns));
        let error = row.error.as_deref().map(shown).unwrap_or_default();
        let text = format!("stale {age}: {error}; its values are not repeated");
        canvas.put(0, body.top + 1, &text, canvas.palette.bold());
    }
    let is_high = body.height >= 30;
    let series = if is_high {
        13
    } else {
        (body.height * 2 / 5).clamp(2, 8)
    };
    let top = body.top + 1 + usize::from(is_high || row.stale_ns > 0);
    let gap = usize::from(is_high);
    let mut y = guest_series::draw(scene, canvas, row, top, series, canvas.width()) + gap;
    let vcpus = scene.moment.vcpus_of(row).len();
    let across = if canvas.width() >= 160 { 3 } else { 2 };
    let room = end.saturating_sub(y);
    let lines = (vcpus.div_ceil(across) + 1).min(room.saturating_sub(6).max(room / 3));
    if vcpus > 0 && lines > 1 {
        draw_vcpus(scene, canvas, row, (0, y), lines, across);
        y += lines + gap;
    }
    let legend = 1;
    let devices = devices(scene, row).min(end.saturating_sub(y + 1 + legend));
    draw_devices(
        scene,
        canvas,
        row,
        Body {
            top: y,
            height: devices,
        },
    );
    y += devices + gap;
    draw_events(scene, canvas, row, (0, y), end.saturating_sub(y + legend));
    if end > y {
        let text = "- not reported here   ~ estimate from vCPU states   FULL queue was full";
        canvas.put(0, end - 1, text, canvas.palette.dim());
    }
}

fn facts(scene: &Scene<'_>, row: &GuestRow) -> String {
    let mut text = format!("uuid {}", row.identity.uuid);
    if let Some(pool) = row.cpupool {
        text = format!("{text}   pool {pool}");
    }
    if let Some(role) = row.role {
        text = format!("{text}   {}", role.as_str());
    }
    if let Some(project) = row.instance.as_ref().and_then(|of| of.project.as_deref()) {
        text = format!("{text}   project {}", shown(project));
    }
    if let Some(rss) = row.rss_bytes {
        let rss = number::bytes(virtmon_analysis::counter::ratio(rss, 1));
        text = format!("{text}   RSS {rss}");
    }
    let first = scene
        .run
        .history
        .iter()
        .find_map(|moment| moment.find(row.identity).map(|_| moment.tick.wall_ns()));
    if let Some(first) = first {
        text = format!("{text}   seen since {}", scene.state.zone.time(first, 0));
    }
    text
}

/// Draws the vCPUs of a guest, `across` of them beside each other.
pub(super) fn draw_vcpus(
    scene: &Scene<'_>,
    canvas: &mut Canvas<'_>,
    row: &GuestRow,
    (x, y): (usize, usize),
    height: usize,
    across: usize,
) {
    let vcpus = scene.moment.vcpus_of(row);
    let width = if across == 1 { 32 } else { 38 };
    let lines = height.saturating_sub(1);
    let across = across.min(vcpus.len().div_ceil(lines.max(1))).max(1);
    for n in 0..across {
        let text = "vCPU state    CPU%  RDY%  pCPU";
        canvas.put(x + n * width, y, text, canvas.palette.header());
    }
    for (n, vcpu) in vcpus.iter().take(lines * across).enumerate() {
        let (x, y) = (x + n / lines.max(1) * width, y + 1 + n % lines.max(1));
        let state = match vcpu.halted {
            Some(true) => "halted",
            _ => vcpu.state.as_str(),
        };
        let cpu = dash(vcpu.cpu_pct.get().map(number::percent));
        let pcpu = dash(vcpu.pcpu.map(|pcpu| pcpu.to_string()));
        let text = format!("{:>4} {state:<7} {cpu:>6}", vcpu.id);
        let after = canvas.put(x, y, &text, Style::new());
        let ready = dash(cell::ready_text(
            vcpu.ready_pct.get(),
            vcpu.is_ready_estimated,
        ));
        let level = vcpu.ready_pct.get();
        let level = level.map(|pct| cell::beyond(pct, scene.state.limits.ready));
        let style = canvas.palette.level(level.unwrap_or_default());
        let after = canvas.put(after, y, &format!(" {ready:>5}"), style);
        canvas.put(after, y, &format!("  {pcpu:>4}"), Style::new());
    }
    let hidden = vcpus.len().saturating_sub(lines * across);
    if hidden > 0 && lines > 0 {
        let text = format!("and {} more: v", hidden + 1);
        let (x, y) = (x + (across - 1) * width, y + lines);
        canvas.put(x, y, &format!("{text:<31}"), canvas.palette.dim());
    }
}

/// Number of lines of the devices of a guest.
fn devices(scene: &Scene<'_>, row: &GuestRow) -> usize {
    let lines = |count: usize| if count == 0 { 0 } else { count + 1 };
    lines(scene.moment.nics_of(row).len()) + lines(scene.moment.disks_of(row).len())
}

/// Draws the devices of a guest.
pub(super) fn draw_devices(scene: &Scene<'_>, canvas: &mut Canvas<'_>, row: &GuestRow, body: Body) {
    let lines = nic_lines(scene, canvas, row)
        .into_iter()
        .chain(disk_lines(scene, canvas, row));
    for (n, (text, is_header)) in lines.enumerate().take(body.height) {
        let style = if is_header {
            canvas.palette.header()
        } else {
            Style::new()
        };
        canvas.put(0, body.top + n, &text, style);
    }
}

fn dash(value: Option<String>) -> String {
    value.unwrap_or_else(|| cell::UNKNOWN.into())
}

fn count(value: Option<f64>) -> String {
    dash(value.map(number::count))
}

/// Lines of the network interfaces; true for the header.
fn nic_lines(scene: &Scene<'_>, canvas: &Canvas<'_>, row: &GuestRow) -> Vec<(String, bool)> {
    let units = scene.state.units;
    let network = |value: Option<f64>| dash(value.map(|value| number::network(value, units)));
    let nics = scene.moment.nics_of(row);
    let header = "NIC            RX/s   TX/s  RXp/s  TXp/s   ERR  DROP/s";
    let header = (!nics.is_empty()).then(|| (header.to_owned(), true));
    let lines = nics.iter().map(|nic| {
        let rates = &nic.rates;
        let name = fit(&shown(&nic.name), 12, canvas.glyphs);
        let drops = rates
            .rx_drops_s
            .zip(rates.tx_drops_s)
            .map(|(rx, tx)| rx + tx);
        let text = format!(
            "{name} {:>6} {:>6} {:>6} {:>6} {:>5} {:>7}",
            network(rates.rx_bytes_s),
            network(rates.tx_bytes_s),
            count(rates.rx_packets_s),
            count(rates.tx_packets_s),
            dash(nic.errors.map(|errors| errors.to_string())),
            count(drops),
        );
        (text, false)
    });
    header.into_iter().chain(lines).collect()
}

/// Lines of the block devices; true for the header.
fn disk_lines(scene: &Scene<'_>, canvas: &Canvas<'_>, row: &GuestRow) -> Vec<(String, bool)> {
    let units = scene.state.units;
    let bytes = |value: Option<f64>| dash(value.map(|value| number::amount(value, units)));
    let disks = scene.moment.disks_of(row);
    let header = "DISK           RD/s   WR/s  RIO/s  WIO/s  FULL   LAT  behind it";
    let header = (!disks.is_empty()).then(|| (header.to_owned(), true));
    let lines = disks.iter().map(|disk| {
        let rates = &disk.rates;
        let latency = rates.wr_latency_ns.max(rates.rd_latency_ns);
        let latency = latency.map(|ns| virtmon_analysis::counter::ratio(ns, 1_000_000));
        let text = format!(
            "{} {:>6} {:>6} {:>6} {:>6} {:>5} {:>5}  {}",
            fit(&shown(&disk.name), 12, canvas.glyphs),
            bytes(rates.rd_bytes_s),
            bytes(rates.wr_bytes_s),
            count(rates.rd_requests_s),
            count(rates.wr_requests_s),
            count(rates.queue_full_s),
            dash(latency.map(number::percent)),
            shown(&disk.path),
        );
        (text, false)
    });
    header.into_iter().chain(lines).collect()
}

/// Draws the last events of a guest, the newest first.
pub(super) fn draw_events(
    scene: &Scene<'_>,
    canvas: &mut Canvas<'_>,
    row: &GuestRow,
    (x, y): (usize, usize),
    height: usize,
) {
    if height == 0 {
        return;
    }
    let tick = scene.moment.tick.number;
    let events = scene.run.log.events().iter().rev();
    let events =
        events.filter(|logged| logged.tick <= tick && logged.event.identity == Some(row.identity));
    let mut n = 0;
    for logged in events.take(height) {
        let time = scene.state.zone.time(logged.wall_ns, 0);
        let label = if n == 0 && x == 0 {
            "EVENTS "
        } else if x == 0 {
            "       "
        } else {
            ""
        };
        let text = format!(
            "{label}{time} {} {}",
            logged.event.kind.as_str(),
            logged.what()
        );
        canvas.put(x, y + n, &text, Style::new());
        n += 1;
    }
    if n == 0 {
        canvas.put(x, y, "EVENTS none", canvas.palette.dim());
    }
}
