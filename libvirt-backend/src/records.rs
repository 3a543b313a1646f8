//! Decoding of records into rows. A record is all values of one domain, live or recorded.

pub(crate) mod decode;
pub(crate) mod devices;
mod domain_info;
pub(crate) mod fields;
mod name_cache;
mod order;
pub(crate) mod record;
pub(crate) mod stale;
mod state;
