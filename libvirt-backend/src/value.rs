/// The value of a named field of a bulk record (`virTypedParameter`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A whole number of any width, not negative: libvirt writes -1 for what it can't tell.
    Number(u64),
    /// A string: bytes of any kind.
    Text(&'a [u8]),
    /// Yes or no.
    Truth(bool),
    /// A fraction, a negative number, or a type that virtmon does not know.
    Other,
}

impl Value<'_> {
    /// The number, if it is one.
    pub(crate) fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(_) | Self::Truth(_) | Self::Other => None,
        }
    }

    /// Whether it is so, if it is a truth value.
    pub(crate) fn truth(self) -> Option<bool> {
        match self {
            Self::Truth(truth) => Some(truth),
            Self::Number(_) | Self::Text(_) | Self::Other => None,
        }
    }
}
