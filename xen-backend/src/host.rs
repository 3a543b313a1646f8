//! Whether this is domain 0 of a Xen host that can be read.

use std::fs::{self, File};
use std::io;

use nix::errno::Errno;
use virtmon_model::{Error, Result};
use xen_sys::abi::Abi;
use xen_sys::{Privcmd, PrivcmdError};

/// The hypercall device: the second is that of kernels before 3.3.
const DEVICES: [&str; 2] = ["/dev/xen/privcmd", "/proc/xen/privcmd"];

/// Opens the hypercall device and finds out how the hypervisor is spoken to.
pub(crate) fn open() -> Result<Privcmd> {
    // Xen answers a domain that is not its control domain with EPERM; this file, where xenfs is
    // mounted, tells it before, and apart from a user who may not ask.
    if let Ok(capabilities) = fs::read_to_string("/proc/xen/capabilities")
        && !capabilities.contains("control_d")
    {
        return Err(not_control_domain());
    }
    Privcmd::open(open_device()?).map_err(|error| match error {
        PrivcmdError::Io(source) => refused("XEN_SYSCTL_physinfo", source),
        PrivcmdError::UnknownAbi { release, extra } => Error::UnknownAbi(format!(
            "Xen {release}{extra} runs here, and it refuses every interface version that this \
             virtmon knows: those of Xen 4.{} to 4.{}",
            Abi::ALL[0].minors.0,
            Abi::ALL[Abi::ALL.len() - 1].minors.1
        )),
        PrivcmdError::Stride { abi, written } => Error::UnknownAbi(format!(
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
            Err(error) => return Err(Error::NotHere(format!("open {path}: {error}"))),
        }
    }
    Err(Error::NotHere(
        "this machine is not domain 0 of a Xen host, for there is no /dev/xen/privcmd: \
         run virtmon there, or use the libvirt backend"
            .into(),
    ))
}

/// Says what a refused hypercall means.
pub(crate) fn refused(call: &str, source: io::Error) -> Error {
    match source.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM) => not_control_domain(),
        _ => Error::call(call, source),
    }
}

/// What a refused `XEN_SYSCTL_physinfo` means.
pub(crate) fn physinfo_failed(source: io::Error) -> Error {
    refused("XEN_SYSCTL_physinfo", source)
}

fn not_control_domain() -> Error {
    Error::NotHere(
        "this is a guest of a Xen host, not its domain 0, and Xen tells it nothing of the others: \
         run virtmon in domain 0"
            .into(),
    )
}
