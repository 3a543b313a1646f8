//! What libvirt says when a call fails, and what it means for who asked.

use std::io;

use virtmon_model::Error;

use crate::ffi::{
    LoadError, VIR_ERR_ACCESS_DENIED, VIR_ERR_AUTH_CANCELLED, VIR_ERR_AUTH_FAILED,
    VIR_ERR_AUTH_UNAVAILABLE, VIR_ERR_NO_CONNECT, VIR_ERR_NO_DOMAIN, VIR_ERR_OPERATION_DENIED,
    VIR_ERR_SYSTEM_ERROR,
};

/// A failed call (`virError`).
#[derive(Debug, Default, Clone)]
pub(crate) struct Fault {
    /// A `virErrorNumber`.
    code: u32,
    /// The system's error number, where the code says that there is one.
    errno: i32,
    message: String,
}

impl Fault {
    /// Takes over `code`, `int1` and `message` of a `virError`.
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

    /// The system's error number, where the code says that there is one.
    pub(crate) fn errno(&self) -> i32 {
        self.errno
    }

    /// libvirt's own words, if it had any.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Whether the domain that was asked for is gone.
    pub(crate) fn is_no_domain(&self) -> bool {
        self.code == VIR_ERR_NO_DOMAIN
    }

    /// Why there is no connection to `uri`.
    pub(crate) fn on_open(self, uri: Option<&str>) -> Error {
        let said = self.said();
        let uri = uri.unwrap_or("its default hypervisor");
        if self.is_denied() {
            return Error::Denied(format!(
                "libvirt refuses this user {uri}: {said}: \
                 run virtmon as root, or as a member of the group that may use libvirt"
            ));
        }
        let advice = if self.code == VIR_ERR_NO_CONNECT {
            "is the URI right (qemu:///system, xen:///system)?"
        } else {
            "is libvirtd (or virtqemud, virtxend) running there, and is the URI right?"
        };
        Error::Unavailable(format!("libvirt can't reach {uri}: {said}: {advice}"))
    }

    /// That a call failed once there was a connection.
    pub(crate) fn on_call(self, call: &str) -> Error {
        let said = self.said();
        // libvirt itself puts the function's name behind some of its sentences.
        let said = said.strip_suffix(call).unwrap_or(&said);
        let said = said.trim_end_matches([':', ' ']);
        if self.is_denied() {
            return Error::Denied(format!("{call}: {said}"));
        }
        Error::call(call, io::Error::other(said))
    }

    /// That a call failed, whatever it was: another may do better.
    pub(crate) fn on_retry(self, call: &str) -> Error {
        Error::call(call, io::Error::other(self.said()))
    }

    /// libvirt's own words, on one line.
    pub(crate) fn said(&self) -> String {
        if self.message.is_empty() {
            return format!("libvirt error {}, without a word", self.code);
        }
        self.message.clone()
    }

    fn is_denied(&self) -> bool {
        match self.code {
            VIR_ERR_AUTH_FAILED
            | VIR_ERR_AUTH_CANCELLED
            | VIR_ERR_AUTH_UNAVAILABLE
            | VIR_ERR_ACCESS_DENIED
            | VIR_ERR_OPERATION_DENIED => true,
            VIR_ERR_SYSTEM_ERROR => {
                io::Error::from_raw_os_error(self.errno).kind() == io::ErrorKind::PermissionDenied
            }
            _ => false,
        }
    }
}

/// Why there is no library.
pub(crate) fn on_load(error: &LoadError) -> Error {
    Error::Unavailable(
        match error {
            LoadError::Missing => {
                "libvirt.so.0 is not installed: install libvirt's client library \
                 (Debian: libvirt0) or use --backend xen"
            }
            LoadError::TooOld => "libvirt.so.0 is too old: virtmon needs libvirt 1.2.8 or later",
        }
        .into(),
    )
}

/// libvirt passes on what others printed, which may have many lines.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
