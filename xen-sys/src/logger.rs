//! A logger for libxenctrl that says nothing: its own one writes to stderr, which is the
//! program's, and every failure comes back in errno as well.

use std::ffi::{c_char, c_int};

use crate::bindings::{VaList, xentoollog_level, xentoollog_logger};

// SAFETY (of both): they touch none of their arguments, so any caller is right.
unsafe extern "C" fn vmessage(
    _logger: *mut xentoollog_logger,
    _level: xentoollog_level,
    _errnoval: c_int,
    _context: *const c_char,
    _format: *const c_char,
    _arguments: VaList,
) {
}

unsafe extern "C" fn destroy(_logger: *mut xentoollog_logger) {}

/// A logger that drops every message. It must outlive the interface that is opened with it.
pub(crate) fn silent() -> Box<xentoollog_logger> {
    Box::new(xentoollog_logger {
        vmessage: Some(vmessage),
        // libxenctrl reports progress only of saving and building domains; it asks for a null
        // pointer before it calls.
        progress: None,
        destroy: Some(destroy),
    })
}
