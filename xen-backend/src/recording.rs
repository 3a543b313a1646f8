//! Recorded samples: `encode` writes the raw bytes of a sample, `decode` makes a snapshot of them.

pub(crate) mod decode;
pub(crate) mod encode;
