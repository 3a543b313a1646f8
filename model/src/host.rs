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
    /// Memory still to be cleaned before it can be handed out, in bytes
    /// (`xen_sysctl_physinfo.scrub_pages`).
    pub mem_scrub_bytes: Option<u64>,
    /// Memory claimed by domains and not yet handed out, in bytes (`outstanding_pages`).
    pub mem_outstanding_bytes: Option<u64>,
    /// For each pCPU, by its number, the time that it was idle, in ns, cumulative; `None` for one
    /// that is offline. Empty where the hypervisor does not tell.
    pub pcpu_idle_ns: Vec<Option<u64>>,
    /// For each NUMA node, by its number, its memory. Empty where the hypervisor does not tell.
    pub nodes: Vec<Node>,
}

/// Memory of one NUMA node, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Node {
    /// All that its address range spans, holes for devices included (`xen_sysctl_meminfo.memsize`).
    pub mem_bytes: Option<u64>,
    /// What no domain holds.
    pub mem_free_bytes: Option<u64>,
}
