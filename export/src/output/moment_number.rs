//! Numbers of a [`Moment`](crate::output::moment::Moment).

/// A number that may be unknown, in eight bytes.
#[derive(Debug, Clone, Copy)]
pub struct Number(f64);

impl Number {
    /// A number that is not known.
    pub const UNKNOWN: Self = Self(f64::NAN);

    /// The number; `None` if it is unknown.
    #[must_use]
    pub fn get(self) -> Option<f64> {
        (!self.0.is_nan()).then_some(self.0)
    }
}

impl Default for Number {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

impl From<Option<f64>> for Number {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::UNKNOWN, Self)
    }
}

/// A range of rows: the index of the first, and their number.
pub(crate) type Range = (u32, u32);
