//! A snapshot of a host.

use crate::domain::Domain;
use crate::host::Host;
use crate::rows::Rows;

/// A host and all its domains at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The host.
    pub host: Host,
    /// The domains, in ascending order of id.
    pub domains: Rows<Domain>,
    /// Warnings: one line for each item that could not be read in this sample, in addition to each
    /// domain's [`error`](Domain::error). The rest of the sample is valid.
    pub warnings: Rows<String>,
    /// Generation number of the backend. The backend uses it to recognize rows that are up to date. 0
    /// in a snapshot that no backend has filled.
    pub generation: u64,
}
