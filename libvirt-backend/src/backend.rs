//! The backend, and the options that it is opened with.

use std::ffi::CString;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use virtmon_model::{Backend, Capabilities, Error, Needs, Notification, Result, Snapshot};

use crate::connection::backoff::Backoff;
use crate::connection::error::load_error;
use crate::connection::target::Target;
use crate::events::listener::EventListener;
use crate::ffi::connection::is_remote;
use crate::ffi::library::Library;
use crate::ffi::subscription::start_event_loop;
use crate::recording::encode;
use crate::records::fields::FieldSelection;
use crate::records::stale;
use crate::stats_groups::{Group, StatsSchedule};
use crate::workers::pool::{PoolSample, WorkerPool};

/// The values to read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The values to read beyond those of each domain.
    pub needs: Needs,
    /// True to receive the events that libvirt pushes. It takes one more connection and two threads.
    pub events: bool,
    /// True to keep values that have no column of their own, in
    /// [`Domain::stats`](virtmon_model::Domain).
    pub stats: bool,
    /// True to read each guest's OpenStack instance, in [`Domain::instance`](virtmon_model::Domain). It
    /// takes one more call in each guest's life.
    pub nova: bool,
    /// Groups to query in addition to the default ones.
    pub groups: Vec<Group>,
    /// Minimum intervals of groups. Between two queries the values of a group are unknown.
    pub group_intervals: Vec<(Group, Duration)>,
}

/// The running domains of a host that libvirt manages.
///
/// No sample waits for a guest that blocks or a daemon that does not answer, and dropping the backend waits
/// for neither.
pub struct LibvirtBackend {
    workers: WorkerPool,
    backoff: Backoff,
    schedule: StatsSchedule,
    /// The URI, for messages.
    uri: String,
    capabilities: Capabilities,
    /// Time at which the last successful sample began.
    last: Option<Instant>,
    /// The domains of the last sample. A caller may use several snapshots in turn, so the snapshot that
    /// it passes is not always the last one.
    previous: Snapshot,
    needs: Needs,
    /// The last sample as bytes, if samples are recorded.
    raw: Vec<u8>,
    listener: Option<EventListener>,
}

impl LibvirtBackend {
    /// Loads libvirt and opens a read-only connection (`virConnectOpenReadOnly`).
    ///
    /// `uri` is any URI of libvirt (`qemu:///system`, `xen:///system`, `test:///default`). Without one
    /// libvirt chooses, by `LIBVIRT_DEFAULT_URI`, its configuration, or the hypervisor that it finds.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if libvirt.so.0 is not installed or nothing answers at that URI;
    /// [`Error::Denied`] if this user may not connect.
    pub fn open(uri: Option<&str>, options: &Options) -> Result<Self> {
        let library = Library::load().map_err(|error| load_error(&error))?;
        let c_uri = uri
            .map(CString::new)
            .transpose()
            .map_err(|_| Error::Unavailable("a libvirt URI cannot contain a NUL byte".into()))?;
        if c_uri.as_deref().is_some_and(is_remote) {
            // The event loop notices that a remote host is down. It has to run before the connections
            // that it serves are opened.
            start_event_loop(library).map_err(events_error)?;
        }
        let target = Target {
            library,
            uri: c_uri,
            fields: FieldSelection {
                vcpus: options.needs.vcpus,
                stats: options.stats,
                nova: options.nova,
            },
            reads_cpu_stats: options.needs.host,
            is_recorded: options.needs.raw,
            driver: Arc::default(),
        };
        let listener = options
            .events
            .then(|| EventListener::start(target.clone()))
            .transpose()
            .map_err(events_error)?;
        let (workers, capabilities) = WorkerPool::connect(target, uri)?;
        Ok(Self {
            workers,
            backoff: Backoff::default(),
            schedule: StatsSchedule::new(&options.groups, &options.group_intervals),
            uri: uri.unwrap_or("its default hypervisor").to_owned(),
            capabilities,
            last: None,
            previous: Snapshot::default(),
            needs: options.needs,
            raw: Vec::new(),
            listener,
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
        encode::host_metadata(self.capabilities)
    }

    fn raw(&self) -> &[u8] {
        &self.raw
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        let now = Instant::now();
        self.backoff.check(now)?;
        if let Some(listener) = &self.listener {
            listener.wake();
        }
        let interval = self.last.map(|last| now - last);
        let sample = match self.workers.sample(self.schedule.due(now), interval) {
            Ok(sample) => sample,
            Err(failure) => {
                if failure.is_disconnected {
                    self.backoff.failed(now, &failure.error);
                }
                return Err(failure.error);
            }
        };
        self.backoff.succeeded();
        self.schedule.completed(now);
        let PoolSample {
            snapshot,
            records,
            may_restore,
        } = sample;
        let last = self.last.replace(now).filter(|_| may_restore);
        let elapsed = last.map(|last| now - last);
        if let Some(elapsed) = elapsed {
            stale::restore_previous(&mut self.previous, snapshot, elapsed);
        }
        if self.needs.raw {
            self.raw.clear();
            encode::put_sample(&mut self.raw, elapsed, snapshot, records);
        }
        mem::swap(into, snapshot);
        self.previous.domains.clone_from(&into.domains);
        Ok(())
    }

    fn begin(&mut self) {
        self.schedule.reset();
    }

    fn notifications(&mut self) -> Vec<Notification> {
        self.listener
            .as_ref()
            .map(EventListener::take)
            .unwrap_or_default()
    }
}

fn events_error(source: std::io::Error) -> Error {
    Error::call("libvirt's events", source)
}
