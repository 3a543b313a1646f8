//! A picture as a page: one file, without any request to a network.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::draw::picture::{Picture, Placed};
use crate::draw::scene::Ink;
use crate::draw::svg::{self, Colours, escaped};
use crate::draw::theme::{inks, variable};
use crate::error::PlotError;
use crate::options::Theme;
use crate::panel::{Line, Panel};

/// Largest size of a page, in bytes.
const MAX_BYTES: usize = 50_000_000;

const STYLE: &str = include_str!("page.css");
/// The cursor, the legend and the themes. It draws nothing: the lines are in the SVG.
const SCRIPT: &str = include_str!("page.js");

/// The picture as a page. `theme` is the theme of browsers that ask for none.
///
/// # Errors
/// The page is too large.
pub fn page(picture: &Picture, theme: Theme) -> Result<String, PlotError> {
    let (scene, placed) = picture.scene();
    let mut out = String::new();
    let title = escaped(&picture.heading);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\" data-theme=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{}{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>{title}</h1><output id=\"time\"></output><button id=\"theme\" type=\"button\">Theme: {0}</button></header>\n<main>\n",
        theme.as_str(),
        themes(),
    );
    out.push_str(&svg::document(&scene, Colours::Page));
    tables(&mut out, picture, &placed);
    out.push_str("</main>\n<script type=\"application/json\" id=\"data\">");
    // JSON has no other use for this sign than text.
    out.push_str(&data(picture, &placed).to_string().replace('<', "\\u003c"));
    let _ = write!(
        out,
        "</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    );
    match out.len() > MAX_BYTES {
        true => Err(PlotError::TooLarge {
            what: "page",
            most: "50 MB",
        }),
        false => Ok(out),
    }
}

fn themes() -> String {
    let mut style = String::new();
    let mut add = |selector: &str, theme: Theme| {
        let _ = write!(style, "{selector}{{");
        for ink in inks() {
            let _ = write!(style, "--{}:{};", variable(ink), theme.colour(ink));
        }
        let _ = write!(style, "color-scheme:{}", theme.as_str());
        style.push_str("}\n");
    };
    add(":root", Theme::Light);
    add(":root[data-theme=dark]", Theme::Dark);
    let background = Theme::Light.colour(Ink::Background);
    let _ = writeln!(style, "@media print{{body{{background:{background}}}}}");
    style
}

/// The numbers of each panel's legend, as tables for readers who do not see the lines.
fn tables(out: &mut String, picture: &Picture, placed: &[Placed]) {
    out.push_str("<details><summary>Means and maxima as a table</summary>\n");
    for (panel, placed) in picture.panels.iter().zip(placed) {
        let _ = write!(
            out,
            "<table><caption>{}, {}</caption><thead><tr><th scope=\"col\">line</th><th scope=\"col\">mean</th><th scope=\"col\">max</th></tr></thead><tbody>",
            escaped(&panel.title),
            escaped(&placed.scale.unit)
        );
        for line in panel.lines.iter().filter(|line| !line.is_dots) {
            let text =
                |value: Option<f64>| value.map_or("-".to_owned(), |value| placed.scale.text(value));
            let stats = &line.series.stats;
            let _ = write!(
                out,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
                escaped(&line.label),
                text(stats.mean()),
                text(stats.max())
            );
        }
        out.push_str("</tbody></table>\n");
    }
    out.push_str("</details>\n");
}

/// The data of the script: places of panels, and the values of their lines in the panel's unit.
fn data(picture: &Picture, placed: &[Placed]) -> Value {
    let axis = &picture.axis;
    let panels = picture.panels.iter().zip(placed);
    let panels: Vec<Value> = panels
        .map(|(panel, placed)| panel_data(picture, panel, placed))
        .collect();
    let events = picture.events.as_deref().unwrap_or_default();
    json!({
        "first": milliseconds(0, axis.first_ns),
        "length": milliseconds(axis.first_ns, axis.last_ns),
        "isRelative": axis.zone.is_none(),
        "offset": axis.zone.as_ref().map_or(0.0, |zone| milliseconds(0, zone.offset_ns(axis.first_ns))),
        "panels": panels,
        "events": events.iter().map(|event| milliseconds(axis.first_ns, event.at_ns)).collect::<Vec<_>>(),
    })
}

fn panel_data(picture: &Picture, panel: &Panel, placed: &Placed) -> Value {
    let frame = placed.frame;
    let lines: Vec<Value> = panel
        .lines
        .iter()
        .map(|line| line_data(line, placed, picture.axis.first_ns))
        .collect();
    json!({
        "title": panel.title,
        "unit": placed.scale.unit,
        "frame": [frame.x, frame.y, frame.width, frame.height],
        "lines": lines,
    })
}

/// Times since the begin of the axis, in ms, and the values that hold up to them. Unknown is null.
fn line_data(line: &Line, placed: &Placed, first_ns: i64) -> Value {
    let (mut times, mut values) = (Vec::new(), Vec::new());
    for piece in line.series.pieces() {
        let Some(&(begin, value)) = piece.first() else {
            continue;
        };
        times.push(milliseconds(first_ns, begin));
        // A value alone holds at its time.
        let is_alone = piece.len() == 1;
        values.push(if is_alone {
            rounded(value / placed.scale.factor)
        } else {
            Value::Null
        });
        let mut last = begin;
        for &(at, value) in piece.iter().skip(1) {
            if at > last {
                times.push(milliseconds(first_ns, at));
                values.push(rounded(value / placed.scale.factor));
                last = at;
            }
        }
    }
    json!({ "label": line.label, "isDots": line.is_dots, "times": times, "values": values })
}

/// A number with six digits.
fn rounded(value: f64) -> Value {
    let text = format!("{value:.5e}");
    json!(text.parse::<f64>().unwrap_or(value))
}

#[expect(clippy::cast_precision_loss, reason = "a time in ms has few digits")]
fn milliseconds(from_ns: i64, to_ns: i64) -> f64 {
    let microseconds = (i128::from(to_ns) - i128::from(from_ns)) / 1_000;
    microseconds as f64 / 1e3
}
