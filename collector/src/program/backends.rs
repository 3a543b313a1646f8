//! The backend of a run.

use std::path::Path;
use std::{panic, thread};

use libvirt_backend::{LibvirtBackend, Options as LibvirtOptions};
use virtmon_model::{Backend, Error, Needs, Result, Snapshot};
use xen_backend::{Options, XenBackend, XenPath};

use crate::process::realtime;
use crate::program::cli::source::BackendChoice;

/// Options of opening a backend.
#[derive(Debug, Clone)]
pub struct BackendConfig {
    /// libvirt's connection.
    pub uri: Option<String>,
    /// The interface to Xen's list of domains.
    pub path: XenPath,
    /// True if the threads that sample are real-time threads.
    pub is_realtime: bool,
    /// Options of libvirt; the values to sample apply to Xen too.
    pub libvirt: LibvirtOptions,
}

/// Opens the backend of the command line. `warn` gets a line if `auto` selects libvirt on a Xen
/// host.
pub(crate) fn open(
    choice: BackendChoice,
    config: &BackendConfig,
    warn: fn(&str),
) -> Result<Box<dyn Backend>> {
    match choice {
        BackendChoice::Xen => open_xen(config, warn),
        BackendChoice::Libvirt => open_libvirt(config),
        // --xen-path implies Xen, as --uri implies libvirt.
        BackendChoice::Auto if config.path != XenPath::Auto => open_xen(config, warn),
        BackendChoice::Auto if config.uri.is_some() => open_libvirt(config),
        BackendChoice::Auto => match open_xen(config, warn) {
            Err(Error::Unavailable(no_xen)) => {
                let backend = open_libvirt(config).map_err(|no_libvirt| {
                    Error::Unavailable(format!("no Xen: {no_xen}; no libvirt: {no_libvirt}"))
                })?;
                if Path::new("/dev/xen/privcmd").exists() {
                    warn(&format!("using libvirt, because {no_xen}"));
                }
                Ok(backend)
            }
            opened => opened,
        },
    }
}

fn open_xen(config: &BackendConfig, mut warn: fn(&str)) -> Result<Box<dyn Backend>> {
    let options = Options {
        path: config.path,
        needs: config.libvirt.needs,
    };
    Ok(Box::new(XenBackend::open(options, &mut warn)?))
}

fn open_libvirt(config: &BackendConfig) -> Result<Box<dyn Backend>> {
    let open = || LibvirtBackend::open(config.uri.as_deref(), &config.libvirt);
    if !config.is_realtime {
        return Ok(Box::new(open()?));
    }
    let backend = in_real_time(|| {
        let mut backend = open()?;
        // The first sample starts threads too.
        backend.sample(&mut Snapshot::default())?;
        Ok(backend)
    })?;
    Ok(Box::new(backend))
}

/// Opens a backend that samples with threads of its own. Threads inherit the scheduling of the
/// thread that starts them: the backend's threads become real-time threads, the threads that are
/// started later do not.
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

/// Opens every backend with all that it can sample. Returns each backend's name and result.
pub(crate) fn open_all(uri: Option<&str>) -> Vec<(&'static str, Result<Box<dyn Backend>>)> {
    let needs = Needs {
        vcpus: true,
        host: true,
        raw: false,
    };
    let config = BackendConfig {
        uri: uri.map(str::to_owned),
        path: XenPath::Auto,
        is_realtime: false,
        libvirt: LibvirtOptions {
            needs,
            ..LibvirtOptions::default()
        },
    };
    let open = |choice| open(choice, &config, |_| {});
    vec![
        ("xen", open(BackendChoice::Xen)),
        ("libvirt", open(BackendChoice::Libvirt)),
    ]
}
