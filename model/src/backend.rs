use std::os::fd::BorrowedFd;
use std::time::Instant;

use crate::{Notification, Result, Snapshot};

/// A source of snapshots: one hypervisor interface on one host.
pub trait Backend {
    /// The word that `--backend` takes for it.
    fn name(&self) -> &'static str;

    /// What is read here and how, in a few words for a person: versions, paths.
    fn description(&self) -> String;

    /// What this source can tell at all, so that a reader knows a column that can't be from one
    /// that isn't there yet.
    fn capabilities(&self) -> Capabilities;

    /// Reads the host and every domain now.
    ///
    /// The snapshot is the caller's and comes back tick after tick: it holds what an earlier call
    /// left, not always the last one, and its buffers are used again. Domains are left in ascending order of
    /// [`Identity::id`](crate::Identity), each once.
    ///
    /// # Errors
    /// The list of domains could not be read. A single domain that can't be read is no error: it
    /// keeps its row.
    fn sample(&mut self, into: &mut Snapshot) -> Result<()>;

    /// What does not change from sample to sample and is needed to make sense of [`raw`](Self::raw).
    fn host_metadata(&self) -> Vec<u8> {
        Vec::new()
    }

    /// The bytes that the last sample was made of, where [`Needs::raw`] asked for them; in the
    /// backend's own format, of which its replay makes the same snapshot on any machine.
    fn raw(&self) -> &[u8] {
        &[]
    }

    /// A series of samples begins: what is read seldom is due at its first one, whatever was sampled
    /// before.
    fn begin(&mut self) {}

    /// What the toolstack has told by itself so far, oldest first, where the backend was opened to
    /// hear it. Each is told once.
    fn notifications(&mut self) -> Vec<Notification> {
        Vec::new()
    }

    /// A descriptor that becomes readable when there is something to take in between two samples, and
    /// the moment before which it is not to be looked at: [`drain`](Self::drain) is called then, if
    /// no tick is due. `None` where nothing comes between samples.
    fn descriptor(&self) -> Option<(BorrowedFd<'_>, Instant)> {
        None
    }

    /// Takes in what has come between two samples, without waiting, and not for longer than `until`.
    fn drain(&mut self, _until: Instant) {}

    /// Hypercalls or RPCs that it has made so far, where it counts them.
    fn calls(&self) -> Option<u64> {
        None
    }
}

/// What a backend can tell, whatever the guests do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Network interfaces and their counters.
    pub nics: bool,
    /// Block devices and their counters.
    pub disks: bool,
    /// Single vCPUs.
    pub vcpus: bool,
}

impl Capabilities {
    /// All of them as the bits of a number, in the order of the fields.
    #[must_use]
    pub fn to_bits(self) -> u8 {
        let Self { nics, disks, vcpus } = self;
        u8::from(nics) | u8::from(disks) << 1 | u8::from(vcpus) << 2
    }

    /// What [`to_bits`](Self::to_bits) made a number of.
    #[must_use]
    pub fn from_bits(bits: u8) -> Self {
        Self {
            nics: bits & 1 != 0,
            disks: bits & 2 != 0,
            vcpus: bits & 4 != 0,
        }
    }
}

/// What a backend is to read beyond what is cheap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Single vCPUs: a hypercall each on Xen.
    pub vcpus: bool,
    /// The host: its pCPUs, its memory and its NUMA nodes.
    pub host: bool,
    /// The bytes that it all is made of, to be recorded.
    pub raw: bool,
}
