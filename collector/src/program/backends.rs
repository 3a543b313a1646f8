//! Which backend to read.

use std::path::Path;
use std::{panic, thread};

use libvirt_backend::{LibvirtBackend, Options as LibvirtOptions};
use virtmon_model::{Backend, Error, Needs, Result, Snapshot};
use xen_backend::{Options, XenBackend, XenPath};

use crate::process::realtime;
use crate::program::cli::BackendChoice;

/// How the backends are to be opened.
pub(crate) struct Wishes<'a> {
    /// libvirt's connection.
    pub(crate) uri: Option<&'a str>,
    /// The way to Xen's list.
    pub(crate) path: XenPath,
    /// Whether the threads that it reads with are to be real-time ones.
    pub(crate) realtime: bool,
    /// What to read: by either backend, and beyond that by libvirt.
    pub(crate) libvirt: LibvirtOptions,
}

/// Opens the backend that was asked for. `note` is told where `auto` takes another one than this
/// host seems made for.
pub(crate) fn open(
    choice: BackendChoice,
    wishes: &Wishes<'_>,
    note: &mut dyn FnMut(&str),
) -> Result<Box<dyn Backend>> {
    let &Wishes {
        uri,
        path,
        realtime,
        ref libvirt,
    } = wishes;
    let xen = Options {
        path,
        needs: libvirt.needs,
    };
    let libvirt = || {
        let backend = if realtime {
            in_real_time(|| {
                let mut backend = LibvirtBackend::open(uri, libvirt)?;
                // The first sample starts threads too.
                backend.sample(&mut Snapshot::default())?;
                Ok(backend)
            })
        } else {
            LibvirtBackend::open(uri, libvirt)
        };
        backend.map(|backend| Box::new(backend) as Box<dyn Backend>)
    };
    match choice {
        BackendChoice::Xen => Ok(Box::new(XenBackend::open(xen, note)?)),
        BackendChoice::Libvirt => libvirt(),
        // This way is Xen's, as a URI is libvirt's.
        BackendChoice::Auto if path != XenPath::Auto => Ok(Box::new(XenBackend::open(xen, note)?)),
        BackendChoice::Auto if uri.is_some() => libvirt(),
        BackendChoice::Auto => match XenBackend::open(xen, note) {
            Ok(backend) => Ok(Box::new(backend)),
            Err(Error::Unavailable(no_xen)) => {
                let backend = libvirt().map_err(|no_libvirt| {
                    Error::Unavailable(format!("no Xen: {no_xen}; no libvirt: {no_libvirt}"))
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

/// Opens what reads with threads of its own. They are as the thread that starts them, and so is the
/// one that waits for them, later; what is started in between is to be ordinary.
fn in_real_time<T: Send>(open: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let opened = thread::scope(|scope| {
        let starter = scope.spawn(|| {
            realtime::schedule()?;
            open()
        });
        starter.join()
    });
    opened.unwrap_or_else(|panic| panic::resume_unwind(panic))
}

/// Opens every backend, with all that it can read, and says for each what came of it.
pub(crate) fn open_all(uri: Option<&str>) -> Vec<(&'static str, Result<Box<dyn Backend>>)> {
    let wanted = Needs {
        vcpus: true,
        host: true,
        raw: false,
    };
    let wishes = Wishes {
        uri,
        path: XenPath::Auto,
        realtime: false,
        libvirt: LibvirtOptions {
            needs: wanted,
            ..LibvirtOptions::default()
        },
    };
    let open = |choice| open(choice, &wishes, &mut |_| {});
    vec![
        ("xen", open(BackendChoice::Xen)),
        ("libvirt", open(BackendChoice::Libvirt)),
    ]
}
