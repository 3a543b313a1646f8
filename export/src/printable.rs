//! Text of others as a terminal, stderr or the journal may show it.

use std::fmt::{self, Display, Write};

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_width::UnicodeWidthChar;

/// Columns that a name takes at most.
const NAME: usize = 64;
/// Columns that a message takes at most.
const MESSAGE: usize = 1000;
/// Marks that one character may carry. Some scripts need two; more only pile up on the screen.
const MARKS: usize = 2;

/// Text that a guest, a daemon, a file or a user supplies, made safe to be shown.
///
/// Shown as an escape like `\n` or `\u{202e}` are the characters that a terminal obeys, that end a
/// line, that turn text round or that nobody sees: the Unicode categories Cc, Cf, Co, Cn, Zl and Zp,
/// and marks beyond the second of a character. The result is one line. Text that is too wide ends
/// with an ellipsis, so that no name and no message takes more room than another.
///
/// ```
/// use virtmon::Printable;
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
            columns: NAME,
        }
    }

    /// A message, with its names in it: at most 1,000 columns.
    #[must_use]
    pub const fn message(text: &'a str) -> Self {
        Self {
            text,
            columns: MESSAGE,
        }
    }

    /// The columns of a terminal that it takes.
    #[must_use]
    pub fn width(&self) -> usize {
        let whole = self.whole();
        let within = |piece: &Piece| piece.end <= self.columns - usize::from(!whole);
        let last = pieces(self.text).take_while(within).last();
        last.map_or(0, |piece| piece.end) + usize::from(!whole)
    }

    /// Whether all of it fits.
    fn whole(&self) -> bool {
        pieces(self.text).all(|piece| piece.end <= self.columns)
    }
}

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.whole();
        for piece in pieces(self.text) {
            if piece.end > self.columns - usize::from(!whole) {
                break;
            }
            if piece.escaped {
                write!(f, "{}", piece.character.escape_default())?;
            } else {
                f.write_char(piece.character)?;
            }
        }
        if whole { Ok(()) } else { f.write_char('…') }
    }
}

/// A character, and how it is shown.
struct Piece {
    character: char,
    escaped: bool,
    /// The columns up to its end.
    end: usize,
}

fn pieces(text: &str) -> impl Iterator<Item = Piece> {
    let (mut end, mut marks) = (0, 0);
    text.chars().map(move |character| {
        let columns = match columns(character) {
            // A mark that stands alone would join whatever comes before the text.
            Some(0) if marks < MARKS && end > 0 => {
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

/// The columns of a character that may be shown as it is: 0 of a mark.
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

/// Whether a character of another category than Cf leaves nothing to see: Unicode's
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
    fn what_a_terminal_obeys_or_hides_is_escaped() {
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
    fn a_name_is_cut_by_its_columns() {
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
