use std::error::Error;

use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::{Circle, DrawingBackend, PathElement, Text};
use plotters::series::LineSeries;
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, WHITE};

use crate::colour;

/// The room at the right of a panel that its legend takes.
const LEGEND: i32 = 290;

/// What a panel's lines run along.
#[derive(Debug, Clone)]
pub struct Axis {
    /// What it shows, with its unit.
    pub label: String,
    /// Where it ends; it begins at 0.
    pub end: f64,
}

/// One line of a panel.
#[derive(Debug)]
pub struct Line {
    /// What it is, for the legend.
    pub label: String,
    /// Its colour.
    pub colour: RGBColor,
    /// Its width: what was asked for is broad, and lies behind what was seen.
    pub width: u32,
    /// Whether its points are marked: those that were measured, where it says nothing between them.
    pub marked: bool,
    /// Pieces with a gap between them, each of points in their order.
    pub pieces: Vec<Vec<(f64, f64)>>,
}

impl Line {
    /// What was seen.
    #[must_use]
    pub fn seen(label: &str, colour: RGBColor, pieces: Vec<Vec<(f64, f64)>>) -> Self {
        Self {
            label: label.to_owned(),
            colour,
            width: 2,
            marked: false,
            pieces,
        }
    }

    /// What was asked for.
    #[must_use]
    pub fn asked(pieces: Vec<Vec<(f64, f64)>>) -> Self {
        Self {
            label: "asked for".to_owned(),
            colour: colour::ASKED,
            width: 9,
            marked: false,
            pieces,
        }
    }

    /// Points that were measured.
    #[must_use]
    pub fn measured(label: &str, colour: RGBColor, pieces: Vec<Vec<(f64, f64)>>) -> Self {
        Self {
            marked: true,
            ..Self::seen(label, colour, pieces)
        }
    }

    /// A line that was fitted to them.
    #[must_use]
    pub fn fitted(pieces: Vec<Vec<(f64, f64)>>) -> Self {
        Self {
            label: "fitted line".to_owned(),
            width: 4,
            ..Self::asked(pieces)
        }
    }

    fn style(&self) -> ShapeStyle {
        ShapeStyle {
            color: self.colour.to_rgba(),
            filled: true,
            stroke_width: self.width,
        }
    }

    /// The same without an entry in the legend, which has one for its like.
    #[must_use]
    pub fn unnamed(mut self) -> Self {
        self.label.clear();
        self
    }
}

/// Lines of one unit, one behind the other.
#[derive(Debug)]
pub struct Panel {
    /// What it shows.
    pub title: String,
    /// The unit of its numbers.
    pub unit: String,
    /// The first is the farthest behind.
    pub lines: Vec<Line>,
}

pub(crate) fn all<D>(
    area: &DrawingArea<D, Shift>,
    heading: &str,
    panels: &[(Axis, Panel)],
) -> Result<(), Box<dyn Error>>
where
    D: DrawingBackend,
    D::ErrorType: 'static,
{
    area.fill(&WHITE)?;
    let area = area.titled(
        heading,
        ("sans-serif", 22).into_font().color(&colour::BLACK),
    )?;
    for ((axis, panel), place) in panels.iter().zip(area.split_evenly((panels.len(), 1))) {
        one(&place, axis, panel)?;
    }
    area.present()?;
    Ok(())
}

fn one<D>(area: &DrawingArea<D, Shift>, axis: &Axis, panel: &Panel) -> Result<(), Box<dyn Error>>
where
    D: DrawingBackend,
    D::ErrorType: 'static,
{
    let points = panel
        .lines
        .iter()
        .flat_map(|line| line.pieces.iter().flatten());
    let top = points.fold(0.0, |top: f64, point| top.max(point.1)) * 1.08;
    let text = |size: u32| ("sans-serif", size).into_font().color(&colour::BLACK);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(LEGEND)
        .caption(&panel.title, text(18))
        .x_label_area_size(44)
        .y_label_area_size(76)
        .build_cartesian_2d(0.0..axis.end, 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(235, 235, 235))
        .axis_style(colour::BLACK)
        .label_style(text(15))
        .axis_desc_style(text(16))
        .x_desc(axis.label.as_str())
        .y_desc(panel.unit.as_str())
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&number)
        .draw()?;
    for line in &panel.lines {
        let style = line.style();
        for piece in &line.pieces {
            let points = piece.iter().copied();
            if line.marked {
                chart.draw_series(points.map(|point| Circle::new(point, 4, style)))?;
            } else {
                chart.draw_series(LineSeries::new(points, style))?;
            }
        }
    }
    legend(area, panel)
}

/// Beside the panel, where it covers nothing.
fn legend<D>(area: &DrawingArea<D, Shift>, panel: &Panel) -> Result<(), Box<dyn Error>>
where
    D: DrawingBackend,
    D::ErrorType: 'static,
{
    let (width, _) = area.dim_in_pixel();
    let left = i32::try_from(width)? - LEGEND + 16;
    let text = ("sans-serif", 16).into_font().color(&colour::BLACK);
    // What is in front stands first.
    let named = panel
        .lines
        .iter()
        .rev()
        .filter(|line| !line.label.is_empty());
    let mut y = 48;
    for line in named {
        if line.marked {
            area.draw(&Circle::new((left + 12, y), 4, line.style()))?;
        } else {
            let dash = vec![(left, y), (left + 24, y)];
            area.draw(&PathElement::new(dash, line.style()))?;
        }
        area.draw(&Text::new(
            line.label.as_str(),
            (left + 32, y - 8),
            text.clone(),
        ))?;
        y += 24;
    }
    Ok(())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "plotters hands it so")]
fn number(value: &f64) -> String {
    if value.abs() < 10.0 && value.fract().abs() > 1e-9 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}
