//! The libvirt backend: every running domain of a host that libvirt manages, by one call.
//!
//! `session` is an open connection and what it was found to be able to do (`way`); it fills a
//! snapshot. `fields` turns a bulk record's named values into a domain, `info` completes what the
//! bulk call left out, `names` keeps the domains' names. `fault` says what libvirt's errors mean.
//! All calls into the library are in `ffi`.
#![deny(unsafe_code)]

mod backend;
mod device;
mod fault;
#[allow(unsafe_code, reason = "the one module that calls into the C library")]
mod ffi;
mod fields;
mod host;
mod info;
mod names;
mod order;
mod session;
mod state;
mod value;
mod way;

pub use backend::LibvirtBackend;
