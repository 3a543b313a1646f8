//! Samples as bytes, and back.

pub(crate) mod decode;
pub(crate) mod encode;
