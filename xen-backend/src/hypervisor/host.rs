//! The host: its pCPUs, memory and NUMA nodes.

use std::io;

use virtmon_model::{Host, Node};
use xen_sys::abi::{PAGE_BYTES, PhysInfo};
use xen_sys::{HypercallBuffer, Privcmd};

/// Most pCPUs and NUMA nodes that are read.
const MAX_ENTRIES: usize = 65_536;

/// Reader of pCPUs and nodes, with its buffers.
pub(crate) struct HostReader {
    idle: HypercallBuffer,
    nodes: HypercallBuffer,
}

impl HostReader {
    /// A reader with buffers for the pCPUs and nodes of this host.
    pub(crate) fn new(physinfo: &PhysInfo) -> io::Result<Self> {
        let entries = |highest: u32| usize::try_from(highest).unwrap_or(0).min(MAX_ENTRIES - 1) + 1;
        Ok(Self {
            idle: HypercallBuffer::new(entries(physinfo.max_cpu_id) * 8)?,
            nodes: HypercallBuffer::new(entries(physinfo.max_node_id) * 16)?,
        })
    }

    /// Reads pCPUs and nodes, and returns the raw bytes of each array.
    pub(crate) fn read(&mut self, privcmd: &mut Privcmd) -> io::Result<(&[u8], &[u8])> {
        let pcpus = privcmd.cpu_idle(&mut self.idle)?;
        let nodes = privcmd.node_memory(&mut self.nodes)?;
        Ok((up_to(&self.idle, pcpus * 8), up_to(&self.nodes, nodes * 16)))
    }
}

fn up_to(bytes: &[u8], end: usize) -> &[u8] {
    bytes.get(..end).unwrap_or(bytes)
}

/// Fills in pCPUs and nodes from the bytes of [`HostReader::read`].
pub(crate) fn fill_arrays(host: &mut Host, idle: &[u8], nodes: &[u8]) {
    let idle = idle.chunks_exact(8).map(word);
    host.pcpu_idle_ns.clear();
    // The idle time of an offline pCPU is 0. A pCPU that is online has been idle at least once.
    host.pcpu_idle_ns
        .extend(idle.map(|ns| (ns > 0).then_some(ns)));
    host.nodes.clear();
    host.nodes.extend(nodes.chunks_exact(16).map(|node| {
        let [size, free] = [&node[..8], &node[8..]].map(word);
        Node {
            mem_bytes: known_bytes(size),
            mem_free_bytes: known_bytes(free),
        }
    }));
}

/// Fills in the values of `XEN_SYSCTL_physinfo`.
pub(crate) fn fill_physinfo(host: &mut Host, physinfo: &PhysInfo) {
    host.pcpus = Some(physinfo.nr_cpus);
    host.mem_bytes = physinfo.total_pages.checked_mul(PAGE_BYTES);
    host.mem_free_bytes = physinfo.free_pages.checked_mul(PAGE_BYTES);
    host.mem_scrub_bytes = physinfo.scrub_pages.checked_mul(PAGE_BYTES);
    host.mem_outstanding_bytes = physinfo.outstanding_pages.checked_mul(PAGE_BYTES);
}

/// A size of a node. `XEN_INVALID_MEM_SZ`, all ones, stands for a node that does not exist.
fn known_bytes(bytes: u64) -> Option<u64> {
    (bytes != u64::MAX).then_some(bytes)
}

fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(bytes);
    u64::from_le_bytes(word)
}
