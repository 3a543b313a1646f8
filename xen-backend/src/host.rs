//! Whether this is domain 0 of a Xen host that can be read.

use std::fs::{self, File};
use std::io;

use nix::errno::Errno;
use virtmon_model::{Error, Result};
use xen_sys::abi::Abi;
use xen_sys::{Privcmd, PrivcmdError};

/// The hypercall device: the second is that of kernels before 3.3.
const DEVICES: [&str; 2] = ["/dev/xen/privcmd", "/proc/xen/privcmd"];
/// What this domain may do, where xenfs is mounted: `control_d` in a control domain.
const CAPABILITIES: &str = "/proc/xen/capabilities";

/// Opens the hypercall device and finds out how the hypervisor is spoken to.
pub(crate) fn open() -> Result<Privcmd> {
    // Xen answers a domain that is not its control domain with EPERM; this file tells it before, and
    // apart from a user who may not ask.
    if is_control_domain() == Some(false) {
        return Err(not_control_domain());
    }
    Privcmd::open(open_device()?).map_err(|error| match error {
        PrivcmdError::Io(source) => refused("XEN_SYSCTL_physinfo", source),
        PrivcmdError::UnsupportedAbi { release, extra } => Error::UnsupportedAbi(format!(
            "Xen {release}{extra} runs here, and it refuses every interface version that this \
             virtmon knows: those of Xen 4.{} to 4.{}",
            Abi::ALL[0].minors.0,
            Abi::ALL[Abi::ALL.len() - 1].minors.1
        )),
        PrivcmdError::Stride { abi, written } => Error::UnsupportedAbi(format!(
            "the hypervisor accepts interface version {:#x}, but tells of a domain in {written} \
             bytes, not in the {} of that version",
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
            // ENODEV, ENXIO: a kernel with Xen support that does not run on Xen.
            Err(error) => return Err(Error::Unavailable(format!("open {path}: {error}"))),
        }
    }
    Err(Error::Unavailable(
        "this machine is not domain 0 of a Xen host, for there is no /dev/xen/privcmd: \
         run virtmon there, or use the libvirt backend"
            .into(),
    ))
}

/// Says what a refused hypercall means.
pub(crate) fn refused(call: &str, source: io::Error) -> Error {
    match source.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM) => not_permitted(call, is_control_domain()),
        _ => Error::call(call, source),
    }
}

/// Whether this is a control domain; `None` where xenfs is not mounted.
fn is_control_domain() -> Option<bool> {
    let capabilities = fs::read_to_string(CAPABILITIES).ok()?;
    Some(capabilities.contains("control_d"))
}

/// What `EPERM` means: that this is no control domain, but not always.
fn not_permitted(call: &str, is_control_domain: Option<bool>) -> Error {
    match is_control_domain {
        Some(false) => not_control_domain(),
        Some(true) => Error::Denied(format!(
            "{call} is not permitted (EPERM), though this is the control domain: the kernel \
             restricts its hypercall device (Secure Boot), or Xen's security policy (FLASK) forbids \
             this call"
        )),
        None => Error::Unavailable(format!(
            "{call} is not permitted (EPERM): this is not the control domain of the host, or its \
             kernel or Xen's security policy forbids this call. {CAPABILITIES} would say which: \
             mount -t xenfs xenfs /proc/xen"
        )),
    }
}

/// What a refused `XEN_SYSCTL_physinfo` means.
pub(crate) fn physinfo_failed(source: io::Error) -> Error {
    refused("XEN_SYSCTL_physinfo", source)
}

fn not_control_domain() -> Error {
    Error::Unavailable(
        "this is a guest of a Xen host, not its domain 0, and Xen tells it nothing of the others: \
         run virtmon in domain 0"
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_not_permitted_is_named_where_this_is_the_control_domain() {
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
