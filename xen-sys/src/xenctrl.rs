//! libxenctrl, loaded at run time: the reference that the direct path is held against.

use std::io;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use crate::abi::{Abi, Release};
use crate::bindings::{Libxenctrl, xc_interface, xentoollog_logger};
use crate::logger;

/// An open libxenctrl, of the release whose layouts it writes.
pub struct Xenctrl {
    // The logger is dropped after `drop` has closed the interface, which uses it.
    interface: NonNull<xc_interface>,
    /// Never unloaded: code of it may be registered to run at the end of a thread.
    library: ManuallyDrop<Libxenctrl>,
    _logger: Box<xentoollog_logger>,
    abi: Abi,
    calls: u64,
}

/// Why libxenctrl could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// This library, with this soname, could not be loaded.
    NoLibrary {
        /// The name that was asked for.
        soname: String,
    },
    /// `xc_interface_open` failed.
    Interface(io::Error),
}

impl Xenctrl {
    /// Loads the library of that release and opens the hypercall interface.
    ///
    /// libxenctrl has no stable ABI: its soname is the Xen version, and it fills structures of
    /// that version, so the one of the running hypervisor is the only one that can be right.
    ///
    /// # Errors
    /// The library is not installed or lacks a symbol; `/dev/xen/privcmd` can't be opened.
    pub fn open(release: Release, abi: Abi) -> Result<Self, OpenError> {
        let soname = format!("libxenctrl.so.{release}");
        // SAFETY: loading runs the library's initialisers. libxenctrl has none but those of the C
        // runtime, and the signatures are those of the header that bindgen read: of these three
        // functions they are the same in every release from 4.12 on.
        let library =
            unsafe { Libxenctrl::new(&soname) }.map_err(|_| OpenError::NoLibrary { soname })?;
        let mut logger = logger::silent();
        let log: *mut xentoollog_logger = &raw mut *logger;
        // SAFETY: the logger's address is stable (boxed) and it lives in `self` as long as the
        // interface does; no flags are asked for.
        let interface = unsafe { library.xc_interface_open(log, log, 0) };
        let interface = NonNull::new(interface)
            .ok_or_else(|| OpenError::Interface(io::Error::last_os_error()))?;
        Ok(Self {
            interface,
            library: ManuallyDrop::new(library),
            _logger: logger,
            abi,
            calls: 0,
        })
    }

    /// Hypercalls that were made: one for each list.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// Lists domains from domid `first` upwards into `entries`, and returns how many there were.
    ///
    /// `entries` is filled from its start with [`Abi::domaininfo_bytes`] each, as many as fit.
    /// `xc_domain_getinfolist`, by `XEN_SYSCTL_getdomaininfolist`.
    ///
    /// # Errors
    /// What the hypervisor answers: `EACCES` where it speaks another version, `EPERM` where this
    /// domain may not ask.
    pub fn domain_getinfolist(&mut self, first: u32, entries: &mut [u8]) -> io::Result<usize> {
        let room = entries.len() / self.abi.domaininfo_bytes;
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        self.calls += 1;
        // SAFETY: the interface is open. The library of this release writes at most `room` entries
        // of `domaininfo_bytes`, which is its own `sizeof(xc_domaininfo_t)`, and `entries` holds
        // that many. It copies bytes into the pointer and asks for no alignment.
        let listed = unsafe {
            self.library.xc_domain_getinfolist(
                self.interface.as_ptr(),
                first,
                room,
                entries.as_mut_ptr().cast(),
            )
        };
        usize::try_from(listed).map_err(|_| io::Error::last_os_error())
    }
}

impl Drop for Xenctrl {
    fn drop(&mut self) {
        // SAFETY: the interface is open, is closed only here, and nothing else holds it. There is
        // nothing to do about a failure.
        unsafe { self.library.xc_interface_close(self.interface.as_ptr()) };
    }
}
