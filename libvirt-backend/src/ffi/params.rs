use crate::ffi::{
    VIR_TYPED_PARAM_BOOLEAN, VIR_TYPED_PARAM_INT, VIR_TYPED_PARAM_LLONG, VIR_TYPED_PARAM_STRING,
    VIR_TYPED_PARAM_UINT, VIR_TYPED_PARAM_ULLONG,
};

/// A named field of a bulk record as libvirt wrote it (`virTypedParameter`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Param<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// A `virTypedParameterType`, or one that later versions add.
    pub(crate) kind: i32,
    /// What the union holds, where it is no string: a number of 32 bits is extended by its sign.
    pub(crate) bits: u64,
    /// The string.
    pub(crate) text: Option<&'a [u8]>,
}

impl<'a> Param<'a> {
    /// What it says.
    pub(crate) fn value(self) -> Value<'a> {
        let number = match u32::try_from(self.kind) {
            Ok(VIR_TYPED_PARAM_INT | VIR_TYPED_PARAM_LLONG) => {
                u64::try_from(self.bits.cast_signed()).ok()
            }
            Ok(VIR_TYPED_PARAM_UINT | VIR_TYPED_PARAM_ULLONG) => Some(self.bits),
            Ok(VIR_TYPED_PARAM_BOOLEAN) => return Value::Truth(self.bits != 0),
            Ok(VIR_TYPED_PARAM_STRING) => return self.text.map_or(Value::Other, Value::Text),
            _ => None,
        };
        number.map_or(Value::Other, Value::Number)
    }
}

/// What a field says.
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
