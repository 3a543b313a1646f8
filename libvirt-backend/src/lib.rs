//! The libvirt backend: every running domain of a host that libvirt manages, in one call.
//!
//! [`LibvirtBackend`] samples a host; [`LibvirtReplay`] makes the same rows of recorded samples.
//!
//! ```no_run
//! use libvirt_backend::{LibvirtBackend, Options};
//! use virtmon_model::{Backend, Snapshot};
//!
//! # fn main() -> virtmon_model::Result<()> {
//! let mut backend = LibvirtBackend::open(Some("test:///default"), &Options::default())?;
//! let mut snapshot = Snapshot::default();
//! backend.sample(&mut snapshot)?;
//! for domain in snapshot.domains.iter() {
//!     println!("{:?}: {:?} ns", domain.name, domain.cpu_time_ns);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - `workers`: threads with a connection each, so that no sample waits for a guest that blocks.
//! - `connection`: an open connection, the calls that its driver has, and the samples taken over it.
//! - `records`: rows from the records that libvirt returns; `recording`: these records as bytes.
//! - `per_domain`: calls for single domains and devices; `events`: events that libvirt pushes.
//! - `ffi`: all calls into the C library, and all of `unsafe`.
//!
//! A module imports only modules of a layer below its own. From the lowest layer to the highest: `ffi`;
//! `stats_groups`, `openstack`, `per_domain`; `records`; `recording`; `connection`; `workers`, `events`;
//! `backend`.
#![deny(unsafe_code)]

mod backend;
mod connection;
mod events;
#[allow(unsafe_code, reason = "the one module that calls into the C library")]
mod ffi;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod openstack;
mod per_domain;
mod recording;
mod records;
mod stats_groups;
mod workers;

pub use backend::{LibvirtBackend, Options};
pub use recording::decode::LibvirtReplay;
pub use stats_groups::Group;
