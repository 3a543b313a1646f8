//! The lines around every screen: title, summary, status and key bar.

use ratatui_core::style::Style;

use crate::canvas::Canvas;
use crate::number;
use crate::position::{Position, speed_text};
use crate::prompt::Purpose;
use crate::scene::Scene;
use crate::state::View;
use crate::view::body::{self, Body, body_of, has_summary};
use crate::view::{summary, summary_series, timeline};

/// Draws all but the body, and returns the lines of the body.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) -> Body {
    let height = canvas.height();
    draw_title(scene, canvas);
    let body = body_of(scene, height);
    if has_summary(scene) && body.top > 1 {
        summary::draw(scene, canvas, body.top - 1);
        if canvas.width() >= 150 && body.top > 5 {
            summary_series::draw(scene, canvas);
        }
    }
    let bottom = body.top + body.height;
    let bar = height.saturating_sub(2).saturating_sub(bottom);
    if height >= 10 {
        timeline::draw(scene, canvas, bottom, bar);
        draw_status(scene, canvas, height - 2);
        draw_keys(scene, canvas, height - 1);
    }
    body
}

fn draw_title(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let state = scene.state;
    let width = canvas.width();
    let is_wide = width >= 120;
    let wall_ns = scene.moment.tick.wall_ns();
    let decimals = decimals(state.source.interval_ns, is_wide);
    let mut time = state.zone.time(wall_ns, decimals);
    if is_wide {
        time = format!("{} {time}", state.zone.date(wall_ns));
    }
    let interval = number::interval(state.source.interval_ns);
    let every = if is_wide { "every " } else { "" };
    let zone = state.zone.name(wall_ns);
    let right = format!("{time} {zone}   {every}{interval}   {}", mode(scene));
    let source = crate::canvas::shown(&state.source.name);
    let hypervisor = crate::canvas::shown(&scene.moment.host.hypervisor);
    let left = match crumb(scene) {
        Some(crumb) => format!("virtmon top  {source} > {crumb}"),
        None => format!("virtmon top  {source}  {hypervisor}"),
    };
    let shown = if width >= 60 {
        &*right
    } else {
        mode_of(&right)
    };
    let room = width.saturating_sub(crate::canvas::text_width(shown) + 2);
    canvas.put_within(0, 0, &left, room, Style::new());
    canvas.style(0, 0, 11, canvas.palette.bold());
    canvas.put_right(width, 0, shown, Style::new());
    if shown.len() > 12 || state.position != Position::Live {
        let mode = mode(scene);
        let columns = crate::canvas::text_width(&mode);
        canvas.style(
            width.saturating_sub(columns),
            0,
            columns,
            canvas.palette.bold(),
        );
    }
}

/// The last word of the right side, for narrow terminals.
fn mode_of(right: &str) -> &str {
    right.rsplit("   ").next().unwrap_or_default()
}

/// Decimals of a time, so that two ticks differ.
fn decimals(interval_ns: u64, is_wide: bool) -> usize {
    match interval_ns {
        0..10_000_000 => 3,
        10_000_000..100_000_000 if !is_wide => 2,
        100_000_000..1_000_000_000 if !is_wide => 1,
        10_000_000..1_000_000_000 => 3,
        _ => 0,
    }
}

/// The mode: live, paused, a step back, or a replay with its speed.
fn mode(scene: &Scene<'_>) -> String {
    match scene.state.position {
        Position::Live => "LIVE".into(),
        Position::Tick { plays, speed, .. } if scene.state.source.is_replay => {
            let speed = speed_text(speed);
            if plays {
                format!("PLAY {speed}")
            } else {
                format!("REPLAY {speed}")
            }
        }
        Position::Tick { .. } => {
            let newest = scene.run.history.last().map_or(0, |last| last.tick.mono_ns);
            let back_ns = newest.saturating_sub(scene.moment.tick.mono_ns);
            match back_ns / 1_000_000_000 {
                0 => "PAUSED".into(),
                s => format!("BACK {:02}:{:02}", s / 60, s % 60),
            }
        }
    }
}

fn crumb(scene: &Scene<'_>) -> Option<String> {
    Some(match scene.state.view {
        View::Guests => return None,
        View::Guest => {
            let row = scene.selected_row()?;
            let state = match row.reason {
                Some(reason) if scene.state.size.0 >= 120 => {
                    format!("{} ({reason})", row.state.as_str())
                }
                _ => row.state.as_str().into(),
            };
            let name = crate::cell::name(row);
            format!("{name}, id {}, {state}", row.identity.id)
        }
        View::Host => "host".into(),
        View::Nics => "NICs".into(),
        View::Disks => "disks".into(),
        View::Vcpus => "vCPUs".into(),
        View::Events => "events".into(),
        View::Cost => "virtmon".into(),
        View::Hosts => "hosts".into(),
    })
}

fn draw_status(scene: &Scene<'_>, canvas: &mut Canvas<'_>, y: usize) {
    let style = Style::new();
    let text = if let Some(prompt) = &scene.state.prompt {
        let text = crate::canvas::shown(&prompt.text);
        let width = canvas.width();
        let end = canvas.put(0, y, &format!("{}{text}_", prompt.label()), style);
        if prompt.purpose == Purpose::Filter {
            let matching = format!("{} of {} match", scene.lines.matching, scene.lines.all);
            canvas.put_right(width, y, &matching, style);
        } else if width > end + 40 {
            let hint = "14:03   -30s   50%   tick 20   next created";
            canvas.put_right(width, y, hint, canvas.palette.dim());
        }
        return;
    } else if let Some(message) = &scene.state.message {
        let message = crate::canvas::shown(message);
        canvas.put(0, y, &message, canvas.palette.bold());
        return;
    } else if let Some(notice) = &scene.run.notice {
        notice.clone()
    } else {
        status(scene, canvas.width())
    };
    canvas.put(0, y, &text, style);
}

fn status(scene: &Scene<'_>, width: usize) -> String {
    let state = scene.state;
    match state.view {
        View::Guests | View::Host | View::Nics | View::Disks | View::Vcpus => {
            guests_status(scene, width)
        }
        View::Guest => {
            let at = scene.selected_line().unwrap_or(0) + 1;
            let name = scene.selected_row().map(crate::cell::name);
            let name = name.unwrap_or_default();
            let all = scene.lines.matching;
            format!("{name} is row {at} of {all}   Up and Down: next guest")
        }
        View::Events => {
            let count = super::events::list(scene).len();
            format!("{count} events, newest first   Enter: show that tick   a new guest is one row")
        }
        View::Cost => "virtmon only reads: no key here changes a guest".into(),
        View::Hosts => "1 host   Enter: guests of that host".into(),
    }
}

fn guests_status(scene: &Scene<'_>, width: usize) -> String {
    let state = scene.state;
    let word = summary::domains_word(scene);
    let mut text = format!("{} {word}", scene.lines.all);
    if state.view == View::Guests && !state.source.is_replay {
        let (first, last) = body::shown_range(scene);
        if last - first < scene.lines.lines.len() {
            text = format!("{text}, rows {}-{last}", first + 1);
        }
    }
    let sort = state.table.sort;
    let descends = sort.descends();
    let direction = if descends { "down" } else { "up" };
    let held = if state.table.held.is_some() {
        ", held"
    } else {
        ""
    };
    text = format!(
        "{text}   by {} {direction}{held}",
        sort.column.facts().title
    );
    let tick = &scene.moment.tick;
    if state.source.is_replay {
        let (read, late) = (number::millis(tick.sample_ns), number::millis(tick.late_ns));
        text = format!(
            "{text}   this tick: read {read}, late {late}, missed {}",
            tick.missed
        );
    } else {
        text.push_str("   + new  - gone  R reset  ~ stale  ! high");
    }
    if width >= 120 {
        let filter = &state.table.filter.1;
        let filter = if filter.is_empty() {
            "none".into()
        } else {
            crate::canvas::shown(filter)
        };
        text = format!("{text}   filter: {filter}");
    } else if !state.table.filter.1.is_empty() {
        let filter = crate::canvas::shown(&state.table.filter.1);
        text = format!(
            "{} of {} {word}   filter: {filter}",
            scene.lines.matching, scene.lines.all
        );
    }
    text
}

fn draw_keys(scene: &Scene<'_>, canvas: &mut Canvas<'_>, y: usize) {
    let is_replay = scene.state.source.is_replay;
    let space = match (is_replay, scene.state.position) {
        (true, position) if position.plays() => "Space Stop",
        (true, _) => "Space Play",
        (false, Position::Live) => "Space Pause",
        (false, _) => "Space Now",
    };
    let time = ", . Tick  [ ] Event  ( ) 10 s  : Go to";
    let keys = match (&scene.state.prompt, scene.state.view) {
        (Some(_), _) => "Enter: keep  Esc: clear  Up: earlier lines  F1: help".into(),
        (None, View::Guests) if is_replay => {
            format!("{space}  {time}  {{ }} Speed  F1 Help  q Quit")
        }
        (None, View::Guests) => format!(
            "F1 Help  F2 Columns  F4 Filter  F6 Sort  Enter Guest  {space}  5 Events  q  1 Host  v vCPUs  n NICs  b Disks  {time}  W Keep settings"
        ),
        (None, View::Guest) => format!(
            "F1 Help  Esc Back  v vCPUs  n NICs  b Disks  5 Events  {space}  q Quit  {time}"
        ),
        (None, View::Events) => {
            format!("F1 Help  0 Guests  F4 Filter  Enter Go there  Esc Back  {space}  q Quit")
        }
        (None, _) => {
            format!("F1 Help  0 Guests  2 NICs  3 Disks  4 vCPUs  5 Events  9 Hosts  {space}  q")
        }
    };
    canvas.put(0, y, &keys, Style::new());
    canvas.style_line(y, canvas.palette.dim());
}
