//! Panels: lines over one axis, with a legend.

use std::error::Error;

use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::{Circle, DrawingBackend, PathElement, Text};
use plotters::series::LineSeries;
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, WHITE};

use crate::colour;

/// Width of the legend, at the right of a panel.
const LEGEND: i32 = 290;

/// Horizontal axis of a panel. It begins at 0.
#[derive(Debug, Clone)]
pub struct Axis {
    /// Label, with the unit.
    pub label: String,
    /// End of the axis.
    pub end: f64,
}

/// One line of a panel.
#[derive(Debug)]
pub struct Line {
    /// Label in the legend.
    pub label: String,
    /// Colour of the line.
    pub colour: RGBColor,
    /// Width of the line. Fitted lines are broad, and behind the points.
    pub width: u32,
    /// True if only the points are drawn, without a line between them.
    pub marked: bool,
    /// Pieces with a gap between them. Each has its points in order.
    pub pieces: Vec<Vec<(f64, f64)>>,
}

impl Line {
    /// Points that were measured.
    #[must_use]
    pub fn measured(label: &str, colour: RGBColor, pieces: Vec<Vec<(f64, f64)>>) -> Self {
        Self {
            label: label.to_owned(),
            colour,
            width: 2,
            marked: true,
            pieces,
        }
    }

    /// A line that was fitted to points.
    #[must_use]
    pub fn fitted(pieces: Vec<Vec<(f64, f64)>>) -> Self {
        Self {
            label: "fitted line".to_owned(),
            colour: colour::FITTED,
            width: 4,
            marked: false,
            pieces,
        }
    }

    fn style(&self) -> ShapeStyle {
        ShapeStyle {
            color: self.colour.to_rgba(),
            filled: true,
            stroke_width: self.width,
        }
    }

    /// The same line without an entry in the legend, for a second line of the same kind.
    #[must_use]
    pub fn unnamed(mut self) -> Self {
        self.label.clear();
        self
    }
}

/// Lines with one unit.
#[derive(Debug)]
pub struct Panel {
    /// Title above the panel.
    pub title: String,
    /// Unit of the vertical axis.
    pub unit: String,
    /// Lines, from back to front.
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

/// Draws the legend, at the right of the panel.
fn legend<D>(area: &DrawingArea<D, Shift>, panel: &Panel) -> Result<(), Box<dyn Error>>
where
    D: DrawingBackend,
    D::ErrorType: 'static,
{
    let (width, _) = area.dim_in_pixel();
    let left = i32::try_from(width)? - LEGEND + 16;
    let text = ("sans-serif", 16).into_font().color(&colour::BLACK);
    // The line in front is the first in the legend.
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

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is that of plotters"
)]
fn number(value: &f64) -> String {
    if value.abs() < 10.0 && value.fract().abs() > 1e-9 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}
