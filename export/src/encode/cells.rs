//! Selection of columns, and the text of numbers and uuids.

use virtmon_model::Uuid;

use crate::schema::cell::Cell;
use crate::schema::column::{Column, Table};

/// Columns of a table with one of these names; all columns if there are no names.
pub(super) fn selected_columns<T: Table>(names: &[String]) -> Vec<&'static Column<T>> {
    T::COLUMNS
        .iter()
        .filter(|column| is_selected(column.info.name, names))
        .collect()
}

/// True if the column is selected: all are if there are no names.
pub(super) fn is_selected(name: &str, names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|selected| selected == name)
}

/// Text of a number with three decimals, rounded to the nearest.
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

/// Writes a number, which is the same text in CSV and JSON. Returns any other cell.
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
