//! A scene as SVG.

use std::fmt::Write;

use crate::draw::scene::{Anchor, Ink, Scene, Shape, Text};
use crate::draw::theme::variable;
use crate::options::Theme;

/// How colours are written.
#[derive(Debug, Clone, Copy)]
pub enum Colours {
    /// Those of a theme.
    Theme(Theme),
    /// Names of the style of a page.
    Page,
}

impl Colours {
    fn of(self, ink: Ink) -> String {
        match self {
            Self::Theme(theme) => theme.colour(ink).to_owned(),
            Self::Page => format!("var(--{})", variable(ink)),
        }
    }
}

/// The scene as an SVG document.
#[must_use]
pub fn document(scene: &Scene, colours: Colours) -> String {
    let mut out = String::new();
    let (width, height) = (number(scene.width), number(scene.height));
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"'DejaVu Sans',Verdana,sans-serif\" role=\"img\">"
    );
    let _ = writeln!(out, "<title>{}</title>", escaped(&scene.title));
    let _ = writeln!(out, "<desc>{}</desc>", escaped(&scene.description));
    let _ = writeln!(
        out,
        "<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>",
        colours.of(Ink::Background)
    );
    for shape in &scene.shapes {
        write_shape(&mut out, shape, colours);
        out.push('\n');
    }
    out.push_str("</svg>\n");
    out
}

fn write_shape(out: &mut String, shape: &Shape, colours: Colours) {
    let _ = match shape {
        Shape::Rect {
            bounds,
            ink,
            opacity,
        } => {
            let ([x, y, width, height], fill) = (bounds.map(number), colours.of(*ink));
            write!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"{}/>",
                opacity_of("", *opacity)
            )
        }
        Shape::Line {
            pieces,
            ink,
            width,
            dash,
            opacity,
        } => {
            write!(
                out,
                "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{}{}/>",
                path(pieces),
                colours.of(*ink),
                number(*width),
                dash_of(dash),
                opacity_of("stroke-", *opacity)
            )
        }
        Shape::Polygon {
            points,
            ink,
            opacity,
        } => {
            let (path, fill) = (path(std::slice::from_ref(points)), colours.of(*ink));
            let opacity = opacity_of("fill-", *opacity);
            write!(out, "<path d=\"{path}Z\" fill=\"{fill}\"{opacity}/>")
        }
        Shape::Dot { at, radius, ink } => {
            let ([x, y], r, fill) = ([at.0, at.1].map(number), number(*radius), colours.of(*ink));
            write!(
                out,
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{fill}\"/>"
            )
        }
        Shape::Text(text) => write_text(out, text, colours),
        Shape::Open {
            class,
            number: (panel, line),
        } => {
            write!(
                out,
                "<g class=\"{class}\" data-panel=\"{panel}\" data-line=\"{line}\">"
            )
        }
        Shape::Close => write!(out, "</g>"),
    };
}

fn write_text(out: &mut String, text: &Text, colours: Colours) -> std::fmt::Result {
    let anchor = match text.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let bold = if text.is_bold {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let class = match text.class {
        "" => String::new(),
        class => format!(" class=\"{class}\""),
    };
    write!(
        out,
        "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"{anchor}{bold}{class} xml:space=\"preserve\">{}",
        number(text.x),
        number(text.y),
        number(text.size),
        colours.of(text.ink),
        escaped(&text.text)
    )?;
    if !text.tip.is_empty() {
        write!(out, "<title>{}</title>", escaped(&text.tip))?;
    }
    write!(out, "</text>")
}

fn dash_of(dash: &[f64]) -> String {
    if dash.is_empty() {
        return String::new();
    }
    let dash: Vec<String> = dash.iter().map(|length| number(*length)).collect();
    format!(" stroke-dasharray=\"{}\"", dash.join(" "))
}

fn opacity_of(kind: &str, opacity: f64) -> String {
    match opacity < 1.0 {
        true => format!(" {kind}opacity=\"{}\"", number(opacity)),
        false => String::new(),
    }
}

/// The points as a path, with the short forms of level and upright lines.
fn path(pieces: &[Vec<(f64, f64)>]) -> String {
    let mut path = String::new();
    for piece in pieces {
        let mut last: Option<(String, String)> = None;
        for (at, point) in piece.iter().enumerate() {
            let (x, y) = (number(point.0), number(point.1));
            // The same level goes on to the next point.
            let is_level = |other: &(f64, f64)| number(other.1) == y;
            if at > 0
                && piece.get(at - 1).is_some_and(is_level)
                && piece.get(at + 1).is_some_and(is_level)
            {
                continue;
            }
            let _ = match &last {
                None => write!(path, "M{x} {y}"),
                Some((last_x, last_y)) if *last_x == x && *last_y == y => continue,
                Some((last_x, _)) if *last_x == x => write!(path, "V{y}"),
                Some((_, last_y)) if *last_y == y => write!(path, "H{x}"),
                Some(_) => write!(path, "L{x} {y}"),
            };
            last = Some((x, y));
        }
    }
    path
}

/// A number with at most one decimal place, or two if it is small.
fn number(value: f64) -> String {
    let text = if value.abs() < 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.1}")
    };
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" | "" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// Text as XML: what would be markup is escaped, and what XML does not allow is left out.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t'
            | '\n'
            | '\r'
            | '\u{20}'..='\u{d7ff}'
            | '\u{e000}'..='\u{fffd}'
            | '\u{10000}'.. => {
                out.push(char);
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_short_forms_and_no_points_on_a_level_line() {
        let step = vec![
            (0.0, 5.0),
            (1.0, 5.0),
            (2.0, 5.0),
            (2.0, 7.25),
            (3.0, 7.25),
            (4.0, 8.0),
        ];
        assert_eq!(path(&[step]), "M0 5H2V7.2H3L4 8");
        assert_eq!(path(&[vec![(1.0, 1.0)], vec![(0.125, 2.0)]]), "M1 1M0.12 2");
    }

    #[test]
    fn text_is_no_markup() {
        let name = "</svg><script>alert('\"&\u{0}\u{1b}\u{ffff}')</script>";
        let safe = escaped(name);
        assert_eq!(
            safe,
            "&lt;/svg&gt;&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;"
        );
    }
}
