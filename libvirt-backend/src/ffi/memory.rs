//! Memory that libvirt allocates and its callers free.

use std::ffi::{CStr, c_char, c_void};

unsafe extern "C" {
    /// free(3) of the C library, which the standard library links too.
    pub(super) fn free(memory: *mut c_void);
}

/// A copy of a C string; empty for null.
///
/// # Safety
/// `chars` must be null or a NUL-terminated string.
pub(super) unsafe fn copy_string(chars: *const c_char) -> String {
    if chars.is_null() {
        return String::new();
    }
    // SAFETY: not null, so as the caller promises; it is copied.
    unsafe { CStr::from_ptr(chars) }
        .to_string_lossy()
        .into_owned()
}
