//! The host.

/// The host that the domains run on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// Name and version of the hypervisor, as text for a person (`Xen 4.17.5`).
    pub hypervisor: String,
    /// Number of pCPUs that are online.
    pub pcpus: Option<u32>,
    /// Memory of the host, in bytes.
    pub mem_bytes: Option<u64>,
    /// Memory that no domain holds, in bytes.
    pub mem_free_bytes: Option<u64>,
    /// Memory that must be cleaned before it can be allocated, in bytes
    /// (`xen_sysctl_physinfo.scrub_pages`).
    pub mem_scrub_bytes: Option<u64>,
    /// Memory claimed by domains and not yet allocated, in bytes (`outstanding_pages`).
    pub mem_outstanding_bytes: Option<u64>,
    /// Idle time of all pCPUs, in ns, cumulative, of a hypervisor that reports this sum only.
    pub idle_ns: Option<u64>,
    /// Idle time of each pCPU, in ns, cumulative; `None` for an offline pCPU. The index is the number
    /// of the pCPU. Empty if the hypervisor does not report it.
    pub pcpu_idle_ns: Vec<Option<u64>>,
    /// Memory of each NUMA node. The index is the number of the node. Empty if the hypervisor does not
    /// report it.
    pub nodes: Vec<Node>,
}

/// Memory of one NUMA node, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Node {
    /// Size of the node's address range, with holes for devices (`xen_sysctl_meminfo.memsize`).
    pub mem_bytes: Option<u64>,
    /// Memory of the node that no domain holds.
    pub mem_free_bytes: Option<u64>,
}
