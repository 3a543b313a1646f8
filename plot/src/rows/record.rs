//! A row as fields of bytes, and the header that names them.

/// Names of the columns of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    names: Vec<String>,
}

/// A row: its fields, without quotes.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    bytes: &'a [u8],
    ends: &'a [usize],
}

/// A column of a row; `None` if the file lacks it.
pub type Column = Option<usize>;

impl Header {
    /// The header of a first row.
    #[must_use]
    pub fn new(record: Record<'_>) -> Self {
        let names =
            (0..record.len()).map(|at| String::from_utf8_lossy(record.field(at)).into_owned());
        let mut names: Vec<String> = names.collect();
        if let Some(first) = names.first_mut()
            && let Some(rest) = first.strip_prefix('\u{feff}')
        {
            *first = rest.to_owned();
        }
        Self { names }
    }

    /// The column with this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Column {
        self.names.iter().position(|other| other == name)
    }

    /// True if there is a column with this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// True if there are no columns.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

impl<'a> Record<'a> {
    /// A row of fields that lie one after the other in `bytes` and end at `ends`.
    #[must_use]
    pub fn new(bytes: &'a [u8], ends: &'a [usize]) -> Self {
        Self { bytes, ends }
    }

    /// Number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True if there are no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn field(&self, at: usize) -> &'a [u8] {
        let begin = match at {
            0 => Some(0),
            at => self.ends.get(at - 1).copied(),
        };
        let end = self.ends.get(at).copied();
        match (begin, end) {
            (Some(begin), Some(end)) => self.bytes.get(begin..end).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Text of a column; empty if there is none.
    #[must_use]
    pub fn text(&self, column: Column) -> &'a [u8] {
        column.map_or(&[], |at| self.field(at))
    }

    /// A whole number of a column; `None` if it is empty or something else.
    #[must_use]
    pub fn whole(&self, column: Column) -> Option<u64> {
        let text = self.text(column);
        if text.is_empty() || text.len() > 20 {
            return None;
        }
        text.iter().try_fold(0_u64, |sum, digit| {
            let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
            sum.checked_mul(10)?.checked_add(digit)
        })
    }

    /// A number of a column; `None` if it is empty or something else.
    #[must_use]
    pub fn number(&self, column: Column) -> Option<f64> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        number.is_finite().then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_no_number_is_unknown() {
        let record = Record::new(
            b"12.5x18446744073709551616NaN-1",
            &[2, 4, 5, 25, 28, 28, 30],
        );
        assert_eq!(record.whole(Some(0)), Some(12));
        assert_eq!(record.number(Some(1)), Some(0.5));
        assert_eq!(record.whole(Some(2)), None);
        assert_eq!(record.whole(Some(3)), None);
        assert_eq!(record.number(Some(4)), None);
        assert_eq!(record.number(Some(5)), None);
        assert_eq!(record.number(Some(6)), Some(-1.0));
        assert_eq!(record.whole(Some(7)), None);
        assert_eq!(record.text(None), b"");
    }
}
