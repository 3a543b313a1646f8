//! The rail of events: a letter for each, and the name of its guest where there is room.

use virtmon_export::printable::Printable;

use crate::draw::frame::Frame;
use crate::draw::scene::{Ink, Scene, Shape, Text};
use crate::draw::text;
use crate::draw::time_axis::TimeAxis;
use crate::panel::Event;

/// Height of the rail.
pub const HEIGHT: f64 = 48.0;
/// Number of rows of letters.
const ROWS: usize = 3;
/// Height of a row.
const ROW: f64 = 15.0;
/// Largest number of events with lines through the panels.
const MAX_RULES: usize = 40;
/// Largest width of the name of a guest.
const MAX_NAME: f64 = 110.0;

/// Places of the labels of events: row and left end; `None` if there is no room.
type Places = Vec<Option<(usize, f64)>>;

/// Draws the rail. `labels` are those of the guests.
pub fn draw(
    scene: &mut Scene,
    events: &[Event],
    labels: &[String],
    frame: &Frame,
    axis: &TimeAxis,
) {
    let name = |event: &Event| match event.guest.and_then(|guest| labels.get(guest)) {
        Some(label) => text::fit(label, 11.0, MAX_NAME),
        None => "host".to_owned(),
    };
    let with_name = |event: &Event| format!("{} {}", event.letter(), name(event));
    let letter = |event: &Event| event.letter().to_string();
    let mut texts: Vec<String> = events.iter().map(with_name).collect();
    let mut places = place(events, &texts, frame, axis);
    if places.iter().any(Option::is_none) {
        texts = events.iter().map(letter).collect();
        places = place(events, &texts, frame, axis);
    }
    for ((event, label), place) in events.iter().zip(texts).zip(places) {
        let x = frame.x_of(axis, event.at_ns);
        let bottom = frame.y + frame.height;
        let tip = tip(event, labels, axis);
        let Some((row, left)) = place else {
            scene.rule((x, bottom - 5.0), (x, bottom), Ink::Muted, &[]);
            continue;
        };
        let y = frame.y + ROW * row_number(row);
        let ink = if matches!(event.letter(), 'x' | 's' | '!') {
            Ink::Attention
        } else {
            Ink::Text
        };
        scene.rule((x, y + 3.0), (x, bottom), Ink::Axis, &[]);
        scene.text(
            Text::new(left, y + 12.0, label)
                .size(11.0)
                .ink(ink)
                .tip(tip),
        );
    }
}

/// Draws a thin line through a panel for each event, if there are few.
pub fn rules(scene: &mut Scene, events: &[Event], frame: &Frame, axis: &TimeAxis) {
    if events.len() > MAX_RULES {
        return;
    }
    for event in events {
        let x = frame.x_of(axis, event.at_ns);
        scene.shapes.push(Shape::Line {
            pieces: vec![vec![(x, frame.y), (x, frame.y + frame.height)]],
            ink: Ink::Axis,
            width: 1.0,
            dash: &[2.0, 4.0],
            opacity: 0.6,
        });
    }
}

/// The letters of the events, each with its kinds.
#[must_use]
pub fn meanings(events: &[Event]) -> Vec<String> {
    let mut found: Vec<(char, Vec<&str>)> = Vec::new();
    for event in events {
        let letter = event.letter();
        let at = found.iter().position(|(other, _)| *other == letter);
        let at = at.unwrap_or_else(|| {
            found.push((letter, Vec::new()));
            found.len() - 1
        });
        if !found[at].1.contains(&event.kind.as_str()) {
            found[at].1.push(&event.kind);
        }
    }
    found.sort_unstable();
    let text = |(letter, kinds): (char, Vec<&str>)| format!("{letter} {}", kinds.join(", "));
    found.into_iter().map(text).collect()
}

fn tip(event: &Event, labels: &[String], axis: &TimeAxis) -> String {
    let guest = event.guest.and_then(|guest| labels.get(guest));
    let text = format!(
        "{} {} {} {}",
        axis.moment(event.at_ns),
        guest.map_or("host", String::as_str),
        event.kind,
        event.detail
    );
    Printable::message(text.trim()).to_string()
}

/// Places labels from left to right, each in the first row that has room.
fn place(events: &[Event], texts: &[String], frame: &Frame, axis: &TimeAxis) -> Places {
    let mut ends = [f64::NEG_INFINITY; ROWS];
    let right = frame.x + frame.width;
    let mut places = Vec::with_capacity(events.len());
    for (event, label) in events.iter().zip(texts) {
        let x = frame.x_of(axis, event.at_ns);
        let width = text::width(label, 11.0);
        // A label at the right end is at the left of its event.
        let left = if x + 3.0 + width > right {
            x - 3.0 - width
        } else {
            x + 3.0
        };
        let row = ends.iter().position(|end| end + 4.0 <= left.min(x));
        if let Some(row) = row {
            ends[row] = (left + width).max(x);
        }
        places.push(row.map(|row| (row, left)));
    }
    places
}

fn row_number(row: usize) -> f64 {
    f64::from(u32::try_from(row).unwrap_or(0))
}
