//! The error of a failed call.

use super::bindings::VIR_ERR_NO_DOMAIN;

/// The error of a failed call, copied from a `virError`.
#[derive(Debug, Default, Clone)]
pub(crate) struct LibvirtError {
    code: u32,
    errno: i32,
    message: String,
}

impl LibvirtError {
    /// An error with the `code`, `int1` and `message` of a `virError`.
    pub(crate) fn new(code: i32, int1: i32, message: &str) -> Self {
        Self {
            code: code.cast_unsigned(),
            errno: int1,
            message: one_line(message),
        }
    }

    /// The `virErrorNumber`.
    pub(crate) fn code(&self) -> u32 {
        self.code
    }

    /// The system's error number. It has a meaning only with the code `VIR_ERR_SYSTEM_ERROR`.
    pub(crate) fn errno(&self) -> i32 {
        self.errno
    }

    /// libvirt's message on one line; empty if libvirt gave none.
    pub(crate) fn raw_message(&self) -> &str {
        &self.message
    }

    /// libvirt's message on one line, or the error's code if libvirt gave none.
    pub(crate) fn message(&self) -> String {
        if self.message.is_empty() {
            return format!("libvirt error {} (no message)", self.code);
        }
        self.message.clone()
    }

    /// True if the domain of the call does not exist any more.
    pub(crate) fn is_no_domain(&self) -> bool {
        self.code == VIR_ERR_NO_DOMAIN
    }
}

/// libvirt passes on messages of other programs, which may have many lines.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
