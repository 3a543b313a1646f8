//! The picture: panels one below the other, with one time axis.

use crate::draw::frame::Frame;
use crate::draw::scale::Scale;
use crate::draw::scene::{Ink, Scene, Text};
use crate::draw::time_axis::TimeAxis;
use crate::draw::{legend, lines, rail, text};
use crate::options::{By, PanelKind};
use crate::panel::{Event, Panel};

/// Everything that a picture shows.
#[derive(Debug)]
pub struct Picture {
    /// Heading.
    pub heading: String,
    /// Facts below the panels, one a line.
    pub footer: Vec<String>,
    /// Time axis.
    pub axis: TimeAxis,
    /// Panels of lines.
    pub panels: Vec<Panel>,
    /// Events; `None` if there is no rail.
    pub events: Option<Vec<Event>>,
    /// Labels of the guests.
    pub labels: Vec<String>,
    /// Ranges without data.
    pub gaps: Vec<(i64, i64)>,
    /// Order of the guests.
    pub by: By,
    /// Width in pixels.
    pub width: f64,
}

/// A panel in the picture.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Place of its values.
    pub frame: Frame,
    /// Its vertical axis.
    pub scale: Scale,
}

/// Height of a panel's values.
const PANEL: f64 = 180.0;
/// Room above a panel for its title.
const ABOVE: f64 = 30.0;
/// Room below a panel for the labels of its time axis.
const BELOW: f64 = 22.0;
/// Room at the left for the labels of the vertical axis.
const LEFT: f64 = 52.0;
/// Room at the right.
const RIGHT: f64 = 16.0;
/// Height of the heading.
const HEADING: f64 = 34.0;
/// Least width with the legends at the right of the panels.
const WIDE: f64 = 720.0;

/// Least end of the vertical axis, so that noise does not fill a panel.
fn floor(panel: &Panel) -> f64 {
    match panel.kind {
        PanelKind::Host => 100.0,
        PanelKind::Cpu => 10.0,
        PanelKind::Ready => 5.0,
        PanelKind::Memory => 1_048_576.0,
        PanelKind::Network | PanelKind::Disk => 1_024.0,
        PanelKind::Latency | PanelKind::Timing | PanelKind::Events => 1_000.0,
    }
}

impl Picture {
    /// Width of the panels' values in a picture of this width.
    #[must_use]
    pub fn plot_width(width: f64) -> f64 {
        (width - LEFT - RIGHT - legend_width(width)).max(40.0)
    }

    /// The shapes of the picture, and the places of its panels.
    #[must_use]
    pub fn scene(&self) -> (Scene, Vec<Placed>) {
        let mut scene = Scene {
            width: self.width,
            title: self.heading.clone(),
            description: self.description(),
            ..Scene::default()
        };
        let range = self.axis.range();
        scene.text(
            Text::new(12.0, 22.0, text::fit(&self.heading, 15.0, self.width * 0.5))
                .size(15.0)
                .bold(),
        );
        let x = 12.0
            + text::width(&text::fit(&self.heading, 15.0, self.width * 0.5), 15.0) * 1.05
            + 14.0;
        let is_beside = x + text::width(&range, 12.0) < self.width;
        let (x, y) = if is_beside { (x, 22.0) } else { (12.0, 40.0) };
        scene.text(Text::new(x, y, range).ink(Ink::Muted));
        let mut y = if is_beside { HEADING } else { HEADING + 18.0 };
        if let Some(events) = &self.events {
            y = self.rail(&mut scene, events, y);
        }
        let mut placed = Vec::new();
        for (number, panel) in self.panels.iter().enumerate() {
            let (place, bottom) = self.panel(&mut scene, panel, number, y);
            placed.push(place);
            y = bottom;
        }
        y += 10.0;
        for line in &self.footer {
            y += 15.0;
            let line = text::fit(line, 11.0, self.width - 24.0);
            scene.text(Text::new(12.0, y, line).size(11.0).ink(Ink::Muted));
        }
        scene.height = (y + 12.0).ceil();
        (scene, placed)
    }

    fn frame(&self, y: f64, height: f64) -> Frame {
        Frame {
            x: LEFT,
            y,
            width: Self::plot_width(self.width),
            height,
        }
    }

    fn rail(&self, scene: &mut Scene, events: &[Event], y: f64) -> f64 {
        let frame = self.frame(y + ABOVE, rail::HEIGHT);
        frame.title(scene, "Events", "");
        frame.gaps(scene, &self.axis, &self.gaps, false);
        rail::draw(scene, events, &self.labels, &frame, &self.axis);
        frame.time_labels(scene, &self.axis);
        let meanings = rail::meanings(events);
        let legend = legend_width(self.width);
        let mut bottom = frame.y + frame.height + BELOW;
        if legend > 0.0 {
            let x = frame.x + frame.width + 20.0;
            let mut at = frame.y + 2.0;
            for meaning in meanings {
                let meaning = text::fit(&meaning, 11.0, legend - 20.0);
                scene.text(Text::new(x, at, meaning).size(11.0).ink(Ink::Muted));
                at += 14.0;
            }
            bottom = bottom.max(at);
        } else {
            for row in wrap(&meanings, self.width - LEFT - RIGHT) {
                bottom += 13.0;
                scene.text(Text::new(LEFT, bottom, row).size(11.0).ink(Ink::Muted));
            }
        }
        bottom
    }

    fn panel(&self, scene: &mut Scene, panel: &Panel, number: usize, y: f64) -> (Placed, f64) {
        let legend_width = legend_width(self.width);
        let legend_height = legend::height(panel);
        let is_beside = legend_width > 0.0;
        let height = if is_beside {
            PANEL.max(legend_height)
        } else {
            PANEL
        };
        let frame = self.frame(y + ABOVE, height);
        let mut max = 0.0_f64;
        for line in panel
            .lines
            .iter()
            .filter(|line| !line.is_dots && !line.is_off_scale)
        {
            max = max.max(line.series.stats.max().unwrap_or(0.0));
            if let Some(spread) = &line.spread {
                max = max.max(spread[1].stats.max().unwrap_or(0.0));
            }
        }
        let scale = Scale::new(panel.quantity, max, floor(panel));
        frame.title(scene, &panel.title, &scale.unit);
        frame.gaps(scene, &self.axis, &self.gaps, number == 0);
        frame.axes(scene, &self.axis, &scale);
        rail::rules(
            scene,
            self.events.as_deref().unwrap_or_default(),
            &frame,
            &self.axis,
        );
        lines::draw(scene, panel, number, &frame, &self.axis, &scale);
        let mut bottom = frame.y + frame.height + BELOW;
        let at = if is_beside {
            legend::Place {
                x: frame.x + frame.width + 20.0,
                y: frame.y - 4.0,
                width: legend_width - 20.0,
            }
        } else {
            let at = legend::Place {
                x: LEFT,
                y: bottom,
                width: self.width - LEFT - RIGHT,
            };
            bottom += legend_height;
            at
        };
        legend::draw(scene, panel, number, at, &scale, self.by);
        (Placed { frame, scale }, bottom)
    }

    /// The picture in words, for readers who do not see it.
    fn description(&self) -> String {
        let mut text = self.axis.range();
        for panel in &self.panels {
            text.push_str(&format!(". {}", panel.title));
            for (at, line) in panel.lines.iter().enumerate() {
                text.push_str(if at == 0 { ": " } else { ", " });
                text.push_str(&line.label);
            }
        }
        text
    }
}

fn legend_width(width: f64) -> f64 {
    match width < WIDE {
        true => 0.0,
        false => (width * 0.29).clamp(260.0, 360.0),
    }
}

/// Joins words to lines of this width.
fn wrap(words: &[String], most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if text::width(line, 11.0) + text::width(word, 11.0) + 12.0 < most => {
                line.push_str("   ");
                line.push_str(word);
            }
            _ => lines.push(text::fit(word, 11.0, most)),
        }
    }
    lines
}
