//! The interface of a backend.

use std::os::fd::BorrowedFd;
use std::time::Instant;

use crate::error::Result;
use crate::notification::Notification;
use crate::snapshot::Snapshot;

/// A source of snapshots: one hypervisor interface on one host.
pub trait Backend {
    /// Name of the backend, as a value of `--backend`.
    fn name(&self) -> &'static str;

    /// Short description for a person: versions and paths.
    fn description(&self) -> String;

    /// Kinds of data that this backend can report at all. They distinguish a column that is never
    /// available from one that is not available yet.
    fn capabilities(&self) -> Capabilities;

    /// Reads the host and every domain now.
    ///
    /// The caller owns the snapshot and passes it again at later ticks. It contains the result of an
    /// earlier call, which is not always the last one, and its buffers are reused. Afterwards the
    /// domains are in ascending order of [`Identity::id`](crate::Identity), each once.
    ///
    /// # Errors
    /// The list of domains could not be read. A single domain that can't be read is no error: it
    /// keeps its row.
    fn sample(&mut self, into: &mut Snapshot) -> Result<()>;

    /// Data that is the same for all samples and is needed to decode [`raw`](Self::raw).
    fn host_metadata(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Raw bytes of the last sample, if [`Needs::raw`] is set. They are in the backend's own format.
    /// Its replay decodes them to the same snapshot on any machine.
    fn raw(&self) -> &[u8] {
        &[]
    }

    /// Starts a series of samples. Data that is not read at every sample is read at the first one of
    /// the series.
    fn begin(&mut self) {}

    /// Notifications that the toolstack pushed since the last call, oldest first, if the backend was
    /// opened to receive them.
    fn notifications(&mut self) -> Vec<Notification> {
        Vec::new()
    }

    /// A descriptor that becomes readable when messages arrive between two samples, and the time
    /// before which it must not be polled. When it is readable and no tick is due,
    /// [`drain`](Self::drain) is called. `None` if there are no messages between samples.
    fn descriptor(&self) -> Option<(BorrowedFd<'_>, Instant)> {
        None
    }

    /// Handles the messages that arrived between two samples, without blocking and until `until` at
    /// most.
    fn drain(&mut self, _until: Instant) {}

    /// Number of hypercalls or RPCs made so far, if the backend counts them.
    fn calls(&self) -> Option<u64> {
        None
    }
}

/// Kinds of data that a backend can report, independent of the guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// True if network interfaces and their counters are available.
    pub nics: bool,
    /// True if block devices and their counters are available.
    pub disks: bool,
    /// True if single vCPUs are available.
    pub vcpus: bool,
}

impl Capabilities {
    /// Encodes the fields as the bits of a number, in the order of the fields.
    #[must_use]
    pub fn to_bits(self) -> u8 {
        let Self { nics, disks, vcpus } = self;
        u8::from(nics) | u8::from(disks) << 1 | u8::from(vcpus) << 2
    }

    /// Decodes the result of [`to_bits`](Self::to_bits).
    #[must_use]
    pub fn from_bits(bits: u8) -> Self {
        Self {
            nics: bits & 1 != 0,
            disks: bits & 2 != 0,
            vcpus: bits & 4 != 0,
        }
    }
}

/// Data that a backend is to read in addition to the cheap part of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// True if single vCPUs are needed. Each costs a hypercall on Xen.
    pub vcpus: bool,
    /// True if the host's pCPUs, memory and NUMA nodes are needed.
    pub host: bool,
    /// True if the raw bytes of the sample are needed, for a recording.
    pub raw: bool,
}
