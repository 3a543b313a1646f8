//! The list of events, the newest first.

use std::time::Duration;

use ratatui_core::style::Style;
use virtmon_analysis::event::EventKind;

use crate::canvas::{Canvas, fit};
use crate::event_text;
use crate::log::LoggedEvent;
use crate::number;
use crate::scene::Scene;
use crate::view::body::Body;

const HOUR_NS: u64 = 3_600_000_000_000;

/// The events that are listed: up to the moment that is shown, and those that match the filter.
pub(super) fn list<'a>(scene: &'a Scene<'_>) -> Vec<&'a LoggedEvent> {
    let tick = scene.moment.tick.number;
    let events = scene.run.log.events().iter().rev();
    let filter = &scene.state.table.filter.0;
    let events = events.filter(|logged| logged.tick <= tick);
    let matches = |logged: &&LoggedEvent| {
        filter.is_empty() || {
            let event = &logged.event;
            let text = format!("{} {}", event_text::guest(event), event.kind.as_str());
            filter.matches_text(&text)
        }
    };
    events.filter(matches).collect()
}

/// Draws the list.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>, body: Body) {
    let events = list(scene);
    canvas.put(0, body.top, &counts(scene, &events), Style::new());
    let is_wide = canvas.width() >= 120;
    let header = match is_wide {
        true => {
            "TIME             AGO  GUEST                      ID UUID      EVENT            WHAT"
        }
        false => "TIME          AGO  GUEST                ID EVENT           WHAT",
    };
    canvas.style_line(body.top + 1, canvas.palette.header());
    canvas.put(0, body.top + 1, header, canvas.palette.header());
    let height = body.height.saturating_sub(2);
    let selected = scene.state.scroll.min(events.len().saturating_sub(1));
    let first = (selected + 1).saturating_sub(height);
    for (n, logged) in events.iter().enumerate().skip(first).take(height) {
        let y = body.top + 2 + n - first;
        canvas.put(0, y, &line(scene, canvas, logged, is_wide), Style::new());
        if n == selected && scene.state.scroll > 0 {
            canvas.style_line(y, canvas.palette.selected());
        }
    }
    if events.is_empty() {
        canvas.put(0, body.top + 2, "no events yet", Style::new());
    }
}

fn line(scene: &Scene<'_>, canvas: &Canvas<'_>, logged: &LoggedEvent, is_wide: bool) -> String {
    let event = &logged.event;
    let is_fine = scene.state.source.interval_ns < 1_000_000_000;
    let decimals = if is_wide { 3 } else { usize::from(is_fine) };
    let time = scene.state.zone.time(logged.wall_ns, decimals);
    let age_ns = scene.moment.tick.mono_ns.saturating_sub(logged.mono_ns);
    let ago = number::ago(Duration::from_nanos(age_ns));
    let guest = match (&event.name, event.identity) {
        (Some(name), _) if !name.is_empty() => crate::canvas::shown(name),
        (_, Some(_)) => "(no name yet)".into(),
        _ if is_wide => "(host)".into(),
        _ => "-".into(),
    };
    let id = event
        .identity
        .map_or_else(|| "-".into(), |identity| identity.id.to_string());
    let (kind, what) = (event.kind.as_str(), logged.what());
    if is_wide {
        let uuid = event
            .identity
            .map_or_else(String::new, |identity| identity.uuid.to_string());
        let uuid: String = uuid.chars().take(8).collect();
        let guest = fit(&guest, 22, canvas.glyphs);
        format!("{time:<13} {ago:>6}  {guest} {id:>6} {uuid:<8}  {kind:<16} {what}")
    } else {
        let guest = fit(&guest, 18, canvas.glyphs);
        format!("{time:<11} {ago:>5}  {guest} {id:>4} {kind:<15} {what}")
    }
}

/// Numbers of events of the last hour.
fn counts(scene: &Scene<'_>, events: &[&LoggedEvent]) -> String {
    let from_ns = scene.moment.tick.mono_ns.saturating_sub(HOUR_NS);
    let recent = events.iter().filter(|logged| logged.mono_ns >= from_ns);
    let kinds = [
        EventKind::Created,
        EventKind::Destroyed,
        EventKind::Rebooted,
        EventKind::Crashed,
        EventKind::Paused,
    ];
    let count = |kind| {
        recent
            .clone()
            .filter(|logged| logged.event.kind == kind)
            .count()
    };
    let parts: Vec<String> = kinds
        .iter()
        .map(|&kind| format!("{} {}", count(kind), kind.as_str()))
        .collect();
    let named: usize = kinds.iter().map(|&kind| count(kind)).sum();
    let other = recent.clone().count() - named;
    format!("Last hour: {}  {other} other", parts.join("  "))
}
