//! The meaning of libvirt's errors for the caller of the backend.

use std::io;

use virtmon_model::Error;

use crate::ffi::bindings::{
    VIR_ERR_ACCESS_DENIED, VIR_ERR_AUTH_CANCELLED, VIR_ERR_AUTH_FAILED, VIR_ERR_AUTH_UNAVAILABLE,
    VIR_ERR_NO_CONNECT, VIR_ERR_OPERATION_DENIED, VIR_ERR_SYSTEM_ERROR,
};
use crate::ffi::error::LibvirtError;
use crate::ffi::library::LoadError;

impl LibvirtError {
    /// The error of a connection to `uri` that could not be opened.
    pub(crate) fn into_open_error(self, uri: Option<&str>) -> Error {
        let message = self.message();
        let uri = uri.unwrap_or("its default hypervisor");
        if self.is_denied() {
            return Error::Denied(format!(
                "libvirt denies this user access to {uri}: {message}: \
                 run virtmon as root, or as a member of the group that may use libvirt"
            ));
        }
        let advice = if self.code() == VIR_ERR_NO_CONNECT {
            "is the URI right (qemu:///system, xen:///system)?"
        } else {
            "is libvirtd (or virtqemud, virtxend) running there, and is the URI right?"
        };
        Error::Unavailable(format!(
            "libvirt cannot connect to {uri}: {message}: {advice}"
        ))
    }

    /// The error of a call that failed on an open connection.
    pub(crate) fn into_call_error(self, call: &str) -> Error {
        let message = self.message();
        // libvirt itself appends the function's name to some of its messages.
        let message = message.strip_suffix(call).unwrap_or(&message);
        let message = message.trim_end_matches([':', ' ']);
        if self.is_denied() {
            return Error::Denied(format!("{call}: {message}"));
        }
        Error::call(call, io::Error::other(message))
    }

    /// The error of a call after which the connection is lost. A later call may succeed, whatever the
    /// error was.
    pub(crate) fn into_retry_error(self, call: &str) -> Error {
        Error::call(call, io::Error::other(self.message()))
    }

    fn is_denied(&self) -> bool {
        match self.code() {
            VIR_ERR_AUTH_FAILED
            | VIR_ERR_AUTH_CANCELLED
            | VIR_ERR_AUTH_UNAVAILABLE
            | VIR_ERR_ACCESS_DENIED
            | VIR_ERR_OPERATION_DENIED => true,
            VIR_ERR_SYSTEM_ERROR => {
                io::Error::from_raw_os_error(self.errno()).kind() == io::ErrorKind::PermissionDenied
            }
            _ => false,
        }
    }
}

/// The error of a library that could not be loaded.
pub(crate) fn load_error(error: &LoadError) -> Error {
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

#[cfg(test)]
mod tests;
