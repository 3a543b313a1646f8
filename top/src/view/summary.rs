//! The lines under the title: CPU, memory, waiting guests, I/O and the last events.

use ratatui_core::style::Style;
use virtmon_export::output::moment::Moment;
use virtmon_export::output::moment_rows::GuestRow;
use virtmon_model::Role;

use crate::canvas::Canvas;
use crate::cell::{self, beyond};
use crate::event_text;
use crate::number;
use crate::palette::Level;
use crate::scene::Scene;
use crate::state::View;

/// Draws the first lines of the summary: CPU first, I/O is the first to be left out.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>, lines: usize) {
    let order: &[fn(&Scene<'_>, &mut Canvas<'_>, usize)] = match lines {
        0 => &[],
        1 => &[cpu],
        2 => &[cpu, memory],
        3 => &[cpu, memory, wait],
        4 => &[cpu, memory, wait, last],
        _ => &[cpu, memory, wait, io, last],
    };
    for (n, line) in order.iter().enumerate() {
        line(scene, canvas, n + 1);
    }
}

/// Width of a bar, and column behind its text.
fn bar_width(canvas: &Canvas<'_>) -> usize {
    match canvas.width() {
        150.. => 40,
        80.. => 34,
        60.. => 20,
        40.. => 10,
        _ => 0,
    }
}

fn bar(canvas: &mut Canvas<'_>, y: usize, label: &str, share: Option<f64>) -> usize {
    let width = bar_width(canvas);
    canvas.put(0, y, label, canvas.palette.bold());
    if width == 0 {
        return 5;
    }
    let filled = canvas.glyphs.bar(share.unwrap_or(0.0), width);
    canvas.put(5, y, &format!("[{filled}]"), Style::new()) + 1
}

/// Share of the host's CPU time, in percent, and true if it is the guests' part alone.
pub(super) fn host_cpu(moment: &Moment) -> Option<(f64, bool)> {
    let pcpus = f64::from(moment.host.pcpus.filter(|&pcpus| pcpus > 0)?);
    if let Some(busy) = moment.host.busy_pct.get() {
        return Some((busy / pcpus, false));
    }
    let mut sum = None;
    for pct in moment.guests.iter().filter_map(|row| row.cpu_pct.get()) {
        sum = Some(sum.unwrap_or(0.0) + pct);
    }
    Some((sum? / pcpus, true))
}

fn cpu(scene: &Scene<'_>, canvas: &mut Canvas<'_>, y: usize) {
    let moment = scene.moment;
    let busy = host_cpu(moment);
    let x = bar(canvas, y, "CPU", busy.map(|(pct, _)| pct / 100.0));
    let Some((pct, is_guests_only)) = busy else {
        let why = match moment.host.pcpus {
            Some(_) => "needs two samples",
            None => "number of pCPUs unknown",
        };
        canvas.put(x, y, &format!("    -  {why}"), Style::new());
        return;
    };
    let level = beyond(pct, scene.state.limits.host_cpu);
    let style = canvas.palette.level(level);
    let x = canvas.put(x, y, &format!("{:>5}%", number::percent(pct)), style);
    let pcpus = moment.host.pcpus.unwrap_or(0);
    let mut text = format!(" of {pcpus} pCPUs");
    if is_guests_only {
        text.push_str(", guests only");
    }
    let control = moment
        .guests
        .iter()
        .find(|row| row.role == Some(Role::Control));
    if scene.state.view == View::Host {
        let closure = moment.host.closure_pct.get();
        if let Some(closure) = closure {
            text = format!("{text}  accounted {}%", number::percent(closure));
        }
    }
    let x = canvas.put(x, y, &text, Style::new());
    if let Some(row) = control.filter(|_| scene.state.view != View::Host)
        && let Some(pct) = row.cpu_pct.get()
    {
        let level = cell::level(row, crate::column::Column::Cpu, &scene.state.limits);
        let name = cell::name(row);
        let text = format!("{name} {}", number::percent(pct));
        canvas.put(x + 3, y, &text, canvas.palette.level(level));
    }
}

fn memory(scene: &Scene<'_>, canvas: &mut Canvas<'_>, y: usize) {
    let host = &scene.moment.host;
    let known = host.mem_bytes.zip(host.mem_free_bytes);
    let used = known.and_then(|(all, free)| {
        (all > 0).then(|| 1.0 - virtmon_analysis::counter::ratio(free, all))
    });
    let x = bar(canvas, y, "Mem", used);
    let (Some(used), Some((all, free))) = (used, known) else {
        canvas.put(x, y, "    -", Style::new());
        return;
    };
    let bytes = |value: u64| number::bytes(virtmon_analysis::counter::ratio(value, 1));
    let claims = host.mem_outstanding_bytes;
    let mut level = beyond(used * 100.0, scene.state.limits.memory);
    if claims.is_some_and(|claims| claims > free) {
        level = level.max(Level::Attention);
    }
    let style = canvas.palette.level(level);
    let x = canvas.put(
        x,
        y,
        &format!("{:>5}%", number::percent(used * 100.0)),
        style,
    );
    let mut text = format!(" of {}  free {}", bytes(all), bytes(free));
    match (scene.state.view, host.mem_scrub_bytes, claims) {
        (View::Host, Some(scrub), _) => text = format!("{text}  scrub {}", bytes(scrub)),
        (_, _, Some(claims)) => text = format!("{text} claim {}", bytes(claims)),
        _ => {}
    }
    canvas.put(x, y, &text, Style::new());
}

/// `domains` if domain 0 is one of them, else `guests`.
pub(super) fn domains_word(scene: &Scene<'_>) -> &'static str {
    let mut guests = scene.moment.guests.iter();
    match guests.any(|row| row.role == Some(Role::Control)) {
        true => "domains",
        false => "guests",
    }
}

/// Number of guests over the first limit of RDY%, and the one that waits most.
pub(super) fn waiting<'a>(scene: &Scene<'a>) -> (usize, Option<(&'a GuestRow, f64)>) {
    let ready = scene.moment.guests.iter();
    let ready = ready.filter_map(|row| Some((row, cell::ready(row)?)));
    let over = ready
        .clone()
        .filter(|(_, pct)| *pct >= scene.state.limits.ready[0])
        .count();
    (over, ready.max_by(|a, b| a.1.total_cmp(&b.1)))
}

fn wait(scene: &Scene<'_>, canvas: &mut Canvas<'_>, y: usize) {
    canvas.put(0, y, "Wait", canvas.palette.bold());
    let word = domains_word(scene);
    let (over, worst) = waiting(scene);
    let x = match worst {
        _ if !scene.state.source.has_vcpus => {
            canvas.put(5, y, "RDY% is off: vCPUs are not read", Style::new())
        }
        None => canvas.put(5, y, "no vCPU has waited yet", Style::new()),
        Some((row, pct)) => {
            let word = if over == 1 {
                &word[..word.len() - 1]
            } else {
                word
            };
            let text = format!(
                "{over} {word} over {:.0}%, worst ",
                scene.state.limits.ready[0]
            );
            let x = canvas.put(5, y, &text, Style::new());
            let name = crate::canvas::fit(&cell::name(row), 18, canvas.glyphs);
            let value = cell::ready_text(Some(pct), row.is_ready_estimated).unwrap_or_default();
            let level = beyond(pct, scene.state.limits.ready);
            let text = format!("{} {value}", name.trim_end());
            canvas.put(x, y, &text, canvas.palette.level(level))
        }
    };
    let vcpus = scene.moment.guests.iter();
    let vcpus: u64 = vcpus
        .filter_map(|row| row.vcpus_online)
        .map(u64::from)
        .sum();
    let pcpus = scene.moment.host.pcpus.unwrap_or(0);
    if pcpus > 0 {
        let each = virtmon_analysis::counter::ratio(vcpus, pcpus.into());
        let text = format!("{vcpus} vCPUs on {pcpus} pCPUs: {each:.1} each");
        let x = if x < 45 { 48.max(x + 3) } else { x + 3 };
        canvas.put(x, y, &text, Style::new());
    }
}

/// Sum of the known values of the guests; `None` if none is known.
pub(super) fn sum(moment: &Moment, value: impl Fn(&GuestRow) -> Option<f64>) -> Option<f64> {
    let values = moment.guests.iter().filter_map(value);
    values.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

fn io(scene: &Scene<'_>, canvas: &mut Canvas<'_>, y: usize) {
    canvas.put(0, y, "I/O", canvas.palette.bold());
    let units = scene.state.units;
    let moment = scene.moment;
    let network = |value: Option<f64>| {
        value.map_or_else(
            || "-".into(),
            |value| format!("{}/s", number::network(value, units)),
        )
    };
    let disk = |value: Option<f64>| {
        value.map_or_else(
            || "-".into(),
            |value| format!("{}/s", number::amount(value, units)),
        )
    };
    let (rx, tx) = (
        sum(moment, |row| row.net_rx.get()),
        sum(moment, |row| row.net_tx.get()),
    );
    let (rd, wr) = (
        sum(moment, |row| row.disk_rd.get()),
        sum(moment, |row| row.disk_wr.get()),
    );
    let drops = sum(moment, |row| row.drops_s.get());
    let text = format!("net {} in, {} out, ", network(rx), network(tx));
    let x = canvas.put(5, y, &text, Style::new());
    let text = match drops {
        None => "- drops".into(),
        Some(drops) => format!("{} drops", number::count(drops)),
    };
    let level = match drops {
        Some(drops) if drops > 0.0 => Level::Attention,
        _ => Level::Normal,
    };
    let x = canvas.put(x, y, &text, canvas.palette.level(level));
    let text = format!("   disk {} read, {} written", disk(rd), disk(wr));
    canvas.put(x, y, &text, Style::new());
}

fn last(scene: &Scene<'_>, canvas: &mut Canvas<'_>, y: usize) {
    canvas.put(0, y, "Last", canvas.palette.bold());
    let hint = "5: all events";
    let width = canvas.width();
    let tick = scene.moment.tick.number;
    let events = scene.run.log.events().iter().rev();
    let events = events.filter(|logged| logged.tick <= tick);
    let decimals = if scene.state.source.interval_ns < 1_000_000_000 {
        1
    } else {
        0
    };
    let mut x = 5;
    for logged in events.take(20) {
        let time = scene.state.zone.time(logged.wall_ns, decimals);
        let text = format!("{time} {}", event_text::last(&logged.event));
        let is_first = x == 5;
        if !is_first && x + crate::canvas::text_width(&text) > width.saturating_sub(hint.len() + 3)
        {
            break;
        }
        x = canvas.put(x, y, &text, Style::new()) + 3;
    }
    if x == 5 {
        x = canvas.put(5, y, "no events yet", Style::new()) + 3;
    }
    if x + hint.len() <= width {
        canvas.put(x, y, hint, canvas.palette.dim());
    }
}
