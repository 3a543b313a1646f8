//! Detection of Xen: opens the hypercall device, and explains why that is not possible.

use std::fs::{self, File};
use std::io;

use nix::errno::Errno;
use virtmon_model::{Error, Result};
use xen_sys::abi::Abi;
use xen_sys::{Privcmd, PrivcmdError};

/// The hypercall device. The second path is that of kernels before 3.3.
const DEVICES: [&str; 2] = ["/dev/xen/privcmd", "/proc/xen/privcmd"];
/// Capabilities of this domain, if xenfs is mounted. A control domain has `control_d`.
const CAPABILITIES: &str = "/proc/xen/capabilities";

/// Opens the hypercall device and finds the interface version of the hypervisor.
pub(crate) fn open() -> Result<Privcmd> {
    // Xen refuses the calls of a domain that is not a control domain with EPERM. This file shows the
    // reason before, and separately from missing permissions of the user.
    if is_control_domain() == Some(false) {
        return Err(not_control_domain());
    }
    Privcmd::open(open_device()?).map_err(|error| match error {
        PrivcmdError::Io(source) => call_error("XEN_SYSCTL_physinfo", source),
        PrivcmdError::UnsupportedAbi { release, extra } => Error::UnsupportedAbi(format!(
            "Xen {release}{extra} is not supported: it refuses the interface versions of Xen 4.{} \
             to 4.{}",
            Abi::ALL[0].minors.0,
            Abi::ALL[Abi::ALL.len() - 1].minors.1
        )),
        PrivcmdError::Stride { abi, written } => Error::UnsupportedAbi(format!(
            "the hypervisor accepts interface version {:#x}, but writes {written} bytes for a \
             domain, not the {} bytes of that version",
            abi.sysctl, abi.domaininfo_bytes
        )),
    })
}

fn open_device() -> Result<File> {
    for path in DEVICES {
        match File::options().read(true).write(true).open(path) {
            Ok(device) => return Ok(device),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(Error::Denied(format!(
                    "{path} may not be opened by this user: run virtmon as root (sudo virtmon ...)"
                )));
            }
            // ENODEV, ENXIO: a kernel with support for Xen that does not run on Xen.
            Err(error) => return Err(Error::Unavailable(format!("open {path}: {error}"))),
        }
    }
    Err(Error::Unavailable(
        "this machine is not domain 0 of a Xen host: /dev/xen/privcmd does not exist. \
         Run virtmon in domain 0, or use the libvirt backend"
            .into(),
    ))
}

/// The error of a failed hypercall.
pub(crate) fn call_error(call: &str, source: io::Error) -> Error {
    match source.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM) => not_permitted(call, is_control_domain()),
        _ => Error::call(call, source),
    }
}

/// True if this is a control domain; `None` if xenfs is not mounted.
fn is_control_domain() -> Option<bool> {
    let capabilities = fs::read_to_string(CAPABILITIES).ok()?;
    Some(capabilities.contains("control_d"))
}

/// The error for `EPERM`. The usual reason is that this is no control domain, but there are others.
fn not_permitted(call: &str, is_control_domain: Option<bool>) -> Error {
    match is_control_domain {
        Some(false) => not_control_domain(),
        Some(true) => Error::Denied(format!(
            "{call} is not permitted (EPERM), although this is the control domain: the kernel \
             restricts its hypercall device (Secure Boot), or Xen's security policy (FLASK) denies \
             this call"
        )),
        None => Error::Unavailable(format!(
            "{call} is not permitted (EPERM): this is not the control domain of the host, or its \
             kernel or Xen's security policy denies this call. Run \
             `mount -t xenfs xenfs /proc/xen` to find the reason in {CAPABILITIES}"
        )),
    }
}

/// The error of a failed `XEN_SYSCTL_physinfo`.
pub(crate) fn physinfo_error(source: io::Error) -> Error {
    call_error("XEN_SYSCTL_physinfo", source)
}

fn not_control_domain() -> Error {
    Error::Unavailable(
        "this is a guest of a Xen host, not its domain 0, and Xen does not let it read other \
         domains: run virtmon in domain 0"
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_a_call_that_is_not_permitted_in_a_control_domain() {
        let call = "XEN_SYSCTL_numainfo";
        let guest = not_permitted(call, Some(false));
        assert!(matches!(&guest, Error::Unavailable(text) if text.contains("not its domain 0")));
        for control in [Some(true), None] {
            let error = not_permitted(call, control);
            let text = error.to_string();
            assert!(text.starts_with(call), "{text}");
            assert!(!text.contains("this is a guest"), "{text}");
        }
    }
}
