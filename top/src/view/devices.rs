//! The screens of NICs, disks and vCPUs of all guests.

use ratatui_core::style::Style;
use virtmon_export::output::moment_rows::GuestRow;

use crate::canvas::{Canvas, fit, shown};
use crate::cell;
use crate::number;
use crate::palette::Level;
use crate::rows::Line;
use crate::scene::Scene;
use crate::view::body::Body;

/// A line of a table: text, and how far its values are from usual.
type Row = (String, Level);

/// Draws the network interfaces, guest by guest in the order of the table of guests.
pub(super) fn draw_nics(scene: &Scene<'_>, canvas: &mut Canvas<'_>, body: Body) {
    let units = scene.state.units;
    let header = "GUEST              NIC            RX/s   TX/s  RXp/s  TXp/s   ERR   DROP";
    let mut rows = Vec::new();
    for row in guests(scene) {
        let name = fit(&cell::name(row), 18, canvas.glyphs);
        for nic in scene.moment.nics_of(row) {
            let rates = &nic.rates;
            let drops = rates
                .rx_drops_s
                .zip(rates.tx_drops_s)
                .map(|(rx, tx)| rx + tx);
            let network =
                |value: Option<f64>| dash(value.map(|value| number::network(value, units)));
            let text = format!(
                "{name} {} {:>6} {:>6} {:>6} {:>6} {:>5} {:>6}",
                fit(&shown(&nic.name), 12, canvas.glyphs),
                network(rates.rx_bytes_s),
                network(rates.tx_bytes_s),
                count(rates.rx_packets_s),
                count(rates.tx_packets_s),
                dash(nic.errors.map(|errors| errors.to_string())),
                count(drops),
            );
            let has_drops = drops.is_some_and(|drops| drops > 0.0);
            rows.push((
                text,
                if has_drops {
                    Level::Attention
                } else {
                    Level::Normal
                },
            ));
        }
    }
    let empty = match scene.state.source.capabilities.nics {
        true => "no guest has a network interface",
        false => "network interfaces are not available on this host: see virtmon check",
    };
    draw(scene, canvas, body, header, &rows, empty);
}

/// Draws the block devices, guest by guest.
pub(super) fn draw_disks(scene: &Scene<'_>, canvas: &mut Canvas<'_>, body: Body) {
    let units = scene.state.units;
    let header = "GUEST              DISK         RD/s   WR/s  RIO/s  WIO/s  FULL   LAT  behind it";
    let mut rows = Vec::new();
    for row in guests(scene) {
        let name = fit(&cell::name(row), 18, canvas.glyphs);
        for disk in scene.moment.disks_of(row) {
            let rates = &disk.rates;
            let bytes = |value: Option<f64>| dash(value.map(|value| number::amount(value, units)));
            let latency = rates.rd_latency_ns.max(rates.wr_latency_ns);
            let ms = latency.map(|ns| virtmon_analysis::counter::ratio(ns, 1_000_000));
            let text = format!(
                "{name} {} {:>6} {:>6} {:>6} {:>6} {:>5} {:>5}  {}",
                fit(&shown(&disk.name), 10, canvas.glyphs),
                bytes(rates.rd_bytes_s),
                bytes(rates.wr_bytes_s),
                count(rates.rd_requests_s),
                count(rates.wr_requests_s),
                count(rates.queue_full_s),
                dash(ms.map(number::percent)),
                shown(&disk.path),
            );
            let level = ms.map(|ms| cell::beyond(ms, scene.state.limits.latency));
            rows.push((text, level.unwrap_or_default()));
        }
    }
    let empty = match scene.state.source.capabilities.disks {
        true => "no guest has a block device",
        false => "block devices are not available on this host: see virtmon check",
    };
    draw(scene, canvas, body, header, &rows, empty);
}

/// Draws the vCPUs, guest by guest.
pub(super) fn draw_vcpus(scene: &Scene<'_>, canvas: &mut Canvas<'_>, body: Body) {
    let header = "GUEST              vCPU state      CPU%   RDY%  pCPU";
    let mut rows = Vec::new();
    for row in guests(scene) {
        let name = fit(&cell::name(row), 18, canvas.glyphs);
        for vcpu in scene.moment.vcpus_of(row) {
            let ready = cell::ready_text(vcpu.ready_pct.get(), vcpu.is_ready_estimated);
            let state = match vcpu.halted {
                Some(true) => "halted",
                _ => vcpu.state.as_str(),
            };
            let text = format!(
                "{name} {:>4} {state:<8} {:>6} {:>6}  {:>4}",
                vcpu.id,
                dash(vcpu.cpu_pct.get().map(number::percent)),
                dash(ready),
                dash(vcpu.pcpu.map(|pcpu| pcpu.to_string())),
            );
            let level = vcpu.ready_pct.get();
            let level = level.map(|pct| cell::beyond(pct, scene.state.limits.ready));
            rows.push((text, level.unwrap_or_default()));
        }
    }
    let empty = match (
        scene.state.source.has_vcpus,
        scene.state.source.capabilities.vcpus,
    ) {
        (_, false) => "vCPUs are not available on this host: see virtmon check",
        (false, _) => "vCPUs are not read in this run: --no-ready",
        _ => "no vCPUs",
    };
    draw(scene, canvas, body, header, &rows, empty);
}

/// The guests, in the order of their table.
fn guests<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = &'a GuestRow> {
    let lines = scene.lines.lines.iter();
    lines.filter_map(|line| match line {
        Line::Guest(at) => scene.moment.guests.get(*at),
        _ => None,
    })
}

fn dash(value: Option<String>) -> String {
    value.unwrap_or_else(|| cell::UNKNOWN.into())
}

fn count(value: Option<f64>) -> String {
    dash(value.map(number::count))
}

fn draw(
    scene: &Scene<'_>,
    canvas: &mut Canvas<'_>,
    body: Body,
    header: &str,
    rows: &[Row],
    empty: &str,
) {
    canvas.style_line(body.top, canvas.palette.header());
    canvas.put(0, body.top, header, canvas.palette.header());
    if rows.is_empty() {
        canvas.put(0, body.top + 1, empty, Style::new());
    }
    let height = body.height.saturating_sub(1);
    let first = scene.state.scroll.min(rows.len().saturating_sub(height));
    for (n, (text, level)) in rows.iter().skip(first).take(height).enumerate() {
        let style = canvas.palette.level(*level);
        canvas.put(0, body.top + 1 + n, text, style);
    }
}
