//! The lines of a panel as shapes.

use crate::draw::frame::Frame;
use crate::draw::scale::Scale;
use crate::draw::scene::{Ink, Scene, Shape};
use crate::draw::theme::{OTHERS_DASH, dash_of};
use crate::draw::time_axis::TimeAxis;
use crate::panel::{Line, LineInk, Panel};
use crate::series::Piece;

/// Width of a line.
pub const WIDTH: f64 = 1.5;

/// Colour of a line.
#[must_use]
pub fn ink(line: &Line) -> Ink {
    match line.ink {
        LineInk::Guest(slot) => Ink::Series(slot),
        LineInk::Others => Ink::Others,
        LineInk::Host => Ink::Text,
        LineInk::Attention => Ink::Attention,
    }
}

/// Dashes of a line.
#[must_use]
pub fn dash(line: &Line) -> &'static [f64] {
    match line.ink {
        LineInk::Others => OTHERS_DASH,
        LineInk::Guest(_) | LineInk::Host | LineInk::Attention => dash_of(line.dash),
    }
}

/// Draws the lines of a panel: the first of the legend in front, but dashes before lines without gaps,
/// so that two lines at one place are both seen. `number` is that of the panel.
pub fn draw(
    scene: &mut Scene,
    panel: &Panel,
    number: usize,
    frame: &Frame,
    axis: &TimeAxis,
    scale: &Scale,
) {
    let mut order: Vec<(usize, &Line)> = panel.lines.iter().enumerate().rev().collect();
    order.retain(|(_, line)| !line.is_off_scale);
    order.sort_by_key(|(_, line)| line.ink != LineInk::Others && !dash(line).is_empty());
    for (at, line) in order {
        scene.shapes.push(Shape::Open {
            class: "line",
            number: (number, at),
        });
        let place = |piece: &Piece| -> Vec<(f64, f64)> {
            let points = piece.iter();
            points
                .map(|(at, value)| (frame.x_of(axis, *at), frame.y_of(scale, *value)))
                .collect()
        };
        if let Some(spread) = &line.spread {
            draw_spread(scene, line, spread, place);
        }
        if line.is_dots {
            draw_dots(scene, line, frame, &place);
        } else {
            draw_line(scene, line, place);
        }
        scene.shapes.push(Shape::Close);
    }
}

fn draw_line(scene: &mut Scene, line: &Line, place: impl Fn(&Piece) -> Vec<(f64, f64)>) {
    let mut pieces = Vec::new();
    for piece in line.series.pieces() {
        let points = place(&piece);
        let is_alone = piece
            .windows(2)
            .all(|two| two[0].1.to_bits() == two[1].1.to_bits());
        let length = points
            .last()
            .zip(points.first())
            .map_or(0.0, |(b, a)| b.0 - a.0);
        // A value alone is a dot: it has no length, or one that is hardly seen.
        if let Some(&at) = points.last()
            && is_alone
            && length < 4.0
        {
            scene.shapes.push(Shape::Dot {
                at,
                radius: 2.0,
                ink: ink(line),
            });
        }
        if points.len() > 1 {
            pieces.push(points);
        }
    }
    if !pieces.is_empty() {
        scene.shapes.push(Shape::Line {
            pieces,
            ink: ink(line),
            width: WIDTH,
            dash: dash(line),
            opacity: 1.0,
        });
    }
}

/// Draws the band from minimum to maximum, and the 99th percentile as dots.
fn draw_spread(
    scene: &mut Scene,
    line: &Line,
    spread: &[crate::series::Series; 3],
    place: impl Fn(&Piece) -> Vec<(f64, f64)>,
) {
    let [min, max, p99] = spread;
    for (low, high) in min.edge(true).iter().zip(max.edge(false)) {
        let mut points = place(&high);
        points.extend(place(low).into_iter().rev());
        scene.shapes.push(Shape::Polygon {
            points,
            ink: ink(line),
            opacity: 0.2,
        });
    }
    let mut last = f64::NEG_INFINITY;
    for piece in p99.edge(false) {
        for at in place(&piece) {
            if at.0 - last >= 3.0 {
                last = at.0;
                scene.shapes.push(Shape::Dot {
                    at,
                    radius: 1.2,
                    ink: ink(line),
                });
            }
        }
    }
}

fn draw_dots(
    scene: &mut Scene,
    line: &Line,
    frame: &Frame,
    place: &impl Fn(&Piece) -> Vec<(f64, f64)>,
) {
    let mut last = f64::NEG_INFINITY;
    for piece in line.series.edge(false) {
        for (x, _) in place(&piece) {
            if x - last >= 2.0 {
                last = x;
                let at = (x, frame.y + 5.0);
                scene.shapes.push(Shape::Dot {
                    at,
                    radius: 2.5,
                    ink: ink(line),
                });
            }
        }
    }
}
