//! Targets of a seek: a time, a share, a tick or an event.

use virtmon_analysis::event::EventKind;

use crate::log::{Log, LoggedTick};
use crate::zone::Zone;

/// The tick of a target. The error is a message for the status line.
///
/// # Errors
/// The text is no target, or there is no such event.
pub fn find(text: &str, log: &Log, now: u64, zone: &Zone) -> Result<u64, String> {
    let text = text.trim();
    let (Some(first), Some(last)) = (log.first(), log.last()) else {
        return Err("no ticks yet".into());
    };
    let here = log.ticks().get(log.at(now)).copied().unwrap_or(last);
    match text {
        "start" => return Ok(first.number),
        "end" => return Ok(last.number),
        _ => {}
    }
    if let Some(share) = text.strip_suffix('%') {
        return share_of(share, log).ok_or_else(|| no_target(text));
    }
    if let Some(number) = text.strip_prefix("tick") {
        let number = number.trim().parse::<u64>().map_err(|_| no_target(text))?;
        let tick = log.ticks().get(log.at(number));
        return Ok(tick.map_or(last.number, |tick| tick.number));
    }
    for (word, is_next) in [("next", true), ("first", false)] {
        if let Some(kind) = text.strip_prefix(word) {
            let from = if is_next { Some(now) } else { None };
            return event(log, kind.trim(), from);
        }
    }
    if let Some(offset) = offset_ns(text) {
        let wall_ns = here.mono_ns.saturating_add_signed(offset);
        return Ok(at_mono(log, wall_ns).number);
    }
    let wall_ns = zone
        .parse(text, here.wall_ns)
        .ok_or_else(|| no_target(text))?;
    let tick = log.from_wall(wall_ns).unwrap_or(last);
    Ok(tick.number)
}

fn no_target(text: &str) -> String {
    let text: String = text.chars().take(30).collect();
    format!("no time, tick or event: {text}")
}

/// The tick at a share of the recording's ticks.
fn share_of(text: &str, log: &Log) -> Option<u64> {
    let share: f64 = text.trim().parse().ok()?;
    (0.0..=100.0).contains(&share).then_some(())?;
    let last = log.ticks().len().checked_sub(1)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of some millions"
    )]
    let at = (share / 100.0 * last as f64).round() as usize;
    log.ticks().get(at).map(|tick| tick.number)
}

/// An offset like `-30s`, `+5m` or `+500ms`, in ns.
fn offset_ns(text: &str) -> Option<i64> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1.0, rest),
        ("-", rest) => (-1.0, rest),
        _ => return None,
    };
    let digits = rest.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &rest[digits.len()..] {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return None,
    };
    let value: f64 = digits.parse().ok()?;
    let ns = sign * value * seconds * 1e9;
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    ns.is_finite().then_some(ns as i64)
}

/// The tick next to a time of the monotonic clock.
#[must_use]
pub fn at_mono(log: &Log, mono_ns: u64) -> LoggedTick {
    let ticks = log.ticks();
    let after = ticks.partition_point(|tick| tick.mono_ns < mono_ns);
    let both = [after.checked_sub(1), Some(after)];
    let near = both.into_iter().flatten().filter_map(|at| ticks.get(at));
    let near = near.min_by_key(|tick| tick.mono_ns.abs_diff(mono_ns));
    near.copied().unwrap_or(LoggedTick {
        number: 0,
        wall_ns: 0,
        mono_ns: 0,
        busy_pct: f32::NAN,
    })
}

/// The tick of the first event of a kind, after a tick.
fn event(log: &Log, kind: &str, after: Option<u64>) -> Result<u64, String> {
    if !kind.is_empty() && !EventKind::ALL.iter().any(|known| known.as_str() == kind) {
        let kind: String = kind.chars().take(20).collect();
        return Err(format!("there is no event {kind}"));
    }
    let mut events = log.events().iter();
    let found = events.find(|logged| {
        let is_kind = kind.is_empty() || logged.event.kind.as_str() == kind;
        is_kind && after.is_none_or(|after| logged.tick > after)
    });
    let found = found.map(|logged| logged.tick);
    found.ok_or_else(|| format!("no event {kind} after this tick"))
}

/// The tick of the event before or after a tick.
#[must_use]
pub fn neighbour_event(log: &Log, now: u64, is_next: bool) -> Option<u64> {
    let ticks = log.events().iter().map(|logged| logged.tick);
    if is_next {
        ticks.into_iter().find(|&tick| tick > now)
    } else {
        ticks.rev().find(|&tick| tick < now)
    }
}
