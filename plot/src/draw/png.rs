//! A scene as PNG, with the letters of DejaVu Sans.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Rect, Stroke, StrokeDash,
    Transform,
};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use crate::draw::scene::{Anchor, Ink, Scene, Shape, Text};
use crate::error::PlotError;
use crate::options::Theme;

/// Largest number of pixels.
const MAX_PIXELS: u64 = 100_000_000;

/// The scene as a PNG file, with `scale` pixels for each pixel of the scene.
///
/// # Errors
/// The picture is too large.
pub fn file(scene: &Scene, theme: Theme, scale: f32) -> Result<Vec<u8>, PlotError> {
    let size = |length: f64| whole(length * f64::from(scale));
    let (width, height) = (size(scene.width), size(scene.height));
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PlotError::TooLarge {
            what: "PNG",
            most: "100 million pixels",
        });
    }
    let pixmap = Pixmap::new(width, height);
    let mut pixmap = pixmap.ok_or_else(|| PlotError::Draw("the picture has no size".to_owned()))?;
    pixmap.fill(colour(theme, Ink::Background, 1.0));
    let face = |data| Face::parse(data, 0).map_err(|error| PlotError::Draw(error.to_string()));
    let mut painter = Painter {
        pixmap,
        theme,
        transform: Transform::from_scale(scale, scale),
        regular: face(dejavu::sans::regular())?,
        bold: face(dejavu::sans::bold())?,
    };
    for shape in &scene.shapes {
        painter.shape(shape);
    }
    painter
        .pixmap
        .encode_png()
        .map_err(|error| PlotError::Draw(error.to_string()))
}

struct Painter<'a> {
    pixmap: Pixmap,
    theme: Theme,
    transform: Transform,
    regular: Face<'a>,
    bold: Face<'a>,
}

impl Painter<'_> {
    fn paint(&self, ink: Ink, opacity: f64) -> Paint<'static> {
        let mut paint = Paint::default();
        paint.set_color(colour(self.theme, ink, opacity));
        paint
    }

    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Rect {
                bounds,
                ink,
                opacity,
            } => {
                let [x, y, width, height] = bounds.map(single);
                if let Some(rect) = Rect::from_xywh(x, y, width, height) {
                    let paint = self.paint(*ink, *opacity);
                    self.pixmap.fill_rect(rect, &paint, self.transform, None);
                }
            }
            Shape::Line {
                pieces,
                ink,
                width,
                dash,
                opacity,
            } => {
                self.line(pieces, (*ink, *opacity), *width, dash);
            }
            Shape::Polygon {
                points,
                ink,
                opacity,
            } => {
                let mut path = PathBuilder::new();
                add(&mut path, points);
                path.close();
                self.fill(path, *ink, *opacity);
            }
            Shape::Dot { at, radius, ink } => {
                let mut path = PathBuilder::new();
                path.push_circle(single(at.0), single(at.1), single(*radius));
                self.fill(path, *ink, 1.0);
            }
            Shape::Text(text) => self.text(text),
            Shape::Open { .. } | Shape::Close => {}
        }
    }

    fn line(&mut self, pieces: &[Vec<(f64, f64)>], ink: (Ink, f64), width: f64, dash: &[f64]) {
        let mut path = PathBuilder::new();
        for piece in pieces {
            add(&mut path, piece);
        }
        let stroke = Stroke {
            width: single(width),
            line_cap: LineCap::Butt,
            line_join: LineJoin::Miter,
            dash: match dash {
                [] => None,
                dash => {
                    let mut lengths: Vec<f32> = dash.iter().map(|length| single(*length)).collect();
                    if lengths.len() % 2 == 1 {
                        lengths.extend(lengths.clone());
                    }
                    StrokeDash::new(lengths, 0.0)
                }
            },
            ..Stroke::default()
        };
        if let Some(path) = path.finish() {
            let paint = self.paint(ink.0, ink.1);
            self.pixmap
                .stroke_path(&path, &paint, &stroke, self.transform, None);
        }
    }

    fn fill(&mut self, path: PathBuilder, ink: Ink, opacity: f64) {
        if let Some(path) = path.finish() {
            let paint = self.paint(ink, opacity);
            self.pixmap
                .fill_path(&path, &paint, FillRule::Winding, self.transform, None);
        }
    }

    fn text(&mut self, text: &Text) {
        let face = if text.is_bold {
            &self.bold
        } else {
            &self.regular
        };
        let scale = single(text.size) / f32::from(face.units_per_em());
        let glyphs: Vec<GlyphId> = text
            .text
            .chars()
            .map(|char| face.glyph_index(char).unwrap_or(GlyphId(0)))
            .collect();
        let advance =
            |glyph: &GlyphId| f32::from(face.glyph_hor_advance(*glyph).unwrap_or(0)) * scale;
        let width: f32 = glyphs.iter().map(advance).sum();
        let mut x = single(text.x)
            - match text.anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => width / 2.0,
                Anchor::End => width,
            };
        let mut outline = Outline {
            path: PathBuilder::new(),
            x,
            y: single(text.y),
            scale,
        };
        for glyph in &glyphs {
            outline.x = x;
            face.outline_glyph(*glyph, &mut outline);
            x += advance(glyph);
        }
        let path = outline.path;
        self.fill(path, text.ink, 1.0);
    }
}

/// The outline of a letter, at its place in the picture.
struct Outline {
    path: PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
}

impl Outline {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

fn add(path: &mut PathBuilder, points: &[(f64, f64)]) {
    for (at, (x, y)) in points.iter().enumerate() {
        if at == 0 {
            path.move_to(single(*x), single(*y));
        } else {
            path.line_to(single(*x), single(*y));
        }
    }
}

fn colour(theme: Theme, ink: Ink, opacity: f64) -> Color {
    let text = theme.colour(ink);
    let part = |at: usize| {
        let digits = text.get(at..at + 2).unwrap_or("00");
        u8::from_str_radix(digits, 16).unwrap_or(0)
    };
    let mut colour = Color::from_rgba8(part(1), part(3), part(5), 255);
    colour.set_alpha(single(opacity));
    colour
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a place in pixels has few digits"
)]
fn single(number: f64) -> f32 {
    number as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of pixels, and a float's cast saturates"
)]
fn whole(number: f64) -> u32 {
    number.ceil() as u32
}
