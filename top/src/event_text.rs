//! Events as words.

use virtmon_analysis::event::{Event, EventKind, Value};

use crate::canvas::shown;
use crate::number;

/// Letter of an event on the time line.
#[must_use]
pub fn letter(kind: EventKind) -> Option<char> {
    match kind {
        EventKind::Renamed => Some('n'),
        EventKind::Paused => Some('p'),
        EventKind::Resumed | EventKind::Rebooted => Some('r'),
        EventKind::Destroyed => Some('d'),
        EventKind::Created => Some('c'),
        EventKind::MemoryChanged | EventKind::MemoryCopy => Some('m'),
        EventKind::VcpusChanged => Some('v'),
        EventKind::Stale => Some('s'),
        EventKind::Crashed => Some('x'),
        EventKind::IdReused | EventKind::CounterReset => Some('R'),
        EventKind::SampleFailed => Some('!'),
        _ => None,
    }
}

/// A guest's name in an event; its id if it has none.
#[must_use]
pub fn guest(event: &Event) -> String {
    match (&event.name, event.identity) {
        (Some(name), _) if !name.is_empty() => shown(name),
        (_, Some(identity)) => format!("id {}", identity.id),
        _ => UNKNOWN.into(),
    }
}

const UNKNOWN: &str = "-";

/// What an event changed.
#[must_use]
pub fn what(event: &Event) -> String {
    if let (EventKind::ClockStepped, Value::Number(old), Value::Number(new)) =
        (event.kind, &event.old, &event.new)
    {
        let sign = if new < old { '-' } else { '+' };
        let step = virtmon_analysis::counter::ratio(new.abs_diff(*old), 1_000_000_000);
        return format!("{sign}{step:.3} s");
    }
    let (old, new) = (value(event, &event.old), value(event, &event.new));
    let change = match (old, new) {
        (Some(old), Some(new)) => format!("{old} -> {new}"),
        (None, Some(new)) => new,
        (Some(old), None) => format!("was {old}"),
        (None, None) => String::new(),
    };
    let parts = [shown(&event.device), change, shown(&event.cause)];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

fn value(event: &Event, value: &Value) -> Option<String> {
    let number = |number: u64| {
        let number = virtmon_analysis::counter::ratio(number, 1);
        match event.kind {
            EventKind::MemoryChanged => number::bytes(number),
            EventKind::Suspended => format!("{:.1} s", number / 1e9),
            EventKind::Rebooted | EventKind::IdReused => format!("id {number:.0}"),
            _ => format!("{number:.0}"),
        }
    };
    match value {
        Value::Nothing => None,
        Value::Number(n) => Some(number(*n)),
        Value::Word(word) => Some((*word).to_owned()),
        Value::Name(name) => Some(shown(name)),
        Value::Uuid(uuid) => Some(uuid.to_string().chars().take(8).collect()),
    }
}

/// An event in a few words, for the column NOTE.
#[must_use]
pub fn note(event: &Event) -> String {
    match event.kind {
        EventKind::Renamed => "renamed".into(),
        EventKind::MemoryChanged => "memory".into(),
        EventKind::VcpusChanged => "vcpus".into(),
        kind => kind.as_str().replace('_', " "),
    }
}

/// An event in the line `Last`.
#[must_use]
pub fn last(event: &Event) -> String {
    let guest = guest(event);
    let word = event.kind.as_str().replace('_', " ");
    match (&event.kind, &event.old) {
        (EventKind::Renamed, Value::Name(old)) => {
            format!("{guest} renamed, was {}", shown(old))
        }
        _ if event.identity.is_none() => word,
        _ => format!("{guest} {word}"),
    }
}
