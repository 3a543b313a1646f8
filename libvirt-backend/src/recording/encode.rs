//! A sample as bytes. `recording::decode` reads this format.
//!
//! ```text
//! host metadata   capabilities
//! sample          time since the previous sample, if its rows may stand in   warnings
//!                 hypervisor   pCPUs   memory   free memory   reason for incomplete records
//!                 1 record  1 record ...  0   idle time of the host, if it was read
//! record          id   uuid   name   1 parameter  1 parameter ...  0   virDomainInfo
//! ```
//!
//! The typed parameters are recorded as libvirt returned them, with those that virtmon does not use and
//! with types that it does not know.

use std::time::Duration;

use virtmon_model::{Capabilities, Snapshot};
use virtmon_recording::codec::{put_bytes, put_number, put_optional};

/// The facts that hold for every sample of a host.
pub(crate) fn host_metadata(capabilities: Capabilities) -> Vec<u8> {
    vec![capabilities.to_bits()]
}

/// Appends a sample. `elapsed` is the time since the previous sample, if its rows may stand in for rows of
/// this one. `records` are the bytes of a [`RawSample`](super::raw_sample::RawSample).
pub(crate) fn put_sample(
    out: &mut Vec<u8>,
    elapsed: Option<Duration>,
    snapshot: &Snapshot,
    records: &[u8],
) {
    let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    put_optional(out, elapsed.map(ns));
    put_number(out, snapshot.warnings.len() as u64);
    for warning in snapshot.warnings.iter() {
        put_bytes(out, warning.as_bytes());
    }
    out.extend_from_slice(records);
    if snapshot.host.idle_ns.is_some() {
        put_optional(out, snapshot.host.idle_ns);
    }
}
