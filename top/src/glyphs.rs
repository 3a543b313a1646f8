//! Characters of bars, sparklines and frames, in two sets of the same width: ASCII and Unicode blocks.

/// A set of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// ASCII alone.
    Ascii,
    /// Blocks and lines of Unicode. Never braille: many fonts lack it, and screen readers read it aloud.
    Unicode,
}

const ASCII_LEVELS: [char; 10] = [' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'];
const UNICODE_LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const UNICODE_PARTS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// Corners and lines of a box.
#[derive(Debug, Clone, Copy)]
pub struct BoxGlyphs {
    /// Upper left, upper right, lower left, lower right.
    pub corners: [char; 4],
    /// Horizontal line.
    pub horizontal: char,
    /// Vertical line.
    pub vertical: char,
}

impl Glyphs {
    /// The set for a locale and a kind of terminal. `locale` is the value of `LC_ALL`, `LC_CTYPE` or `LANG`.
    #[must_use]
    pub fn choose(locale: Option<&str>, term: Option<&str>) -> Self {
        let is_utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let is_poor =
            term.is_some_and(|term| term == "linux" || term == "dumb" || term.starts_with("vt"));
        if is_utf8 && !is_poor {
            Self::Unicode
        } else {
            Self::Ascii
        }
    }

    /// A bar of this width; `share` is from 0 to 1.
    #[must_use]
    pub fn bar(self, share: f64, width: usize) -> String {
        let eighths = level(share, width * 8);
        let (full, part) = (eighths / 8, eighths % 8);
        let mut text = String::new();
        match self {
            Self::Ascii => {
                let full = level(share, width);
                text.extend(std::iter::repeat_n('|', full));
            }
            Self::Unicode => {
                text.extend(std::iter::repeat_n('█', full));
                if part > 0 && full < width {
                    text.push(UNICODE_PARTS[part - 1]);
                }
            }
        }
        let filled = text.chars().count();
        text.extend(std::iter::repeat_n(' ', width.saturating_sub(filled)));
        text
    }

    /// One column of a sparkline; `share` is from 0 to 1. A value above 0 is never blank; an unknown one is.
    #[must_use]
    pub fn spark(self, share: Option<f64>) -> char {
        let levels: &[char] = match self {
            Self::Ascii => &ASCII_LEVELS,
            Self::Unicode => &UNICODE_LEVELS,
        };
        let Some(share) = share else { return ' ' };
        let at = level(share, levels.len() - 1);
        if at == 0 && share > 0.0 {
            levels[1]
        } else {
            levels[at]
        }
    }

    /// Characters of a box.
    #[must_use]
    pub fn frame(self) -> BoxGlyphs {
        match self {
            Self::Ascii => BoxGlyphs {
                corners: ['+'; 4],
                horizontal: '-',
                vertical: '|',
            },
            Self::Unicode => BoxGlyphs {
                corners: ['┌', '┐', '└', '┘'],
                horizontal: '─',
                vertical: '│',
            },
        }
    }

    /// The part of a position bar before the position, the position, and the part after it.
    #[must_use]
    pub fn position(self) -> [char; 3] {
        match self {
            Self::Ascii => ['=', 'O', '-'],
            Self::Unicode => ['━', '●', '─'],
        }
    }

    /// The sign of a text that was cut.
    #[must_use]
    pub fn cut(self) -> char {
        match self {
            Self::Ascii => '~',
            Self::Unicode => '…',
        }
    }
}

/// The nearest of `max` levels.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to a few hundred columns"
)]
fn level(share: f64, max: usize) -> usize {
    (share.clamp(0.0, 1.0) * max as f64).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_and_sparklines_have_the_same_width_in_both_sets() {
        for share in [-1.0, 0.0, 0.01, 0.3, 0.979, 1.0, 7.0, f64::NAN] {
            for width in [0, 1, 10, 34] {
                for glyphs in [Glyphs::Ascii, Glyphs::Unicode] {
                    let bar = glyphs.bar(share, width);
                    assert_eq!(bar.chars().count(), width);
                    assert!(!bar.chars().any(|c| ('\u{2800}'..='\u{28ff}').contains(&c)));
                    assert!(glyphs == Glyphs::Unicode || bar.is_ascii());
                }
            }
        }
        assert_eq!(Glyphs::Ascii.bar(0.979, 34), "|".repeat(33) + " ");
        assert_eq!(Glyphs::Ascii.spark(Some(1.0)), '@');
        assert_eq!(Glyphs::Ascii.spark(Some(0.001)), '.');
        assert_eq!(Glyphs::Ascii.spark(Some(0.0)), ' ');
        assert_eq!(Glyphs::Unicode.spark(None), ' ');
    }

    #[test]
    fn the_set_follows_locale_and_terminal() {
        let choose = Glyphs::choose;
        assert_eq!(choose(Some("C"), Some("xterm")), Glyphs::Ascii);
        assert_eq!(choose(None, Some("xterm")), Glyphs::Ascii);
        assert_eq!(choose(Some("de_DE.UTF-8"), Some("xterm")), Glyphs::Unicode);
        assert_eq!(choose(Some("C.utf8"), Some("linux")), Glyphs::Ascii);
        assert_eq!(choose(Some("C.utf8"), Some("vt220")), Glyphs::Ascii);
    }
}
