//! Shapes: what SVG and PNG have in common.

/// A picture as shapes, back to front.
#[derive(Debug, Default)]
pub struct Scene {
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
    /// Title of the picture.
    pub title: String,
    /// Description of the picture.
    pub description: String,
    /// The shapes.
    pub shapes: Vec<Shape>,
}

/// A colour of the theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Background.
    Background,
    /// Text.
    Text,
    /// Text of less weight.
    Muted,
    /// Axes.
    Axis,
    /// Lines of the grid.
    Grid,
    /// Ranges without data.
    Gap,
    /// A line by its number.
    Series(usize),
    /// The line of others.
    Others,
    /// Values that need attention.
    Attention,
}

/// End of a text that is at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The left end.
    Start,
    /// The middle.
    Middle,
    /// The right end.
    End,
}

/// A text.
#[derive(Debug, Clone)]
pub struct Text {
    /// Horizontal place of the anchor.
    pub x: f64,
    /// Vertical place of the baseline.
    pub y: f64,
    /// The text.
    pub text: String,
    /// Height of the font.
    pub size: f64,
    /// Colour.
    pub ink: Ink,
    /// The end that is at the place.
    pub anchor: Anchor,
    /// True for bold letters.
    pub is_bold: bool,
    /// Class in a page; empty for none.
    pub class: &'static str,
    /// Text shown while the pointer is over it.
    pub tip: String,
}

/// A shape.
#[derive(Debug, Clone)]
pub enum Shape {
    /// A rectangle.
    Rect {
        /// Left, top, width and height.
        bounds: [f64; 4],
        /// Colour.
        ink: Ink,
        /// Opacity.
        opacity: f64,
    },
    /// A line through points.
    Line {
        /// Its parts.
        pieces: Vec<Vec<(f64, f64)>>,
        /// Colour.
        ink: Ink,
        /// Width.
        width: f64,
        /// Lengths of dashes and of the gaps between them; empty for a line without gaps.
        dash: &'static [f64],
        /// Opacity.
        opacity: f64,
    },
    /// A filled polygon.
    Polygon {
        /// Its corners.
        points: Vec<(f64, f64)>,
        /// Colour.
        ink: Ink,
        /// Opacity.
        opacity: f64,
    },
    /// A filled circle.
    Dot {
        /// Place of the centre.
        at: (f64, f64),
        /// Radius.
        radius: f64,
        /// Colour.
        ink: Ink,
    },
    /// A text.
    Text(Text),
    /// Begin of a group, with its class and its number in a page.
    Open {
        /// Class of the group.
        class: &'static str,
        /// Number of the panel and of the line.
        number: (usize, usize),
    },
    /// End of a group.
    Close,
}

impl Text {
    /// A text of 12 pixels at the left of its place.
    #[must_use]
    pub fn new(x: f64, y: f64, text: impl Into<String>) -> Self {
        Self {
            x,
            y,
            text: text.into(),
            size: 12.0,
            ink: Ink::Text,
            anchor: Anchor::Start,
            is_bold: false,
            class: "",
            tip: String::new(),
        }
    }

    /// Sets the colour.
    #[must_use]
    pub fn ink(mut self, ink: Ink) -> Self {
        self.ink = ink;
        self
    }

    /// Sets the height of the font.
    #[must_use]
    pub fn size(mut self, size: f64) -> Self {
        self.size = size;
        self
    }

    /// Sets the anchor.
    #[must_use]
    pub fn anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// Makes the letters bold.
    #[must_use]
    pub fn bold(mut self) -> Self {
        self.is_bold = true;
        self
    }

    /// Sets the class in a page.
    #[must_use]
    pub fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    /// Sets the text shown while the pointer is over it.
    #[must_use]
    pub fn tip(mut self, tip: impl Into<String>) -> Self {
        self.tip = tip.into();
        self
    }
}

impl Scene {
    /// Adds a text.
    pub fn text(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }

    /// Adds a straight line.
    pub fn rule(&mut self, from: (f64, f64), to: (f64, f64), ink: Ink, dash: &'static [f64]) {
        self.shapes.push(Shape::Line {
            pieces: vec![vec![from, to]],
            ink,
            width: 1.0,
            dash,
            opacity: 1.0,
        });
    }
}
