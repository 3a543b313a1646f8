//! A silent logger for libxenctrl. Its default logger writes to the stderr of the program. Every
//! error is in errno as well.

use std::ffi::{c_char, c_int};

use crate::bindings::{VaList, xentoollog_level, xentoollog_logger};

// SAFETY (of both): they use none of their arguments, so they are safe for any caller.
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
        // libxenctrl reports progress only while it saves or builds domains. It checks for a null
        // pointer before a call.
        progress: None,
        destroy: Some(destroy),
    })
}
