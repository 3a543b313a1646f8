//! The messages between a worker and its owner.

use std::time::Duration;

use virtmon_model::{Capabilities, Snapshot, Uuid};

use crate::ffi::error::LibvirtError;
use crate::recording::raw_sample::RawSample;
use crate::stats_groups::Scope;

/// A request to a worker. Its buffers come back with the reply.
#[derive(Default)]
pub(crate) struct Request {
    /// The part of the host to sample. `None`: connect, and nothing else.
    pub(crate) scope: Option<Scope>,
    /// The guests to sample; all of them if empty.
    pub(crate) uuids: Vec<Uuid>,
    /// The snapshot to fill.
    pub(crate) snapshot: Snapshot,
    /// The place for the records that libvirt returns, if samples are recorded.
    pub(crate) raw: RawSample,
}

/// The reply to a request.
pub(crate) struct Reply {
    /// The snapshot of the request: filled, or without meaning after a failure.
    pub(crate) snapshot: Snapshot,
    /// The records that libvirt returned, if samples are recorded.
    pub(crate) raw: RawSample,
    /// True if all guests were requested.
    pub(crate) covers_all: bool,
    /// The result of the request.
    pub(crate) result: Result<Success, Failure>,
}

/// The facts after a success.
pub(crate) struct Success {
    /// Duration of the request.
    pub(crate) took: Duration,
    /// The kinds of values that the driver reports.
    pub(crate) capabilities: Capabilities,
    /// Number of guests.
    pub(crate) guests: usize,
    /// Number of guests for which libvirt omitted the values of QEMU, since another call was querying it.
    pub(crate) incomplete: usize,
    /// True if the connection had been lost and was opened again.
    pub(crate) has_reconnected: bool,
}

/// The facts after a failure.
pub(crate) struct Failure {
    /// Name of the call that failed.
    pub(crate) call: &'static str,
    /// The error of the call.
    pub(crate) error: LibvirtError,
    /// True if there is no connection any more.
    pub(crate) is_disconnected: bool,
}
