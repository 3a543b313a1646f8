//! The library itself, and what it says when a call fails.

use std::ffi::{CStr, c_void};
use std::ptr;
use std::sync::OnceLock;

use super::bindings::{Libvirt, virErrorPtr};
use crate::connection::error::Fault;

/// The soname of every libvirt since 0.0.1.
const SONAME: &str = "libvirt.so.0";

static LOADED: OnceLock<Library> = OnceLock::new();

/// libvirt's client library, loaded for the rest of the process: its threads and thread-local
/// errors do not outlive an unloading.
pub(crate) struct Library {
    pub(super) calls: Libvirt,
}

/// Why the library could not be loaded.
#[derive(Debug)]
pub(crate) enum LoadError {
    /// There is none, or it can't be mapped.
    Missing,
    /// It lacks a function: it is older than virtmon can use.
    TooOld,
}

impl Library {
    /// Loads the library, the first time that it is asked for.
    pub(crate) fn load() -> Result<&'static Self, LoadError> {
        if let Some(library) = LOADED.get() {
            return Ok(library);
        }
        // SAFETY: loading runs the library's initialisers; libvirt has none that need anything of
        // the process. The signatures are those of the header that bindgen read, and libvirt never
        // changes one: a soname and symbol versions that only grow are its promise.
        let calls = unsafe { Libvirt::new(SONAME) }.map_err(|error| match error {
            libloading::Error::DlSym { .. } => LoadError::TooOld,
            _ => LoadError::Missing,
        })?;
        // Without a handler of ours libvirt prints each error on stderr as well.
        // SAFETY: the handler is a function of this program, stays for as long as the process and
        // uses neither of its arguments, so no data has to outlive this call.
        unsafe { calls.virSetErrorFunc(ptr::null_mut(), Some(ignore)) };
        Ok(LOADED.get_or_init(|| Self { calls }))
    }

    /// What libvirt says of the call that just failed on this thread.
    pub(crate) fn last_fault(&self) -> Fault {
        // SAFETY: the call takes nothing. It returns null or this thread's own error, which stays
        // as it is until the next call into libvirt on this thread; all is copied before that.
        let error = unsafe { self.calls.virGetLastError().as_ref() };
        let Some(error) = error else {
            return Fault::default();
        };
        let message = if error.message.is_null() {
            ""
        } else {
            // SAFETY: a message that is not null is a NUL-terminated string of the error's, and
            // lives as long as it (see above).
            &unsafe { CStr::from_ptr(error.message) }.to_string_lossy()
        };
        Fault::new(error.code, error.int1, message)
    }
}

unsafe extern "C" fn ignore(_data: *mut c_void, _error: virErrorPtr) {}
