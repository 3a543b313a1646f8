//! The legend of a panel: colour, name, and two numbers of each line.

use crate::draw::lines::{WIDTH, dash, ink};
use crate::draw::scale::Scale;
use crate::draw::scene::{Anchor, Ink, Scene, Shape, Text};
use crate::draw::text;
use crate::options::By;
use crate::panel::Panel;

/// Height of a row.
pub const ROW: f64 = 17.0;
/// Width of a number.
const NUMBER: f64 = 56.0;
/// Width of the sample of a line, with room beside it.
const SAMPLE: f64 = 30.0;

/// Place of a legend.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Left end.
    pub x: f64,
    /// Upper end.
    pub y: f64,
    /// Width.
    pub width: f64,
}

/// Height of the legend of a panel.
#[must_use]
pub fn height(panel: &Panel) -> f64 {
    let rows = u32::try_from(panel.lines.len()).unwrap_or(u32::MAX);
    ROW * (f64::from(rows) + 1.0)
}

/// Draws the legend. `number` is that of the panel.
pub fn draw(scene: &mut Scene, panel: &Panel, number: usize, at: Place, scale: &Scale, by: By) {
    let right = at.x + at.width;
    let other = if by == By::Max { By::Mean } else { by };
    for (column, word) in [(right - NUMBER, other.as_str()), (right, "max")] {
        let head = Text::new(column, at.y + 10.0, word).size(11.0);
        scene.text(head.ink(Ink::Muted).anchor(Anchor::End));
    }
    let mut y = at.y + ROW;
    for (row, line) in panel.lines.iter().enumerate() {
        scene.shapes.push(Shape::Open {
            class: "key",
            number: (number, row),
        });
        if line.is_dots {
            scene.shapes.push(Shape::Dot {
                at: (at.x + 11.0, y + 6.0),
                radius: 2.5,
                ink: ink(line),
            });
        } else {
            scene.shapes.push(Shape::Line {
                pieces: vec![vec![(at.x, y + 6.0), (at.x + SAMPLE - 8.0, y + 6.0)]],
                ink: ink(line),
                width: WIDTH + 1.0,
                dash: dash(line),
                opacity: 1.0,
            });
        }
        let room = at.width - SAMPLE - 2.0 * NUMBER - 4.0;
        let name = text::fit(&line.label, 12.0, room);
        let tip = if name == line.label { "" } else { &line.label };
        scene.text(Text::new(at.x + SAMPLE, y + 10.0, name).tip(tip));
        let stats = &line.series.stats;
        let values = match line.is_dots {
            true => [None, line.sum.map(|sum| format!("{sum:.0}"))],
            false => [stats.by(other), stats.max()]
                .map(|value| Some(value.map_or("-".to_owned(), |value| scale.text(value)))),
        };
        for (column, value) in [right - NUMBER, right].into_iter().zip(values) {
            if let Some(value) = value {
                let class = if column < right { "value" } else { "" };
                let value = Text::new(column, y + 10.0, value).class(class);
                scene.text(value.anchor(Anchor::End));
            }
        }
        scene.shapes.push(Shape::Close);
        y += ROW;
    }
}
