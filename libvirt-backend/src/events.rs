//! Events that libvirt pushes.

pub(crate) mod aliases;
pub(crate) mod listener;
