use virtmon_model::Uuid;

use crate::table::{Cell, Column, Table};

/// The columns of a table that are wanted: all, or those with one of these names.
pub(super) fn wanted<T: Table>(names: &[String]) -> Vec<&'static Column<T>> {
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    T::COLUMNS
        .iter()
        .filter(|column| wanted(column.name))
        .collect()
}

pub(super) fn push_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Three decimals, rounded to the nearest.
pub(super) fn push_decimal(out: &mut Vec<u8>, number: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no rate is near the end of 64 bits, and a float's cast saturates"
    )]
    let thousandths = (number.abs() * 1000.0).round() as u64;
    if number < 0.0 && thousandths > 0 {
        out.push(b'-');
    }
    push_number(out, thousandths / 1000);
    let digit = |place| b'0' + (thousandths / place % 10) as u8;
    out.extend_from_slice(&[b'.', digit(100), digit(10), digit(1)]);
}

pub(super) fn push_uuid(out: &mut Vec<u8>, uuid: Uuid) {
    let mut text = [0; 36];
    uuid.hyphenated().encode_lower(&mut text);
    out.extend_from_slice(&text);
}

/// The value of a column that is text in neither CSV nor JSON; what is left for the caller else.
pub(super) fn number<'a>(out: &mut Vec<u8>, cell: Cell<'a>) -> Option<Cell<'a>> {
    match cell {
        Cell::Number(number) => push_number(out, number),
        Cell::Decimal(number) => push_decimal(out, number),
        other => return Some(other),
    }
    None
}
