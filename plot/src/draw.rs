//! Lines to shapes, and shapes to SVG, PNG and HTML.

pub mod frame;
pub mod html;

pub mod legend;
pub mod lines;
pub mod picture;
#[cfg(feature = "png")]
pub mod png;
pub mod rail;
pub mod scale;
pub mod scene;
pub mod svg;
pub mod text;
pub mod theme;
pub mod time_axis;
