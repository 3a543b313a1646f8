//! The frame of a panel: its title, its grid and its axes.

use crate::draw::scale::{Scale, digits};
use crate::draw::scene::{Anchor, Ink, Scene, Shape, Text};
use crate::draw::text;
use crate::draw::time_axis::{TimeAxis, duration};

/// Place of a panel's values in the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Left end.
    pub x: f64,
    /// Upper end.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// Distance of a title above the frame.
const TITLE_ABOVE: f64 = 8.0;
/// Width of a label of the time axis, with room beside it.
const LABEL_WIDTH: f64 = 84.0;

impl Frame {
    /// Horizontal place.
    #[must_use]
    pub fn x_of(&self, axis: &TimeAxis, at_ns: i64) -> f64 {
        self.x + self.width * axis.part(at_ns).clamp(0.0, 1.0)
    }

    /// Vertical place.
    #[must_use]
    pub fn y_of(&self, scale: &Scale, value: f64) -> f64 {
        self.y + self.height * (1.0 - scale.part(value).clamp(0.0, 1.0))
    }

    /// Draws a title above the frame.
    pub fn title(&self, scene: &mut Scene, title: &str, unit: &str) {
        let y = self.y - TITLE_ABOVE;
        scene.text(Text::new(self.x, y, title).size(13.0).bold());
        if !unit.is_empty() {
            // Bold letters are wider.
            let x = self.x + text::width(title, 13.0) * 1.05 + 8.0;
            scene.text(Text::new(x, y, unit).ink(Ink::Muted));
        }
    }

    /// Draws ranges without data, with their lengths where there is room.
    pub fn gaps(&self, scene: &mut Scene, axis: &TimeAxis, gaps: &[(i64, i64)], has_labels: bool) {
        for &(begin, end) in gaps {
            let (left, right) = (self.x_of(axis, begin), self.x_of(axis, end));
            scene.shapes.push(Shape::Rect {
                bounds: [left, self.y, (right - left).max(1.0), self.height],
                ink: Ink::Gap,
                opacity: 1.0,
            });
            let label = format!("no data, {}", duration(end.saturating_sub(begin)));
            if has_labels && text::width(&label, 11.0) + 4.0 < right - left {
                let at = Text::new(f64::midpoint(left, right), self.y + 14.0, label);
                scene.text(at.size(11.0).ink(Ink::Muted).anchor(Anchor::Middle));
            }
        }
    }

    /// Draws the grid and the labels of both axes.
    pub fn axes(&self, scene: &mut Scene, axis: &TimeAxis, scale: &Scale) {
        let right = self.x + self.width;
        for tick in scale.ticks() {
            let y = self.y_of(scale, tick * scale.factor);
            if tick > 0.0 {
                scene.rule((self.x, y), (right, y), Ink::Grid, &[]);
            }
            let label = Text::new(self.x - 6.0, y + 4.0, digits(tick));
            scene.text(label.size(11.0).ink(Ink::Muted).anchor(Anchor::End));
        }
        self.time_labels(scene, axis);
    }

    /// Draws the lower end of the frame, and the labels of the time axis.
    pub fn time_labels(&self, scene: &mut Scene, axis: &TimeAxis) {
        let (right, bottom) = (self.x + self.width, self.y + self.height);
        scene.rule((self.x, bottom), (right, bottom), Ink::Axis, &[]);
        for (at, label) in axis.ticks(whole(self.width / LABEL_WIDTH)) {
            let x = self.x_of(axis, at);
            scene.rule((x, bottom), (x, bottom + 4.0), Ink::Axis, &[]);
            let half = text::width(&label, 11.0) / 2.0;
            // A label does not leave the picture.
            let x = x.min(scene.width - half - 2.0).max(half + 2.0);
            let label = Text::new(x, bottom + 16.0, label).size(11.0);
            scene.text(label.ink(Ink::Muted).anchor(Anchor::Middle));
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of labels, and a float's cast saturates"
)]
fn whole(number: f64) -> u32 {
    number as u32
}
