//! The daemon to connect to.

use std::ffi::CString;
use std::sync::{Arc, Mutex};

use super::driver::Driver;
use crate::ffi::library::Library;
use crate::records::fields::FieldSelection;

/// The daemon to connect to, and the values to read there.
#[derive(Clone)]
pub(crate) struct Target {
    /// The library to connect with.
    pub(crate) library: &'static Library,
    /// URI of the daemon; without one libvirt chooses.
    pub(crate) uri: Option<CString>,
    /// The values to read beyond those of each domain.
    pub(crate) fields: FieldSelection,
    /// True if the CPU time of the host is read.
    pub(crate) reads_cpu_stats: bool,
    /// True if the records that libvirt returns are kept for a recording.
    pub(crate) is_recorded: bool,
    /// Facts about the daemon's driver from an earlier session, for later ones.
    pub(crate) driver: Arc<Mutex<Option<Driver>>>,
}
