//! Which backend to read.

use std::path::Path;

use libvirt_backend::LibvirtBackend;
use virtmon_model::{Backend, Error, Result, Wanted};
use xen_backend::XenBackend;

use crate::cli::BackendChoice;

/// Opens the backend that was asked for. `note` is told where `auto` takes another one than this
/// host seems made for.
pub(crate) fn open(
    choice: BackendChoice,
    uri: Option<&str>,
    note: impl Fn(&str),
) -> Result<Box<dyn Backend>> {
    let libvirt = || {
        LibvirtBackend::open(uri, Wanted::default())
            .map(|backend| Box::new(backend) as Box<dyn Backend>)
    };
    match choice {
        BackendChoice::Xen => Ok(Box::new(XenBackend::open()?)),
        BackendChoice::Libvirt => libvirt(),
        // A URI is libvirt's.
        BackendChoice::Auto if uri.is_some() => libvirt(),
        BackendChoice::Auto => match XenBackend::open() {
            Ok(backend) => Ok(Box::new(backend)),
            Err(Error::NotHere(no_xen)) => {
                let backend = libvirt().map_err(|no_libvirt| {
                    Error::NotHere(format!("no Xen: {no_xen}; no libvirt: {no_libvirt}"))
                })?;
                if Path::new("/dev/xen/privcmd").exists() {
                    note(&format!("reading libvirt, for {no_xen}"));
                }
                Ok(backend)
            }
            Err(error) => Err(error),
        },
    }
}
