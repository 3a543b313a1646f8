//! The table of the host.

use virtmon_model::Host;

use crate::schema::column::Table;
use crate::schema::column::columns;
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
    const HELP: &'static str = "A row for the host as a whole, `pcpu` and `node` empty in it, then one for each pCPU that is online and one for each NUMA node. All domains count, chosen or not. It has no id, uuid and name.";
    columns! {
        "pcpu" [""] "number of the pCPU that the row is about" ("its place in the list") |row| row.pcpu.into();
        "node" [""] "number of the NUMA node that the row is about" ("its place in the list") |row| row.node.into();
        "hypervisor" [""] "the hypervisor and its version" ("XENVER_version, XENVER_extraversion", "virConnectGetVersion")
            |row| row.whole.map(|host| host.hypervisor.as_str()).into();
        "pcpus" ["pCPUs"] "pCPUs that are online" ("xen_sysctl_physinfo.nr_cpus", "virNodeGetInfo")
            |row| row.whole.and_then(|host| host.pcpus).into();
        "domains" ["domains"] "domains that there are" ("the list")
            |row| row.whole.map(|_| row.domains).into();
        "warnings" ["lines"] "what could not be read at this tick, beside what a domain's row says in error; the event table has each once, and virtmon says it on stderr"
            ("the calls and files of this reading") |row| row.whole.map(|_| row.warnings).into();
        "idle_ns" ["ns"] "time that the pCPU was idle, cumulative; in the host's row the sum over the pCPUs that are online"
            ("XEN_SYSCTL_getcpuinfo", "not read") |row| row.idle_ns.into();
        "busy_pct" ["% of a pCPU"] "time that it was not idle since the row before: 100 a pCPU, so two busy ones show 200 in the host's row"
            ("made of idle_ns and mono_ns") |row| row.busy_pct.into();
        "closure_pct" ["%"] "CPU time that all domains used and the idle time, as a share of all there was: 100 is an account that closes; empty where a domain went, was reset or is stale"
            ("made of cpu_time_ns, idle_ns and mono_ns") |row| row.closure_pct.into();
        "mem_bytes" ["bytes"] "memory of the host; of a node all that its address range spans, holes included" ("xen_sysctl_physinfo.total_pages, xen_sysctl_meminfo.memsize", "virNodeGetInfo")
            |row| row.mem_bytes.into();
        "mem_free_bytes" ["bytes"] "memory that no domain holds" ("xen_sysctl_physinfo.free_pages, xen_sysctl_meminfo.memfree", "virNodeGetFreeMemory")
            |row| row.mem_free_bytes.into();
        "mem_scrub_bytes" ["bytes"] "memory still to be cleaned" ("xen_sysctl_physinfo.scrub_pages", "not told")
            |row| row.whole.and_then(|host| host.mem_scrub_bytes).into();
        "mem_outstanding_bytes" ["bytes"] "memory claimed and not yet handed out" ("xen_sysctl_physinfo.outstanding_pages", "not told")
            |row| row.whole.and_then(|host| host.mem_outstanding_bytes).into();
    }

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
