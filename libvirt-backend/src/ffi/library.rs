//! The library itself, and the error of its last call.

use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

use super::bindings::{Libvirt, virErrorPtr};
use super::error::LibvirtError;
use super::memory::copy_string;

/// The soname of every libvirt since 0.0.1.
const SONAME: &str = "libvirt.so.0";

static LOADED: OnceLock<Library> = OnceLock::new();

/// libvirt's client library. It stays loaded for the life of the process, since its threads and
/// thread-local errors do not survive unloading.
pub(crate) struct Library {
    pub(super) calls: Libvirt,
}

/// The reason why the library could not be loaded.
#[derive(Debug)]
pub(crate) enum LoadError {
    /// It is not installed, or it cannot be mapped.
    Missing,
    /// It lacks a function: it is older than virtmon can use.
    TooOld,
}

impl Library {
    /// Loads the library on the first call.
    pub(crate) fn load() -> Result<&'static Self, LoadError> {
        if let Some(library) = LOADED.get() {
            return Ok(library);
        }
        // SAFETY: loading runs the library's initialisers; libvirt has none that need anything of
        // the process. The signatures are those of the header that bindgen read, and libvirt never
        // changes one: it promises a fixed soname and symbol versions that only grow.
        let calls = unsafe { Libvirt::new(SONAME) }.map_err(|error| match error {
            libloading::Error::DlSym { .. } => LoadError::TooOld,
            _ => LoadError::Missing,
        })?;
        // Without an error handler libvirt also prints each error on stderr.
        // SAFETY: the handler is a function of this program, lives as long as the process and
        // uses neither of its arguments, so no data has to outlive this call.
        unsafe { calls.virSetErrorFunc(ptr::null_mut(), Some(ignore)) };
        Ok(LOADED.get_or_init(|| Self { calls }))
    }

    /// The error of the call that just failed on this thread.
    pub(crate) fn last_error(&self) -> LibvirtError {
        // SAFETY: the call takes nothing. It returns null or this thread's own error, which does not
        // change until the next call into libvirt on this thread; all is copied before that.
        let error = unsafe { self.calls.virGetLastError().as_ref() };
        let Some(error) = error else {
            return LibvirtError::default();
        };
        // SAFETY: the message is null or a NUL-terminated string of the error, and lives as long as
        // the error (see above).
        let message = unsafe { copy_string(error.message) };
        LibvirtError::new(error.code, error.int1, &message)
    }
}

/// The library for a test. `None`, with a message, if it is not installed.
#[cfg(test)]
pub(crate) fn installed() -> Option<&'static Library> {
    match Library::load() {
        Err(LoadError::Missing) => {
            eprintln!("skipped: libvirt.so.0 is not installed");
            None
        }
        loaded => Some(loaded.unwrap()),
    }
}

unsafe extern "C" fn ignore(_data: *mut c_void, _error: virErrorPtr) {}
