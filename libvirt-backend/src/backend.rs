use std::ffi::CString;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use virtmon_model::{Backend, Capabilities, Error, Needs, Notification, Result, Snapshot};

use crate::connection::backoff::Backoff;
use crate::connection::error as fault;
use crate::events::listener::Watch;
use crate::ffi::{self, Library};
use crate::recording::encode as raw;
use crate::records::fields::FieldSelection;
use crate::records::stale as carry;
use crate::stats_groups::{Agenda, Group};
use crate::workers::pool::Readers;
use crate::workers::worker::Target;

/// What is wanted of a connection.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What to read.
    pub wanted: Needs,
    /// Whether to hear what libvirt tells by itself: a connection and two threads more.
    pub events: bool,
    /// Whether to keep what has no place of its own, in [`Domain::stats`](virtmon_model::Domain).
    pub stats: bool,
    /// Whether to ask whose each guest is, in [`Domain::instance`](virtmon_model::Domain): a call more
    /// in each guest's life.
    pub nova: bool,
    /// Groups to ask for beside the usual ones.
    pub groups: Vec<Group>,
    /// Groups to ask for no more often than that: between, what they tell is unknown.
    pub slow: Vec<(Group, Duration)>,
}

/// The running domains of a host that libvirt manages.
///
/// No sample waits for a guest or a daemon that is stuck, and neither does dropping this.
pub struct LibvirtBackend {
    readers: Readers,
    backoff: Backoff,
    agenda: Agenda,
    /// What messages call the connection.
    uri: String,
    capabilities: Capabilities,
    /// When the last sample that was not an error began.
    last: Option<Instant>,
    /// What that one gave. A caller may have snapshots that take turns, so what comes in is not it.
    given: Snapshot,
    wanted: Needs,
    /// What the last sample was made of, where that is wanted.
    raw: Vec<u8>,
    watch: Option<Watch>,
}

impl LibvirtBackend {
    /// Loads libvirt and opens a read-only connection (`virConnectOpenReadOnly`).
    ///
    /// `uri` is any that libvirt takes (`qemu:///system`, `xen:///system`, `test:///default`);
    /// without one libvirt chooses, by `LIBVIRT_DEFAULT_URI`, its configuration, or what it finds.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where libvirt.so.0 is not installed or nothing answers at that URI;
    /// [`Error::Denied`] where this user may not read there.
    pub fn open(uri: Option<&str>, options: &Options) -> Result<Self> {
        let library = Library::load().map_err(|error| fault::on_load(&error))?;
        let c_uri = uri
            .map(CString::new)
            .transpose()
            .map_err(|_| Error::Unavailable("a libvirt URI can't have a NUL byte in it".into()))?;
        if c_uri.as_deref().is_some_and(ffi::names_host) {
            // What notifications that a host is gone. Before the connections that it serves.
            ffi::run_loop(library).map_err(|source| Error::call("libvirt's events", source))?;
        }
        let target = Target {
            library,
            uri: c_uri,
            take: FieldSelection {
                vcpus: options.wanted.vcpus,
                stats: options.stats,
                nova: options.nova,
            },
            raw: options.wanted.raw,
            facts: Arc::default(),
        };
        let watch = options.events.then(|| Watch::start(target.clone()));
        let watch = watch
            .transpose()
            .map_err(|source| Error::call("libvirt's events", source))?;
        let (readers, capabilities) = Readers::connect(target, uri)?;
        Ok(Self {
            readers,
            backoff: Backoff::default(),
            agenda: Agenda::new(&options.groups, &options.slow),
            uri: uri.unwrap_or("its own choice of a hypervisor").to_owned(),
            capabilities,
            last: None,
            given: Snapshot::default(),
            wanted: options.wanted,
            raw: Vec::new(),
            watch,
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

    fn host_metadata(&self) -> Vec<u8> {
        raw::host_metadata(self.capabilities)
    }

    fn raw(&self) -> &[u8] {
        &self.raw
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        let now = Instant::now();
        self.backoff.check(now)?;
        if let Some(watch) = &self.watch {
            watch.nudge();
        }
        let interval = self.last.map(|last| now - last);
        match self.readers.read(self.agenda.due(now), interval) {
            Ok(reading) => {
                self.backoff.succeeded();
                self.agenda.done(now);
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

    fn begin(&mut self) {
        self.agenda.begin();
    }

    fn notifications(&mut self) -> Vec<Notification> {
        self.watch.as_ref().map(Watch::take).unwrap_or_default()
    }
}
