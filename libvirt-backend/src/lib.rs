//! The libvirt backend: every running domain of a host that libvirt manages, by one call.
//!
//! A `reader` is a thread with a connection, its `session`, and what that was found to be able to do
//! (`way`); it fills a snapshot. `readers` has as many of them as it takes never to wait for a guest
//! that is stuck, `carry` gives such a guest's row the values that it had. `fill` makes rows of what
//! was told: `fields` turns a bulk record's named values into a domain, `info` completes what the
//! bulk call left out, `one_by_one` asks for each device where no bulk call tells of it, `names` and `nova` keep what stays. `group` says what is asked for when.
//! `raw` keeps what was told, and `replay` makes the same rows of it without libvirt. `watch` hears
//! what libvirt tells by itself (`heard`), and calls devices as readings do (`aliases`). `fault` says what libvirt's errors mean. All calls into the library
//! are in `ffi`.
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
