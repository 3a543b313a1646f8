//! The filter of a table: text, patterns, comparisons and marks.
//!
//! Words that are separated by blanks must all match. `a|b` is either, `!a` is not.

use virtmon_export::output::moment_rows::GuestRow;

use crate::cell::{self, Form};
use crate::column::Column;

/// Longest filter that is kept, in bytes.
pub const MAX_BYTES: usize = 200;

/// A filter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Each must match; of each, one alternative.
    all: Vec<Vec<Term>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Term {
    is_negated: bool,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    /// Name, uuid or id contains this text, in lower case.
    Contains(String),
    /// Name, uuid or id is this pattern with `*` and `?`.
    Pattern(String),
    /// A number compares so.
    Compare(Column, Operator, f64),
    /// A text column contains this text.
    Word(Column, String),
    /// The row has this mark.
    Mark(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operator {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

/// Facts of a row that are not in the row.
#[derive(Debug, Clone, Copy)]
pub struct RowFacts {
    /// The row's mark.
    pub mark: char,
    /// True if the guest is gone.
    pub is_gone: bool,
}

const MARKS: [&str; 5] = ["new", "gone", "reset", "stale", "error"];
const OPERATORS: [(&str, Operator); 5] = [
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("=", Operator::Equal),
];

impl Filter {
    /// Parses a filter. Every text is one: what is no comparison is text to look for.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let all = text.split_whitespace();
        let all = all.map(|word| {
            let terms = word.split('|').filter(|term| !term.is_empty());
            terms.map(Term::parse).collect::<Vec<Term>>()
        });
        Self {
            all: all.filter(|terms| !terms.is_empty()).collect(),
        }
    }

    /// True if every row matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// True if a row matches.
    #[must_use]
    pub fn matches(&self, row: &GuestRow, facts: RowFacts, form: Form) -> bool {
        let matches = |term: &Term| term.test.matches(row, facts, form) != term.is_negated;
        self.all.iter().all(|terms| terms.iter().any(matches))
    }

    /// True if a text matches: the filter of events.
    #[must_use]
    pub fn matches_text(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let matches = |term: &Term| {
            let found = match &term.test {
                Test::Contains(part) => text.contains(part),
                Test::Pattern(pattern) => text.split(' ').any(|word| is_like(word, pattern)),
                Test::Mark(word) => text.contains(word),
                Test::Word(_, word) => text.contains(word),
                Test::Compare(..) => false,
            };
            found != term.is_negated
        };
        self.all.iter().all(|terms| terms.iter().any(matches))
    }
}

impl Term {
    fn parse(text: &str) -> Self {
        let (is_negated, text) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        Self {
            is_negated,
            test: Test::parse(text),
        }
    }
}

impl Test {
    fn parse(text: &str) -> Self {
        if let Some(mark) = MARKS.iter().find(|mark| **mark == text) {
            return Self::Mark(mark);
        }
        if let Some(test) = Self::parse_comparison(text) {
            return test;
        }
        let text = text.to_lowercase();
        if text.contains(['*', '?']) {
            Self::Pattern(text)
        } else {
            Self::Contains(text)
        }
    }

    fn parse_comparison(text: &str) -> Option<Self> {
        let (at, word, operator) = OPERATORS
            .iter()
            .filter_map(|(word, operator)| Some((text.find(word)?, *word, *operator)))
            .min_by_key(|(at, word, _)| (*at, usize::MAX - word.len()))?;
        let column = Column::parse(&text[..at])?;
        let value = &text[at + word.len()..];
        match parse_number(value) {
            Some(number) if !column.facts().is_text => {
                Some(Self::Compare(column, operator, number))
            }
            _ if operator == Operator::Equal => Some(Self::Word(column, value.to_lowercase())),
            _ => None,
        }
    }

    fn matches(&self, row: &GuestRow, facts: RowFacts, form: Form) -> bool {
        let texts = || {
            [
                row.name.as_deref().unwrap_or_default().to_lowercase(),
                row.identity.uuid.to_string(),
                row.identity.id.to_string(),
            ]
        };
        match self {
            Self::Contains(part) => texts().iter().any(|text| text.contains(part)),
            Self::Pattern(pattern) => texts().iter().any(|text| is_like(text, pattern)),
            Self::Compare(column, operator, limit) => {
                cell::value(row, *column, form).is_some_and(|value| match operator {
                    Operator::Less => value < *limit,
                    Operator::LessOrEqual => value <= *limit,
                    Operator::Equal => (value - limit).abs() < f64::EPSILON,
                    Operator::GreaterOrEqual => value >= *limit,
                    Operator::Greater => value > *limit,
                })
            }
            Self::Word(Column::S | Column::State, word) => row.state.as_str().starts_with(&**word),
            Self::Word(column, word) => cell::text(row, *column, form)
                .to_lowercase()
                .contains(&**word),
            Self::Mark("new") => facts.mark == '+',
            Self::Mark("gone") => facts.is_gone,
            Self::Mark("reset") => facts.mark == 'R',
            Self::Mark("stale") => row.stale_ns > 0,
            Self::Mark(_) => row.error.is_some(),
        }
    }
}

/// A number with a letter of a unit, as it is shown: `10M`, `1.5G`.
fn parse_number(text: &str) -> Option<f64> {
    let letter = text.chars().next_back()?;
    let power = "KMGTPE".find(letter.to_ascii_uppercase());
    let digits = if power.is_some() {
        &text[..text.len() - 1]
    } else {
        text
    };
    let number: f64 = digits.parse().ok()?;
    let power = power.map_or(Some(0), |power| i32::try_from(power + 1).ok())?;
    Some(number * 1024f64.powi(power)).filter(|number| number.is_finite())
}

/// True if a text is like a pattern with `*` and `?`. Linear in the length of both but for the last `*`.
fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) =
        (text.chars().collect(), pattern.chars().collect());
    let (mut t, mut p, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                (t, p) = (t + 1, p + 1);
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (t, p) = (from + 1, at + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_words() {
        for (text, pattern, is) in [
            ("web-1", "web-*", true),
            ("my-web-1", "web-*", false),
            ("web-1", "web-?", true),
            ("web-12", "web-?", false),
            ("abcabd", "*abd", true),
            ("", "*", true),
            ("", "?", false),
        ] {
            assert_eq!(is_like(text, pattern), is, "{text} {pattern}");
        }
        // No text makes it slow.
        assert!(!is_like(
            &"a".repeat(2_000),
            &"a*".repeat(90).replace("a*", "*a").replacen("*a", "*b", 1)
        ));
    }

    #[test]
    fn comparisons_have_units() {
        assert_eq!(parse_number("10M"), Some(10.0 * 1048576.0));
        assert_eq!(parse_number("1.5g"), Some(1.5 * 1073741824.0));
        assert_eq!(parse_number("5"), Some(5.0));
        assert_eq!(parse_number("x"), None);
        assert_eq!(parse_number("é"), None);
        assert_eq!(parse_number(""), None);
        assert!(matches!(
            Test::parse("rdy>=5"),
            Test::Compare(Column::Ready, Operator::GreaterOrEqual, 5.0)
        ));
        assert!(matches!(
            Test::parse("state=paused"),
            Test::Word(Column::State, _)
        ));
        assert!(matches!(Test::parse("weird>5"), Test::Contains(_)));
        assert!(matches!(Test::parse("cpu>"), Test::Contains(_)));
    }
}
