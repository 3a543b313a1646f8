use std::ffi::CString;
use std::mem;
use std::time::Instant;

use virtmon_model::{Backend, Capabilities, Error, Result, Snapshot, Wanted};

use crate::backoff::Backoff;
use crate::fault;
use crate::ffi::Library;
use crate::reader::Target;
use crate::readers::Readers;
use crate::{carry, raw};

/// The running domains of a host that libvirt manages.
///
/// No sample waits for a guest or a daemon that is stuck, and neither does dropping this.
pub struct LibvirtBackend {
    readers: Readers,
    backoff: Backoff,
    /// What messages call the connection.
    uri: String,
    capabilities: Capabilities,
    /// When the last sample that was not an error began.
    last: Option<Instant>,
    /// What that one gave. A caller may have snapshots that take turns, so what comes in is not it.
    given: Snapshot,
    wanted: Wanted,
    /// What the last sample was made of, where that is wanted.
    raw: Vec<u8>,
}

impl LibvirtBackend {
    /// Loads libvirt and opens a read-only connection (`virConnectOpenReadOnly`).
    ///
    /// `uri` is any that libvirt takes (`qemu:///system`, `xen:///system`, `test:///default`);
    /// without one libvirt chooses, by `LIBVIRT_DEFAULT_URI`, its configuration, or what it finds.
    ///
    /// # Errors
    /// [`Error::NotHere`] where libvirt.so.0 is not installed or nothing answers at that URI;
    /// [`Error::Denied`] where this user may not read there.
    pub fn open(uri: Option<&str>, wanted: Wanted) -> Result<Self> {
        let library = Library::load().map_err(|error| fault::on_load(&error))?;
        let c_uri = uri
            .map(CString::new)
            .transpose()
            .map_err(|_| Error::NotHere("a libvirt URI can't have a NUL byte in it".into()))?;
        let target = Target {
            library,
            uri: c_uri,
            wanted,
        };
        let (readers, capabilities) = Readers::connect(target, uri)?;
        Ok(Self {
            readers,
            backoff: Backoff::default(),
            uri: uri.unwrap_or("its own choice of a hypervisor").to_owned(),
            capabilities,
            last: None,
            given: Snapshot::default(),
            wanted,
            raw: Vec::new(),
        })
    }
}

impl Backend for LibvirtBackend {
    fn name(&self) -> &'static str {
        "libvirt"
    }

    fn description(&self) -> String {
        format!("libvirt at {}", self.uri)
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn facts(&self) -> Vec<u8> {
        raw::facts(self.capabilities)
    }

    fn raw(&self) -> &[u8] {
        &self.raw
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        let now = Instant::now();
        self.backoff.check(now)?;
        match self.readers.read() {
            Ok(reading) => {
                self.backoff.succeeded();
                let last = self.last.replace(now).filter(|_| reading.carries);
                let carried = last.map(|last| now - last);
                if let Some(elapsed) = carried {
                    carry::over(&mut self.given, reading.snapshot, elapsed);
                }
                if self.wanted.raw {
                    self.raw.clear();
                    raw::put_reading(&mut self.raw, carried, reading.snapshot, reading.kept);
                }
                mem::swap(into, reading.snapshot);
                self.given.domains.clone_from(&into.domains);
                Ok(())
            }
            Err(unread) => {
                if unread.lost {
                    self.backoff.failed(now, &unread.error);
                }
                Err(unread.error)
            }
        }
    }
}
