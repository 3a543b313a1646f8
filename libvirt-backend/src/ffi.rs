//! libvirt's C library: loaded at run time, its objects owned, its values copied out.
//!
//! Everything that leaves this module is safe to use: a handle borrows what must outlive it, and no raw
//! pointer leaves the module. Its files import no module of this crate outside it.

pub(crate) mod bindings;
mod callbacks;
pub(crate) mod connection;
pub(crate) mod counters;
pub(crate) mod domain;
pub(crate) mod error;
pub(crate) mod event_queue;
pub(crate) mod library;
pub(crate) mod lists;
mod memory;
pub(crate) mod node_cpu_stats;
pub(crate) mod params;
pub(crate) mod record;
pub(crate) mod subscription;
