//! Events that libvirt pushes, and the notifications that are made of them.

pub(crate) mod aliases;
mod lifecycle;
pub(crate) mod listener;
mod listener_thread;
