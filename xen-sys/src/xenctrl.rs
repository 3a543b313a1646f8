//! libxenctrl, loaded at run time: the reference for the hypercalls through privcmd.

use std::io;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use crate::abi::{Abi, Release};
use crate::bindings::{Libxenctrl, xc_interface, xentoollog_logger};
use crate::logger;

/// An open libxenctrl of one Xen release. It writes the layouts of that release.
pub struct Xenctrl {
    // `drop` closes the interface, which uses the logger, before the logger is dropped.
    interface: NonNull<xc_interface>,
    /// The library is never unloaded, because code of it may be registered to run at the end of a
    /// thread.
    library: ManuallyDrop<Libxenctrl>,
    _logger: Box<xentoollog_logger>,
    abi: Abi,
    calls: u64,
}

/// Reason why libxenctrl could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The library could not be loaded.
    NoLibrary {
        /// Soname of the library.
        soname: String,
    },
    /// `xc_interface_open` failed.
    Interface(io::Error),
}

impl Xenctrl {
    /// Loads the library of a release and opens the hypercall interface.
    ///
    /// libxenctrl has no stable ABI. Its soname is the Xen version, and it fills structures of that
    /// version, so only the library of the running hypervisor's release is right.
    ///
    /// # Errors
    /// The library is not installed or lacks a symbol, or `/dev/xen/privcmd` can't be opened.
    pub fn open(release: Release, abi: Abi) -> Result<Self, OpenError> {
        let soname = format!("libxenctrl.so.{release}");
        // SAFETY: loading runs the initialisers of the library. libxenctrl has only those of the C
        // runtime. The signatures are those of the header that bindgen read. For these three
        // functions they are the same in every release from 4.12 on.
        let library =
            unsafe { Libxenctrl::new(&soname) }.map_err(|_| OpenError::NoLibrary { soname })?;
        let mut logger = logger::silent();
        let log: *mut xentoollog_logger = &raw mut *logger;
        // SAFETY: the logger's address is stable (it is boxed), and the logger lives in `self` as
        // long as the interface. No flags are set.
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

    /// Number of hypercalls made: one for each list.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// Lists domains from domid `first` upwards into `entries`, and returns their number
    /// (`xc_domain_getinfolist`, which uses `XEN_SYSCTL_getdomaininfolist`).
    ///
    /// `entries` is filled from its start with entries of [`Abi::domaininfo_bytes`], as many as fit.
    ///
    /// # Errors
    /// The error of the hypervisor: `EACCES` if its interface version differs, `EPERM` if this domain
    /// has no permission.
    pub fn domain_getinfolist(&mut self, first: u32, entries: &mut [u8]) -> io::Result<usize> {
        let room = entries.len() / self.abi.domaininfo_bytes;
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        self.calls += 1;
        // SAFETY: the interface is open. The library of this release writes at most `room` entries
        // of `domaininfo_bytes`, which is its own `sizeof(xc_domaininfo_t)`, and `entries` has room
        // for that many. It copies bytes to the pointer and needs no alignment.
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
        // SAFETY: the interface is open, is closed only here, and nothing else uses it. An error has
        // no consequence.
        unsafe { self.library.xc_interface_close(self.interface.as_ptr()) };
    }
}
