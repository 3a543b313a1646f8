/// The value of a named field of a bulk record (`virTypedParameter`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A whole number of any width, not negative: libvirt writes -1 for what it can't tell.
    Number(u64),
    /// A string: bytes of any kind.
    Text(&'a [u8]),
    /// A fraction, a truth value, a negative number, or a type that virtmon does not know.
    Other,
}

impl Value<'_> {
    /// The number, if it is one.
    pub(crate) fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(_) | Self::Other => None,
        }
    }
}
