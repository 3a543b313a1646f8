//! The table of guests.

use ratatui_core::style::{Modifier, Style};

use crate::canvas::Canvas;
use crate::cell;
use crate::column;
use crate::number;
use crate::rows::Line;
use crate::scene::Scene;
use crate::view::body::{Body, range, table_height};
use crate::view::detail;
use crate::view::row::{self, Layout};

/// Draws the table.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>, body: Body) {
    let names = scene.lines.lines.iter();
    let names = names.filter_map(|line| scene.lines.row(*line, scene.input()));
    let longest = names
        .map(|row| crate::canvas::text_width(&cell::name(row)))
        .max();
    let width = canvas.width();
    let mut shown = scene.state.columns(width);
    if scene.state.table.long_names {
        for shown in shown
            .iter_mut()
            .filter(|shown| shown.column == column::Column::Name)
        {
            shown.width = Some(longest.unwrap_or(10).clamp(10, 64));
        }
    }
    let columns = column::layout(&shown, width, longest.unwrap_or(0));
    draw_header(scene, canvas, body.top, &columns);
    let height = table_height(scene, body);
    let (first, last) = range(scene, height);
    for (n, at) in (first..last).enumerate() {
        draw_line(
            scene,
            canvas,
            body.top + 1 + n,
            scene.lines.lines[at],
            &columns,
        );
    }
    if let Some(selected) = scene.selected_line()
        && (first..last).contains(&selected)
    {
        canvas.style_line(body.top + 1 + selected - first, canvas.palette.selected());
    }
    if scene.lines.lines.is_empty() {
        let text = match scene.lines.all {
            0 => "no guests",
            _ => "no guest matches",
        };
        canvas.put(1, body.top + 1, text, Style::new());
    }
    draw_hidden(scene, canvas, body.top + 2 + last - first, body);
    if body.height > height + 1 && scene.selected_row().is_some() {
        let detail = Body {
            top: body.top + 1 + height,
            height: body.height - height - 1,
        };
        detail::draw(scene, canvas, detail);
    }
}

/// What a filter hides, and how filters are written while one is typed.
fn draw_hidden(scene: &Scene<'_>, canvas: &mut Canvas<'_>, y: usize, body: Body) {
    let hidden = scene.lines.all - scene.lines.matching;
    let end = body.top + body.height;
    if hidden > 0 && y < end {
        let all = scene.lines.all;
        let text = format!("{hidden} of {all} do not match.  The lines above count all.");
        canvas.put(0, y, &text, canvas.palette.dim());
    }
    let is_typing = scene.state.prompt.as_ref();
    let is_typing =
        is_typing.is_some_and(|prompt| prompt.purpose == crate::prompt::Purpose::Filter);
    if is_typing && y + 6 < end {
        for (n, line) in FILTER_HELP.iter().enumerate() {
            canvas.put(0, end - 5 + n, line, Style::new());
        }
    }
}

const FILTER_HELP: [&str; 4] = [
    "text            name, uuid or id contains it; web-* is a pattern; !text: not",
    "cpu>50 rdy>=5   with < <= = >= > on: cpu rdy mem used rx tx drop rd wr lat vcpu",
    "state=paused    new gone reset stale error: rows with that mark",
    "a b             both    a|b   either     rx>10M   units as shown",
];

fn draw_header(scene: &Scene<'_>, canvas: &mut Canvas<'_>, y: usize, columns: &Layout) {
    canvas.style_line(y, canvas.palette.header());
    for &(column, x, width) in columns {
        let facts = column.facts();
        let title = title(scene, column);
        let title: String = title.chars().take(width).collect();
        let x = match facts.is_text {
            true => x,
            false => x + width - title.len(),
        };
        let is_sorted = column == scene.state.table.sort.column;
        let style = if is_sorted {
            canvas.palette.sorted()
        } else {
            canvas.palette.header()
        };
        canvas.put_within(x, y, &title, width, style);
    }
}

fn title(scene: &Scene<'_>, column: column::Column) -> String {
    use crate::cell::CpuOf;
    use crate::column::Column;
    use crate::number::Units;
    match (column, scene.state.cpu_of, scene.state.units) {
        (Column::Cpu, CpuOf::Guest, _) => "CPU%g".into(),
        (Column::Cpu, CpuOf::Host, _) => "CPU%h".into(),
        (Column::Rx, _, Units::Bits) => "RXb/s".into(),
        (Column::Tx, _, Units::Bits) => "TXb/s".into(),
        (Column::Hist, ..) => "CPU, last 60 s".into(),
        (column, ..) => column.facts().title.into(),
    }
}

fn draw_line(scene: &Scene<'_>, canvas: &mut Canvas<'_>, y: usize, line: Line, columns: &Layout) {
    let moment = scene.moment;
    let dash = |value: Option<String>| value.unwrap_or_else(|| cell::UNKNOWN.into());
    let bytes =
        |value: Option<f64>| dash(value.map(|value| number::amount(value, scene.state.units)));
    let text = match line {
        Line::Guest(at) => return row::draw(scene, canvas, y, &moment.guests[at], columns),
        Line::Gone(at) => return row::draw_gone(scene, canvas, y, &scene.recent.gone[at], columns),
        Line::Vcpu(at, n) => {
            let vcpu = &moment.vcpus_of(&moment.guests[at])[n];
            let cpu = dash(vcpu.cpu_pct.get().map(number::percent));
            let ready = dash(cell::ready_text(
                vcpu.ready_pct.get(),
                vcpu.is_ready_estimated,
            ));
            let pcpu = dash(vcpu.pcpu.map(|pcpu| pcpu.to_string()));
            let state = vcpu.state.as_str();
            format!(
                "vCPU {:<3} {state:<8} CPU% {cpu:>6}  RDY% {ready:>6}  pCPU {pcpu}",
                vcpu.id
            )
        }
        Line::Nic(at, n) => {
            let nic = &moment.nics_of(&moment.guests[at])[n];
            let network = |value: Option<f64>| {
                dash(value.map(|value| number::network(value, scene.state.units)))
            };
            let (rx, tx) = (network(nic.rates.rx_bytes_s), network(nic.rates.tx_bytes_s));
            let name = crate::canvas::fit(&crate::canvas::shown(&nic.name), 12, canvas.glyphs);
            format!("NIC  {name} RX/s {rx:>6}  TX/s {tx:>6}")
        }
        Line::Disk(at, n) => {
            let disk = &moment.disks_of(&moment.guests[at])[n];
            let (rd, wr) = (bytes(disk.rates.rd_bytes_s), bytes(disk.rates.wr_bytes_s));
            let name = crate::canvas::fit(&crate::canvas::shown(&disk.name), 12, canvas.glyphs);
            let path = crate::canvas::shown(&disk.path);
            format!("disk {name} RD/s {rd:>6}  WR/s {wr:>6}  {path}")
        }
    };
    canvas.put(9, y, &text, Style::new().add_modifier(Modifier::DIM));
}
