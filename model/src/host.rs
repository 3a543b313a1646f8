/// The host that the domains run on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// The hypervisor and its version, as a person would say it (`Xen 4.17.5`).
    pub hypervisor: String,
    /// pCPUs that are online.
    pub pcpus: Option<u32>,
    /// Memory of the machine, in bytes.
    pub mem_bytes: Option<u64>,
    /// Memory that no domain holds, in bytes.
    pub mem_free_bytes: Option<u64>,
}
