//! The Xen backend of virtmon: all domains of a host, domain 0 included, by one hypercall.
//!
//! - `backend`: [`XenBackend`], which runs one sample with the modules below.
//! - `hypervisor`: detection of Xen, the list of domains and its checks, vCPUs, host.
//! - `xenstore`: a mirror of the nodes of each domain: names, memory, roles, lists of devices.
//! - `devices`: counters of NICs and disks, from netlink and sysfs.
//! - `recording`: encoder and decoder of recorded samples ([`XenReplay`]).
//!
//! `examples/decode_recording.rs` decodes a recording, which needs no Xen.
#![forbid(unsafe_code)]

mod backend;
mod devices;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod hypervisor;
mod node_updates;
mod recording;
mod warning;
mod xenstore;

pub use backend::{Options, XenBackend};
pub use hypervisor::list_source::XenPath;
pub use recording::decode::XenReplay;
