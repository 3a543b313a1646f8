use crate::{Domain, Host, Rows};

/// A host and all its domains at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The host.
    pub host: Host,
    /// The domains, in ascending order of id.
    pub domains: Rows<Domain>,
}
