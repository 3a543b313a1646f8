//! Which Xen runs here, and whether this domain may ask it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use nix::errno::Errno;
use virtmon_model::{Error, Result};
use xen_sys::abi::Release;

/// The hypercall device: the second is that of kernels before 3.3.
const PRIVCMD: [&str; 2] = ["/dev/xen/privcmd", "/proc/xen/privcmd"];

/// The hypervisor that this domain runs on.
pub(crate) struct RunningXen {
    pub(crate) release: Release,
    /// `Xen 4.17.5`.
    pub(crate) name: String,
}

/// Finds out which Xen this is domain 0 of.
pub(crate) fn running_xen() -> Result<RunningXen> {
    let Some(device) = PRIVCMD.into_iter().find(|path| Path::new(path).exists()) else {
        return Err(Error::NotHere(
            "this machine is not domain 0 of a Xen host, for there is no /dev/xen/privcmd: \
             run virtmon there, or use the libvirt backend"
                .into(),
        ));
    };
    // Xen answers a domain that is not its control domain with EPERM; this tells it before, and
    // apart from a user who may not ask. The file is there where xenfs is mounted.
    if let Ok(capabilities) = fs::read_to_string("/proc/xen/capabilities")
        && !capabilities.contains("control_d")
    {
        return Err(not_control_domain());
    }
    if let Err(source) = File::options().read(true).write(true).open(device) {
        return Err(if source.kind() == io::ErrorKind::PermissionDenied {
            Error::Denied(format!(
                "{device} may not be opened by this user: run virtmon as root (sudo virtmon ...)"
            ))
        } else {
            Error::call(format!("open {device}"), source)
        });
    }
    let release = Release {
        major: version_number("major")?,
        minor: version_number("minor")?,
    };
    let extra = version_file("extra").unwrap_or_default();
    Ok(RunningXen {
        release,
        name: format!("Xen {release}{extra}"),
    })
}

/// Says what a refused hypercall means.
pub(crate) fn refused(call: &str, source: io::Error) -> Error {
    match source.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM) => not_control_domain(),
        Some(Errno::EACCES) => Error::UnknownAbi(format!(
            "{call}: the hypervisor refuses this interface version: \
             the libxenctrl that is installed is not the one of the running Xen"
        )),
        _ => Error::call(call, source),
    }
}

fn not_control_domain() -> Error {
    Error::NotHere(
        "this is a guest of a Xen host, not its domain 0, and Xen tells it nothing of the others: \
         run virtmon in domain 0"
            .into(),
    )
}

fn version_file(part: &str) -> Result<String> {
    let path = format!("/sys/hypervisor/version/{part}");
    let text = fs::read_to_string(&path).map_err(|source| Error::call(&*path, source))?;
    Ok(text.trim_end().to_owned())
}

fn version_number(part: &str) -> Result<u16> {
    let text = version_file(part)?;
    text.parse().map_err(|_| {
        Error::UnknownAbi(format!(
            "/sys/hypervisor/version/{part} is not a number: {text:?}"
        ))
    })
}
