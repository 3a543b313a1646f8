//! The text of labels and numbers.

use crate::encode::cells::push_uuid;
use crate::schema::cell::Cell;

/// Largest number of decimal places.
const MAX_PLACES: usize = 9;

/// Appends a label's value, escaped. Both forms escape a backslash, a quotation mark and a line feed. A
/// NUL, which would end the text for some parsers, is written as `\x00`, like a byte that is not UTF-8.
pub(super) fn push_escaped(out: &mut Vec<u8>, text: &str) {
    for &byte in text.as_bytes() {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(br"\n"),
            0 => out.extend_from_slice(br"\\x00"),
            _ => out.push(byte),
        }
    }
}

/// Appends `name="value"`, after a comma if it is not the first label. An unknown value or an empty text
/// has no label: both mean the same to Prometheus.
pub(super) fn push_label(out: &mut Vec<u8>, name: &str, value: Cell<'_>) {
    let start = out.len();
    if start > 0 {
        out.push(b',');
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    let empty = out.len();
    match value {
        Cell::Text(text) | Cell::Word(text) => push_escaped(out, text),
        Cell::Number(number) => {
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
        Cell::Uuid(uuid) => push_uuid(out, uuid),
        Cell::Unknown | Cell::Decimal(_) | Cell::Time(_) => {}
    }
    if out.len() == empty {
        out.truncate(start);
    } else {
        out.push(b'"');
    }
}

/// Appends a cell's number, divided by 10 to the power of `shift`. False, and nothing is appended, if it
/// has none.
pub(super) fn push_number(out: &mut Vec<u8>, cell: Cell<'_>, shift: u32) -> bool {
    match cell {
        Cell::Number(number) => push_fixed(out, number, shift as usize),
        Cell::Decimal(number) if number.is_finite() => {
            // Three decimals, as in every other output.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "no rate is near the end of 64 bits, and a float's cast saturates"
            )]
            let thousandths = (number.abs() * 1000.0).round() as u64;
            if number < 0.0 && thousandths > 0 {
                out.push(b'-');
            }
            push_fixed(out, thousandths, shift as usize + 3);
        }
        _ => return false,
    }
    true
}

/// Appends a number divided by 10 to the power of `places`, exactly, without zeros at its end.
fn push_fixed(out: &mut Vec<u8>, number: u64, places: usize) {
    let places = places.min(MAX_PLACES);
    let mut digits = itoa::Buffer::new();
    if places == 0 {
        out.extend_from_slice(digits.format(number).as_bytes());
        return;
    }
    let one = 10_u64.pow(u32::try_from(places).unwrap_or(0));
    out.extend_from_slice(digits.format(number / one).as_bytes());
    let mut rest = number % one;
    if rest == 0 {
        return;
    }
    let mut decimals = [b'0'; MAX_PLACES + 1];
    decimals[0] = b'.';
    for place in (1..=places).rev() {
        decimals[place] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let decimals = &decimals[..=places];
    let zeros = decimals.iter().rev().take_while(|&&digit| digit == b'0');
    out.extend_from_slice(&decimals[..decimals.len() - zeros.count()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_and_short() {
        for (cell, shift, text) in [
            (Cell::Number(0), 9, "0"),
            (Cell::Number(1), 9, "0.000000001"),
            (Cell::Number(1_500_000_000), 9, "1.5"),
            (Cell::Number(u64::MAX), 9, "18446744073.709551615"),
            (Cell::Number(u64::MAX), 0, "18446744073709551615"),
            (Cell::Decimal(12.3456), 2, "0.12346"),
            (Cell::Decimal(200.0), 2, "2"),
            (Cell::Decimal(-0.5), 0, "-0.5"),
            (Cell::Decimal(-0.0001), 0, "0"),
        ] {
            let mut out = Vec::new();
            assert!(push_number(&mut out, cell, shift));
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
        for cell in [Cell::Unknown, Cell::Decimal(f64::NAN), Cell::Text("7")] {
            let mut out = Vec::new();
            assert!(!push_number(&mut out, cell, 0) && out.is_empty());
        }
    }

    #[test]
    fn labels_are_escaped_and_an_empty_one_is_left_out() {
        let mut out = Vec::new();
        push_label(&mut out, "a", Cell::Unknown);
        push_label(&mut out, "b", Cell::Text("x\"\\\n\0\u{e9}"));
        push_label(&mut out, "c", Cell::Text(""));
        push_label(&mut out, "d", Cell::Number(7));
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "b=\"x\\\"\\\\\\n\\\\x00\u{e9}\",d=\"7\"");
    }
}
