//! Typed parameters: the named values of a record.

use super::bindings::{
    VIR_TYPED_PARAM_BOOLEAN, VIR_TYPED_PARAM_INT, VIR_TYPED_PARAM_LLONG, VIR_TYPED_PARAM_STRING,
    VIR_TYPED_PARAM_UINT, VIR_TYPED_PARAM_ULLONG,
};

/// A named field of a record as libvirt wrote it (`virTypedParameter`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Param<'a> {
    /// Name of the field.
    pub(crate) name: &'a str,
    /// A `virTypedParameterType`, or a type that a later version adds.
    pub(crate) kind: i32,
    /// Bits of the union if the type is not a string. A signed 32-bit number is sign-extended.
    pub(crate) bits: u64,
    /// The string, if the type is one.
    pub(crate) text: Option<&'a [u8]>,
}

impl<'a> Param<'a> {
    /// The value of the field.
    pub(crate) fn value(self) -> Value<'a> {
        let number = match u32::try_from(self.kind) {
            Ok(VIR_TYPED_PARAM_INT | VIR_TYPED_PARAM_LLONG) => {
                u64::try_from(self.bits.cast_signed()).ok()
            }
            Ok(VIR_TYPED_PARAM_UINT | VIR_TYPED_PARAM_ULLONG) => Some(self.bits),
            Ok(VIR_TYPED_PARAM_BOOLEAN) => return Value::Bool(self.bits != 0),
            Ok(VIR_TYPED_PARAM_STRING) => return self.text.map_or(Value::Other, Value::Text),
            _ => None,
        };
        number.map_or(Value::Other, Value::Number)
    }
}

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// An integer of any width that is not negative: libvirt writes -1 for an unknown value.
    Number(u64),
    /// A string of any bytes.
    Text(&'a [u8]),
    /// A truth value.
    Bool(bool),
    /// A fraction, a negative number, or a type that virtmon does not know.
    Other,
}

impl Value<'_> {
    /// The number, if the value is one.
    pub(crate) fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(_) | Self::Bool(_) | Self::Other => None,
        }
    }

    /// The truth value, if the value is one.
    pub(crate) fn bool(self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(value),
            Self::Number(_) | Self::Text(_) | Self::Other => None,
        }
    }
}
