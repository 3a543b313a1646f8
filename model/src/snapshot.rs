use crate::{Domain, Host, Rows};

/// A host and all its domains at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The host.
    pub host: Host,
    /// The domains, in ascending order of id.
    pub domains: Rows<Domain>,
    /// What could not be read in this sample, a line each, beside what a domain's own
    /// [`error`](Domain::error) says. Not an error of the sample: the rest of it stands.
    pub warnings: Rows<String>,
    /// The backend's own generation, by which it knows rows that it can leave as they are. 0 in a
    /// snapshot that no backend has filled.
    pub generation: u64,
}
