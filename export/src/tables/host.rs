//! The table of the host.

use virtmon_model::Host;

use crate::schema::column::{Table, columns};
use crate::schema::info::TableNeeds;
use crate::schema::metric::{ColumnUse, counter, dimension, gauge, info, unused};
use virtmon_analysis::frame::Frame;

/// The table of the host.
#[derive(Debug)]
pub enum HostTable {}

/// The host as a whole, one of its pCPUs or one of its NUMA nodes.
#[derive(Debug, Clone, Copy)]
pub struct HostRow<'a> {
    whole: Option<&'a Host>,
    domains: u64,
    warnings: u64,
    pcpu: Option<u64>,
    node: Option<u64>,
    idle_ns: Option<u64>,
    busy_pct: Option<f64>,
    closure_pct: Option<f64>,
    mem_bytes: Option<u64>,
    mem_free_bytes: Option<u64>,
}

impl Table for HostTable {
    type Row<'a> = HostRow<'a>;
    const NAME: &'static str = "host";
    const HELP: &'static str = "One row for the host, with empty `pcpu` and `node`, then one for each pCPU that is online and one for each NUMA node. All domains count, selected or not. The table has no id, uuid and name.";
    const DETAIL: Option<&'static str> = Some("The host, its pCPUs and NUMA nodes");
    const NEEDS: TableNeeds = TableNeeds {
        host: true,
        ..TableNeeds::NONE
    };
    columns! {
        "pcpu" u64 label "" "Number of the row's pCPU" {any: "index in the list"} |row| row.pcpu.into();
        "node" u64 label "" "Number of the row's NUMA node" {any: "index in the list"} |row| row.node.into();
        "hypervisor" text text "" "Hypervisor and its version" {xen: "XENVER_version, XENVER_extraversion", libvirt: "virConnectGetVersion"}
            |row| row.whole.map(|host| host.hypervisor.as_str()).into();
        "pcpus" u64 gauge "pCPUs" "Number of online pCPUs" {xen: "xen_sysctl_physinfo.nr_cpus", libvirt: "virNodeGetInfo"}
            |row| row.whole.and_then(|host| host.pcpus).into();
        "domains" u64 gauge "domains" "Number of domains" {any: "the list"}
            |row| row.whole.map(|_| row.domains).into();
        "warnings" u64 gauge "lines" "Number of values that could not be read at this tick, besides those in a domain's error; the event table has each warning once, and virtmon prints it to stderr"
            {any: "the calls and files of this sample"} |row| row.whole.map(|_| row.warnings).into();
        "idle_ns" u64 counter "ns" "Idle time of the pCPU; in the host's row the sum over the online pCPUs"
            {xen: "XEN_SYSCTL_getcpuinfo", libvirt: "virNodeGetCPUStats of all CPUs: idle + iowait, the host's row only"} |row| row.idle_ns.into();
        "busy_pct" f64 gauge "% of a pCPU" "Time that the pCPU was not idle since the row before; in the host's row the sum: two busy pCPUs show 200"
            {xen: "computed from idle_ns and mono_ns", libvirt: "computed from idle_ns, pcpus and mono_ns, the host's row only"} |row| row.busy_pct.into();
        "closure_pct" f64 gauge "%" "CPU time of all domains plus idle time, in percent of the time of all pCPUs since the row before: 100 if all time is accounted for; empty if a domain disappeared, was reset or is stale"
            {xen: "computed from cpu_time_ns, idle_ns and mono_ns", libvirt: "computed from cpu_time_ns, idle_ns, pcpus and mono_ns; the rest is time of the host's own processes"} |row| row.closure_pct.into();
        "mem_bytes" u64 gauge "bytes" "Memory of the host; in a node's row the size of its address range, holes included" {xen: "xen_sysctl_physinfo.total_pages, xen_sysctl_meminfo.memsize", libvirt: "virNodeGetInfo"}
            |row| row.mem_bytes.into();
        "mem_free_bytes" u64 gauge "bytes" "Memory that no domain holds" {xen: "xen_sysctl_physinfo.free_pages, xen_sysctl_meminfo.memfree", libvirt: "virNodeGetFreeMemory"}
            |row| row.mem_free_bytes.into();
        "mem_scrub_bytes" u64 gauge "bytes" "Memory that must be scrubbed before it is allocated again" {xen: "xen_sysctl_physinfo.scrub_pages"}
            |row| row.whole.and_then(|host| host.mem_scrub_bytes).into();
        "mem_outstanding_bytes" u64 gauge "bytes" "Memory claimed by domains and not yet allocated" {xen: "xen_sysctl_physinfo.outstanding_pages"}
            |row| row.whole.and_then(|host| host.mem_outstanding_bytes).into();
    }

    const METRICS: &'static [ColumnUse] = &[
        dimension("pcpu", "pcpu"),
        dimension("node", "node"),
        info("hypervisor", "virtmon_host", "hypervisor"),
        gauge("pcpus", "virtmon_host_pcpus"),
        gauge("domains", "virtmon_host_domains").help("Number of domains, selected or not"),
        gauge("warnings", "virtmon_host_warnings").help("Number of values that could not be read at this tick, besides those of a domain"),
        counter("idle_ns", "virtmon_host_idle_seconds").help("Idle time of all online pCPUs"),
        counter("idle_ns", "virtmon_host_pcpu_idle_seconds").help("Idle time of the pCPU").per("pcpu"),
        unused("busy_pct", "1 - rate(virtmon_host_pcpu_idle_seconds_total[1m])"),
        gauge("closure_pct", "virtmon_host_closure_ratio").help("CPU time of all domains plus idle time, as part of the time of all pCPUs since the tick before: 1 if all time is accounted for; absent if a domain disappeared, was reset or is stale"),
        gauge("mem_bytes", "virtmon_host_memory_bytes").help("Memory of the host"),
        gauge("mem_bytes", "virtmon_host_node_memory_bytes").help("Size of the NUMA node's address range, holes included").per("node"),
        gauge("mem_free_bytes", "virtmon_host_memory_free_bytes"),
        gauge("mem_free_bytes", "virtmon_host_node_memory_free_bytes").help("Memory of the NUMA node that no domain holds").per("node"),
        gauge("mem_scrub_bytes", "virtmon_host_memory_scrub_bytes"),
        gauge("mem_outstanding_bytes", "virtmon_host_memory_outstanding_bytes"),
    ];

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&HostRow<'a>)) {
        if frame.failed {
            return;
        }
        let host = &frame.snapshot.host;
        let rates = frame.host_rates;
        let empty = HostRow {
            whole: None,
            domains: frame.snapshot.domains.len() as u64,
            warnings: frame.snapshot.warnings.len() as u64,
            pcpu: None,
            node: None,
            idle_ns: None,
            busy_pct: None,
            closure_pct: None,
            mem_bytes: None,
            mem_free_bytes: None,
        };
        each(&HostRow {
            whole: Some(host),
            idle_ns: rates.idle_ns,
            busy_pct: rates.busy_pct,
            closure_pct: rates.closure_pct,
            mem_bytes: host.mem_bytes,
            mem_free_bytes: host.mem_free_bytes,
            ..empty
        });
        for (pcpu, idle_ns) in host.pcpu_idle_ns.iter().enumerate() {
            if idle_ns.is_some() {
                each(&HostRow {
                    pcpu: Some(pcpu as u64),
                    idle_ns: *idle_ns,
                    busy_pct: frame.pcpu_busy_pct.get(pcpu).copied().flatten(),
                    ..empty
                });
            }
        }
        for (n, node) in host.nodes.iter().enumerate() {
            each(&HostRow {
                node: Some(n as u64),
                mem_bytes: node.mem_bytes,
                mem_free_bytes: node.mem_free_bytes,
                ..empty
            });
        }
    }
}
