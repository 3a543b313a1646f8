//! Encoding of values in a body: numbers in as few bytes as possible (LEB128), bytes and text after
//! their length.

/// Appends a number.
pub fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Appends a number or `None`.
pub fn put_optional(out: &mut Vec<u8>, number: Option<u64>) {
    out.push(number.is_some().into());
    if let Some(number) = number {
        put_number(out, number);
    }
}

/// Appends bytes.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends text or `None`.
pub fn put_text(out: &mut Vec<u8>, text: Option<&str>) {
    out.push(text.is_some().into());
    if let Some(text) = text {
        put_bytes(out, text.as_bytes());
    }
}

/// Appends a list of counters: their number, and each of them in order.
pub fn put_counters(out: &mut Vec<u8>, counters: &[Option<u64>]) {
    put_number(out, counters.len() as u64);
    for &counter in counters {
        put_optional(out, counter);
    }
}

/// The part of a body that is not decoded yet. Every method decodes a value from its front and
/// removes it. The result is `None` if the bytes are no such value.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    /// Decodes one byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    /// Decodes `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    /// Decodes a boolean: the byte 0 or 1.
    pub fn bool(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// Decodes a number.
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// Decodes a number or `None`.
    pub fn optional(&mut self) -> Option<Option<u64>> {
        match self.bool()? {
            true => self.number().map(Some),
            false => Some(None),
        }
    }

    /// Decodes bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Decodes text or `None`.
    pub fn text(&mut self) -> Option<Option<&'a str>> {
        match self.bool()? {
            true => str::from_utf8(self.bytes()?).ok().map(Some),
            false => Some(None),
        }
    }

    /// Decodes counters. Counters that were not written are `None`. Counters beyond `N` are ignored,
    /// so that later versions may write more.
    pub fn counters<const N: usize>(&mut self) -> Option<[Option<u64>; N]> {
        let mut counters = [None; N];
        for at in 0..self.number()? {
            let counter = self.optional()?;
            let index = usize::try_from(at).ok();
            if let Some(known) = index.and_then(|at| counters.get_mut(at)) {
                *known = counter;
            }
        }
        Some(counters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_values_are_decoded() {
        let mut out = Vec::new();
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        for number in numbers {
            put_number(&mut out, number);
        }
        put_bytes(&mut out, b"\0\xff");
        put_text(&mut out, None);
        put_text(&mut out, Some("b\u{e4}r"));
        put_counters(&mut out, &[Some(1), None, Some(u64::MAX)]);
        put_counters(&mut out, &[Some(1)]);
        let mut cursor = Cursor(&out);
        for number in numbers {
            assert_eq!(cursor.number(), Some(number));
        }
        assert_eq!(cursor.bytes(), Some(&b"\0\xff"[..]));
        assert_eq!(cursor.text(), Some(None));
        assert_eq!(cursor.text(), Some(Some("b\u{e4}r")));
        assert_eq!(cursor.counters(), Some([Some(1), None]));
        assert_eq!(cursor.counters(), Some([Some(1), None]));
        assert_eq!(cursor.byte(), None);
    }

    #[test]
    fn invalid_bytes_are_not_decoded() {
        assert_eq!(Cursor(b"\x80").number(), None);
        let too_large = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
        assert_eq!(Cursor(too_large).number(), None);
        assert_eq!(Cursor(b"\x03ab").bytes(), None);
        let longer_than_memory = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01ab";
        assert_eq!(Cursor(longer_than_memory).bytes(), None);
        assert_eq!(Cursor(longer_than_memory).counters::<2>(), None);
        assert_eq!(Cursor(b"\x02").bool(), None);
        assert_eq!(Cursor(b"\x01\x01\xff").text(), None);
    }
}
