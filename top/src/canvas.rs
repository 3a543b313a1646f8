//! Text in a buffer of cells. Nothing is drawn outside, and no text wraps.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;
use unicode_width::UnicodeWidthChar;
use virtmon_export::printable::Printable;

use crate::glyphs::Glyphs;
use crate::palette::Palette;

/// A buffer, and what is drawn with.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    /// Characters of bars and frames.
    pub glyphs: Glyphs,
    /// Styles.
    pub palette: Palette,
}

impl<'a> Canvas<'a> {
    /// A canvas over a buffer.
    pub fn new(buffer: &'a mut Buffer, glyphs: Glyphs, palette: Palette) -> Self {
        Self {
            buffer,
            glyphs,
            palette,
        }
    }

    /// Number of columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.buffer.area.width.into()
    }

    /// Number of lines.
    #[must_use]
    pub fn height(&self) -> usize {
        self.buffer.area.height.into()
    }

    /// Puts text at a position, up to the right edge. Returns the column behind it.
    pub fn put(&mut self, x: usize, y: usize, text: &str, style: Style) -> usize {
        self.put_within(x, y, text, self.width().saturating_sub(x), style)
    }

    /// Puts at most `columns` columns of text at a position. Returns the column behind it. Text of guests is
    /// escaped before: see [`shown`].
    pub fn put_within(
        &mut self,
        x: usize,
        y: usize,
        text: &str,
        columns: usize,
        style: Style,
    ) -> usize {
        let (Ok(left), Ok(top)) = (u16::try_from(x), u16::try_from(y)) else {
            return x;
        };
        if x >= self.width() || y >= self.height() {
            return x;
        }
        let (end, _) = self.buffer.set_stringn(left, top, text, columns, style);
        end.into()
    }

    /// Puts text so that it ends before the column `end`.
    pub fn put_right(&mut self, end: usize, y: usize, text: &str, style: Style) {
        let width = text_width(text);
        self.put(end.saturating_sub(width), y, text, style);
    }

    /// Adds a style to a line.
    pub fn style_line(&mut self, y: usize, style: Style) {
        if let Ok(top) = u16::try_from(y)
            && y < self.height()
        {
            let width = self.buffer.area.width;
            self.buffer.set_style(Rect::new(0, top, width, 1), style);
        }
    }

    /// Adds a style to a part of a line.
    pub fn style(&mut self, x: usize, y: usize, columns: usize, style: Style) {
        let width = self.width().saturating_sub(x).min(columns);
        if let (Ok(left), Ok(top), Ok(width)) =
            (u16::try_from(x), u16::try_from(y), u16::try_from(width))
            && y < self.height()
        {
            self.buffer.set_style(Rect::new(left, top, width, 1), style);
        }
    }

    /// Draws an empty box with a title, over what is there. Returns the position and size of its inside.
    pub fn window(&mut self, width: usize, height: usize, title: &str) -> Window {
        let (width, height) = (width.min(self.width()), height.min(self.height()));
        let left = (self.width() - width) / 2;
        let top = (self.height() - height) / 2;
        let frame = self.glyphs.frame();
        let inside = width.saturating_sub(2);
        let line = |corners: [char; 2], title: &str| {
            let mut text = String::from(corners[0]);
            text.push_str(title);
            let rest = inside.saturating_sub(text_width(title));
            text.extend(std::iter::repeat_n(frame.horizontal, rest));
            text.push(corners[1]);
            text
        };
        let [a, b, c, d] = frame.corners;
        let blank = format!("{0}{1:2$}{0}", frame.vertical, "", inside);
        for y in top..top + height {
            self.style(left, y, width, Style::reset());
            self.put(left, y, &blank, Style::reset());
        }
        let title = format!("{0}[{title}]", frame.horizontal);
        self.put_within(left, top, &line([a, b], &title), width, Style::reset());
        let bottom = (top + height).saturating_sub(1);
        self.put_within(left, bottom, &line([c, d], ""), width, Style::reset());
        Window {
            left: left + 1,
            top: top + 1,
            width: inside,
            height: height.saturating_sub(2),
        }
    }
}

/// The inside of a box.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// First column.
    pub left: usize,
    /// First line.
    pub top: usize,
    /// Number of columns.
    pub width: usize,
    /// Number of lines.
    pub height: usize,
}

/// Width of text in columns.
#[must_use]
pub fn text_width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Text of a guest, escaped: one line, without characters that a terminal obeys.
#[must_use]
pub fn shown(text: &str) -> String {
    Printable::name(text).to_string()
}

/// Text padded or cut to exactly this many columns. A text that is too long loses its middle, and keeps its
/// last six columns.
#[must_use]
pub fn fit(text: &str, columns: usize, glyphs: Glyphs) -> String {
    let width = text_width(text);
    let mut fitted = if width <= columns {
        text.to_owned()
    } else {
        let tail = if columns >= 10 { 6 } else { 0 };
        let head = columns.saturating_sub(tail + 1);
        let mut cut = prefix(text, head).to_owned();
        if columns > 0 {
            cut.push(glyphs.cut());
        }
        cut.push_str(suffix(text, tail));
        cut
    };
    let width = text_width(&fitted);
    fitted.extend(std::iter::repeat_n(' ', columns.saturating_sub(width)));
    fitted
}

/// The longest start of a text that has at most this many columns.
fn prefix(text: &str, columns: usize) -> &str {
    let mut width = 0;
    for (at, c) in text.char_indices() {
        width += c.width().unwrap_or(0);
        if width > columns {
            return &text[..at];
        }
    }
    text
}

/// The longest end of a text that has at most this many columns.
fn suffix(text: &str, columns: usize) -> &str {
    let mut width = 0;
    for (at, c) in text.char_indices().rev() {
        width += c.width().unwrap_or(0);
        if width > columns {
            return &text[at + c.len_utf8()..];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_end() {
        let fitted = fit("instance-0000012a-prod", 18, Glyphs::Ascii);
        assert_eq!(fitted, "instance-00~a-prod");
        assert_eq!(fit("web", 5, Glyphs::Ascii), "web  ");
        for text in [
            "世界世界世界世界世界",
            "e\u{301}e\u{301}e\u{301}",
            "plain name of a guest",
        ] {
            for columns in 0..24 {
                let fitted = fit(text, columns, Glyphs::Unicode);
                assert_eq!(text_width(&fitted), columns, "{text} {columns}");
            }
        }
    }

    #[test]
    fn nothing_is_drawn_outside() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 2));
        let mut canvas = Canvas::new(&mut buffer, Glyphs::Ascii, Palette::PLAIN);
        canvas.put(2, 1, "abcdef", Style::new());
        canvas.put(9, 1, "x", Style::new());
        canvas.put(0, 7, "x", Style::new());
        canvas.put_right(1, 0, "long", Style::new());
        canvas.style(3, 9, 99, Style::new());
        canvas.window(20, 20, "help");
        assert_eq!(buffer.content.len(), 8);
    }
}
