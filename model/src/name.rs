use std::fmt::Write;
use std::sync::Arc;

/// Makes a name of the bytes that a hypervisor keeps for it: bytes that are not UTF-8 are written
/// `\xNN`, so that no two names become one.
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
    fn what_is_not_utf8_is_escaped() {
        assert_eq!(&*name_from_bytes(b"web-1"), "web-1");
        assert_eq!(&*name_from_bytes("b\u{e4}r".as_bytes()), "b\u{e4}r");
        assert_eq!(&*name_from_bytes(b"a\xffb\xc3"), "a\\xffb\\xc3");
    }
}
