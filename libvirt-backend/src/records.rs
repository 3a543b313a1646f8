//! Rows out of the records that libvirt returns.

pub(crate) mod decode;
pub(crate) mod devices;
pub(crate) mod domain_info;
pub(crate) mod fields;
pub(crate) mod name_cache;
pub(crate) mod order;
pub(crate) mod stale;
pub(crate) mod state;
