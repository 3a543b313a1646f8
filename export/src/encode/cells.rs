//! Which columns an encoder writes, and how numbers and uuids are written.

use virtmon_model::Uuid;

use crate::schema::cell::Cell;
use crate::schema::column::{Column, Table};

/// The columns of a table that are wanted: all, or those with one of these names.
pub(super) fn wanted<T: Table>(names: &[String]) -> Vec<&'static Column<T>> {
    T::COLUMNS
        .iter()
        .filter(|column| is_wanted(column.name, names))
        .collect()
}

/// Whether a column is wanted: all are, or those with one of these names.
pub(super) fn is_wanted(name: &str, names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|wanted| wanted == name)
}

/// A number as text: three decimals, rounded to the nearest.
pub(super) fn decimal(number: f64, text: &mut [u8; 32]) -> &[u8] {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no rate is near the end of 64 bits, and a float's cast saturates"
    )]
    let thousandths = (number.abs() * 1000.0).round() as u64;
    let minus = usize::from(number < 0.0 && thousandths > 0);
    text[0] = b'-';
    let mut digits = itoa::Buffer::new();
    let whole = digits.format(thousandths / 1000).as_bytes();
    let point = minus + whole.len();
    text[minus..point].copy_from_slice(whole);
    let digit = |place| b'0' + (thousandths / place % 10) as u8;
    text[point..point + 4].copy_from_slice(&[b'.', digit(100), digit(10), digit(1)]);
    &text[..point + 4]
}

pub(super) fn push_uuid(out: &mut Vec<u8>, uuid: Uuid) {
    let mut text = [0; 36];
    uuid.hyphenated().encode_lower(&mut text);
    out.extend_from_slice(&text);
}

/// The value of a column that is text in neither CSV nor JSON; what is left for the caller else.
pub(super) fn number<'a>(out: &mut Vec<u8>, cell: Cell<'a>) -> Option<Cell<'a>> {
    match cell {
        Cell::Number(number) => {
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
        Cell::Decimal(number) => out.extend_from_slice(decimal(number, &mut [0; 32])),
        other => return Some(other),
    }
    None
}
