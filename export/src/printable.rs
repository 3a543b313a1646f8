//! Foreign text, made safe for a terminal, stderr or the journal.

use std::fmt::{self, Display, Write};

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_width::UnicodeWidthChar;

/// Maximum width of a name, in columns.
const MAX_NAME_COLUMNS: usize = 64;
/// Maximum width of a message, in columns.
const MAX_MESSAGE_COLUMNS: usize = 1000;
/// Maximum number of marks on one character. Some scripts need two; more only pile up on the screen.
const MAX_MARKS: usize = 2;

/// Text that a guest, a daemon, a file or a user supplies, made safe to be shown.
///
/// Characters that control a terminal, end a line, change the direction of text or are invisible are
/// shown as escapes like `\n` or `\u{202e}`: the Unicode categories Cc, Cf, Co, Cn, Zl and Zp, and
/// marks beyond the second of a character. The result is one line. Text that is too wide ends with
/// an ellipsis, so the width of a name and of a message is bounded.
///
/// ```
/// use virtmon_export::printable::Printable;
/// assert_eq!(Printable::name("web\u{1b}[2J\n").to_string(), r"web\u{1b}[2J\n");
/// assert_eq!(Printable::name(&"x".repeat(100)).width(), 64);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Printable<'a> {
    text: &'a str,
    columns: usize,
}

impl<'a> Printable<'a> {
    /// A name: at most 64 columns.
    #[must_use]
    pub const fn name(text: &'a str) -> Self {
        Self {
            text,
            columns: MAX_NAME_COLUMNS,
        }
    }

    /// A message, with its names in it: at most 1,000 columns.
    #[must_use]
    pub const fn message(text: &'a str) -> Self {
        Self {
            text,
            columns: MAX_MESSAGE_COLUMNS,
        }
    }

    /// Width in columns of a terminal.
    #[must_use]
    pub fn width(&self) -> usize {
        let fits = self.fits();
        let within = |piece: &Piece| piece.end <= self.columns - usize::from(!fits);
        let last = pieces(self.text).take_while(within).last();
        last.map_or(0, |piece| piece.end) + usize::from(!fits)
    }

    /// True if the whole text fits.
    fn fits(&self) -> bool {
        pieces(self.text).all(|piece| piece.end <= self.columns)
    }
}

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = self.fits();
        for piece in pieces(self.text) {
            if piece.end > self.columns - usize::from(!fits) {
                break;
            }
            if piece.escaped {
                write!(f, "{}", piece.character.escape_default())?;
            } else {
                f.write_char(piece.character)?;
            }
        }
        if fits { Ok(()) } else { f.write_char('…') }
    }
}

/// A character with its form.
struct Piece {
    character: char,
    escaped: bool,
    /// Width of the text up to the end of the character.
    end: usize,
}

fn pieces(text: &str) -> impl Iterator<Item = Piece> {
    let (mut end, mut marks) = (0, 0);
    text.chars().map(move |character| {
        let columns = match columns(character) {
            // A mark without a character would join the text before.
            Some(0) if marks < MAX_MARKS && end > 0 => {
                marks += 1;
                Some(0)
            }
            Some(0) | None => None,
            wide => {
                marks = 0;
                wide
            }
        };
        end += columns.unwrap_or_else(|| character.escape_default().len());
        Piece {
            character,
            escaped: columns.is_none(),
            end,
        }
    })
}

/// Width of a character that is shown as it is, 0 for a mark; `None` if it is escaped.
fn columns(character: char) -> Option<usize> {
    use GeneralCategory as Category;
    if character.is_ascii() {
        return (!character.is_ascii_control()).then_some(1);
    }
    let category = get_general_category(character);
    let is_mark = matches!(
        category,
        Category::NonspacingMark | Category::EnclosingMark | Category::SpacingMark
    );
    match category {
        Category::Control
        | Category::Format
        | Category::LineSeparator
        | Category::ParagraphSeparator
        | Category::PrivateUse
        | Category::Surrogate
        | Category::Unassigned => None,
        _ if is_invisible(character) => None,
        _ => character.width().filter(|&width| width > 0 || is_mark),
    }
}

/// True if a character of a category other than Cf is invisible: Unicode's
/// `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt`).
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        Printable::name(text).to_string()
    }

    #[test]
    fn control_and_invisible_characters_are_escaped() {
        for (text, expected) in [
            ("web-1", "web-1"),
            ("Grüße, 世界", "Grüße, 世界"),
            ("a\u{1b}]0;title\u{7}b", r"a\u{1b}]0;title\u{7}b"),
            ("one\n<0>kernel: Oops", r"one\n<0>kernel: Oops"),
            ("a\r\tb\u{7f}", r"a\r\tb\u{7f}"),
            ("c1\u{9b}2J", r"c1\u{9b}2J"),
            ("bidi\u{202e}\u{2066}", r"bidi\u{202e}\u{2066}"),
            ("zero\u{200b}\u{feff}\u{ad}", r"zero\u{200b}\u{feff}\u{ad}"),
            ("line\u{2028}\u{2029}", r"line\u{2028}\u{2029}"),
            ("tag\u{e0041}", r"tag\u{e0041}"),
            ("own\u{e000}, none\u{378}", r"own\u{e000}, none\u{378}"),
            ("hidden\u{3164}\u{fe0f}", r"hidden\u{3164}\u{fe0f}"),
            ("\u{301}a", r"\u{301}a"),
            ("e\u{301}\u{301}\u{301}", "e\u{301}\u{301}\\u{301}"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn a_name_is_cut_by_its_width() {
        assert_eq!(shown(&"x".repeat(64)), "x".repeat(64));
        assert_eq!(shown(&"x".repeat(65)), "x".repeat(63) + "…");
        // Two columns each.
        assert_eq!(shown(&"世".repeat(32)), "世".repeat(32));
        assert_eq!(shown(&"世".repeat(33)), "世".repeat(31) + "…");
        // An escape is shown as a whole or not at all.
        assert_eq!(shown(&"\n".repeat(40)), r"\n".repeat(31) + "…");
        assert_eq!(Printable::name("").width(), 0);
        assert_eq!(Printable::name("世\n").width(), 4);
        assert_eq!(Printable::name(&"世".repeat(33)).width(), 63);
    }

    proptest! {
        #[test]
        fn any_text_is_one_narrow_line(text in any::<String>()) {
            for printable in [Printable::name(&text), Printable::message(&text)] {
                let shown = printable.to_string();
                prop_assert!(!shown.chars().any(|c| columns(c).is_none()));
                prop_assert!(printable.width() <= printable.columns);
                prop_assert!(shown.len() <= 16 * printable.columns);
                let measured: usize = shown.chars().filter_map(columns).sum();
                prop_assert_eq!(measured, printable.width());
            }
        }
    }
}
