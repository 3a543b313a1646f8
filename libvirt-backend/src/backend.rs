use std::ffi::CString;

use virtmon_model::{Backend, Capabilities, Error, Result, Snapshot};

use crate::fault;
use crate::ffi::Library;
use crate::session::{Buffers, Session};

/// The running domains of a host that libvirt manages.
pub struct LibvirtBackend {
    library: &'static Library,
    uri: Option<CString>,
    /// `None` where the connection was lost: the next sample makes another.
    session: Option<Session>,
    capabilities: Capabilities,
    buffers: Buffers,
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
    pub fn open(uri: Option<&str>) -> Result<Self> {
        let library = Library::load().map_err(|error| fault::on_load(&error))?;
        let c_uri = uri
            .map(CString::new)
            .transpose()
            .map_err(|_| Error::NotHere("a libvirt URI can't have a NUL byte in it".into()))?;
        let session =
            Session::open(library, c_uri.as_deref()).map_err(|fault| fault.on_open(uri))?;
        Ok(Self {
            library,
            uri: c_uri,
            capabilities: session.capabilities(),
            session: Some(session),
            buffers: Buffers::default(),
        })
    }
}

impl Backend for LibvirtBackend {
    fn name(&self) -> &'static str {
        "libvirt"
    }

    fn description(&self) -> String {
        let uri = self
            .uri
            .as_ref()
            .map_or("libvirt's own choice".into(), |uri| uri.to_string_lossy());
        format!("libvirt at {uri}")
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        let session = match &mut self.session {
            Some(session) => session,
            None => {
                let session = Session::open(self.library, self.uri.as_deref())
                    .map_err(|fault| fault.on_retry("virConnectOpenReadOnly"))?;
                self.session.insert(session)
            }
        };
        let read = session.sample(&mut self.buffers, into);
        if read.is_err() && !session.is_alive() {
            self.session = None;
        }
        read.map_err(|(call, fault)| fault.on_call(call))
    }
}
