//! Names of domains.

use std::fmt::Write;
use std::sync::Arc;

/// Converts the bytes of a name to text. Bytes that are not UTF-8 are written as `\xNN`, so that
/// different names stay different.
#[must_use]
pub fn name_from_bytes(bytes: &[u8]) -> Arc<str> {
    let mut name = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        name.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String can't fail.
            let _ = write!(name, "\\x{byte:02x}");
        }
    }
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf8_are_escaped() {
        assert_eq!(&*name_from_bytes(b"web-1"), "web-1");
        assert_eq!(&*name_from_bytes("b\u{e4}r".as_bytes()), "b\u{e4}r");
        assert_eq!(&*name_from_bytes(b"a\xffb\xc3"), "a\\xffb\\xc3");
    }
}
