//! Warnings of a sample: one line for each item that could not be read.

use std::fmt::{Arguments, Write};

use virtmon_model::Rows;

/// Appends a line to the warnings of a snapshot.
pub(crate) fn push(warnings: &mut Rows<String>, text: Arguments<'_>) {
    let line = warnings.next_row();
    line.clear();
    // Writing to a String can't fail.
    let _ = line.write_fmt(text);
}
