//! Common parts of the pictures: colours, font, and panels of lines over one axis.
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

/// Colours that people with any colour vision can distinguish (Okabe and Ito, 2008).
pub mod colour {
    use super::RGBColor;

    /// Colour of fitted lines, which are broad and behind the points.
    pub const FITTED: RGBColor = RGBColor(205, 205, 205);
    /// Black.
    pub const BLACK: RGBColor = RGBColor(40, 40, 40);
    /// Blue.
    pub const BLUE: RGBColor = RGBColor(0, 114, 178);
    /// Vermilion.
    pub const VERMILION: RGBColor = RGBColor(213, 94, 0);
}

/// Path of the font, in Debian's package fonts-dejavu-core.
const FONT: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

/// Width of a picture. It is little more than the width in a README, so that letters are not too small
/// there.
const WIDTH: u32 = 1_000;

/// Height of a panel.
const PANEL_HEIGHT: u32 = 240;

/// Draws panels one above the other, into `base.svg` and `base.png`.
///
/// # Errors
/// The font can't be read, or a file can't be written.
pub fn draw(base: &Path, heading: &str, panels: &[(Axis, Panel)]) -> Result<(), Box<dyn Error>> {
    let font = fs::read(FONT).map_err(|error| format!("{FONT} (fonts-dejavu-core): {error}"))?;
    // The font is leaked. The program draws one picture and ends.
    register_font("sans-serif", FontStyle::Normal, font.leak())
        .map_err(|_| format!("{FONT}: not a font"))?;
    let size = (WIDTH, 50 + PANEL_HEIGHT * u32::try_from(panels.len())?);
    let (svg, png) = (base.with_extension("svg"), base.with_extension("png"));
    panel::all(
        &SVGBackend::new(&svg, size).into_drawing_area(),
        heading,
        panels,
    )?;
    panel::all(
        &BitMapBackend::new(&png, size).into_drawing_area(),
        heading,
        panels,
    )
}
