//! Recorded samples: the records of a sample as bytes, and the rows made of them.

pub(crate) mod decode;
pub(crate) mod encode;
mod limits;
pub(crate) mod raw_sample;
mod recorded_domain;
