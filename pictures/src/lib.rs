//! What the pictures share: colours, letters, and panels of lines over one axis.
#![forbid(unsafe_code)]

mod fit;
mod panel;

pub use fit::{Fit, fit};
pub use panel::{Axis, Line, Panel};

use std::error::Error;
use std::fs;
use std::path::Path;

use plotters::prelude::{BitMapBackend, IntoDrawingArea, RGBColor, SVGBackend};
use plotters::style::{FontStyle, register_font};

/// Colours that people with any colour vision tell apart (Okabe and Ito, 2008).
pub mod colour {
    use super::RGBColor;

    /// What was asked for, broad and behind the rest.
    pub const ASKED: RGBColor = RGBColor(205, 205, 205);
    /// Black.
    pub const BLACK: RGBColor = RGBColor(40, 40, 40);
    /// Orange.
    pub const ORANGE: RGBColor = RGBColor(230, 159, 0);
    /// Sky blue.
    pub const SKY: RGBColor = RGBColor(86, 180, 233);
    /// Bluish green.
    pub const GREEN: RGBColor = RGBColor(0, 158, 115);
    /// Blue.
    pub const BLUE: RGBColor = RGBColor(0, 114, 178);
    /// Vermilion.
    pub const VERMILION: RGBColor = RGBColor(213, 94, 0);
    /// Reddish purple.
    pub const PURPLE: RGBColor = RGBColor(204, 121, 167);
}

/// Debian's package fonts-dejavu-core has it.
const FONT: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

/// The size of a picture.
const WIDTH: u32 = 1_200;

/// Draws panels with the same axis one above the other, into `base.svg` and `base.png`.
///
/// # Errors
/// There is no font, or a file can't be written.
pub fn draw(
    base: &Path,
    heading: &str,
    axis: &Axis,
    panels: Vec<Panel>,
) -> Result<(), Box<dyn Error>> {
    let panels: Vec<_> = panels
        .into_iter()
        .map(|panel| (axis.clone(), panel))
        .collect();
    both(base, heading, &panels, 1)
}

/// Draws panels with an axis each, two in a row.
///
/// # Errors
/// As [`draw`].
pub fn draw_each(
    base: &Path,
    heading: &str,
    panels: &[(Axis, Panel)],
) -> Result<(), Box<dyn Error>> {
    both(base, heading, panels, 2)
}

fn both(
    base: &Path,
    heading: &str,
    panels: &[(Axis, Panel)],
    columns: usize,
) -> Result<(), Box<dyn Error>> {
    let font = fs::read(FONT).map_err(|error| format!("{FONT} (fonts-dejavu-core): {error}"))?;
    // It lives as long as the program, which draws a picture and ends.
    register_font("sans-serif", FontStyle::Normal, font.leak())
        .map_err(|_| format!("{FONT}: not a font"))?;
    let rows = panels.len().div_ceil(columns);
    let height = if columns == 1 { 270 } else { 380 };
    let size = (WIDTH, 50 + height * u32::try_from(rows)?);
    let (svg, png) = (base.with_extension("svg"), base.with_extension("png"));
    let place = (rows, columns);
    panel::all(
        &SVGBackend::new(&svg, size).into_drawing_area(),
        heading,
        panels,
        place,
    )?;
    panel::all(
        &BitMapBackend::new(&png, size).into_drawing_area(),
        heading,
        panels,
        place,
    )
}
