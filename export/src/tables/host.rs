//! The table of the host.

use virtmon_model::Host;

use crate::schema::column::Table;
use crate::schema::column::columns;
use virtmon_analysis::counter;
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
        let before = frame.previous.map(|before| &before.snapshot.host);
        let elapsed_ns = frame.elapsed_ns();
        let busy_pct = |pcpu: usize| {
            let then = before?.pcpu_idle_ns.get(pcpu).copied().flatten();
            let idle = counter::percent(host.pcpu_idle_ns[pcpu], then, elapsed_ns?)?;
            Some(100.0 - idle)
        };
        let pcpus =
            || (0..host.pcpu_idle_ns.len()).filter(|&pcpu| host.pcpu_idle_ns[pcpu].is_some());
        let told = pcpus().next().is_some();
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
            idle_ns: pcpus()
                .try_fold(0u64, |sum, pcpu| sum.checked_add(host.pcpu_idle_ns[pcpu]?))
                .filter(|_| told),
            busy_pct: pcpus().map(busy_pct).sum::<Option<f64>>().filter(|_| told),
            closure_pct: closure_pct(frame),
            mem_bytes: host.mem_bytes,
            mem_free_bytes: host.mem_free_bytes,
            ..empty
        });
        for pcpu in pcpus() {
            each(&HostRow {
                pcpu: Some(pcpu as u64),
                idle_ns: host.pcpu_idle_ns[pcpu],
                busy_pct: busy_pct(pcpu),
                ..empty
            });
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

/// How much of the CPU time that there was the domains and the idle time account for.
fn closure_pct(frame: &Frame<'_>) -> Option<f64> {
    let before = frame.previous?.snapshot;
    let elapsed_ns = frame.elapsed_ns()?;
    let host = &frame.snapshot.host;
    // A set of pCPUs that has changed leaves time that nobody counted.
    if host.pcpu_idle_ns.len() != before.host.pcpu_idle_ns.len() {
        return None;
    }
    let (mut used_ns, mut pcpus, mut stayed) = (0u64, 0u64, 0);
    for (now, then) in host.pcpu_idle_ns.iter().zip(&before.host.pcpu_idle_ns) {
        match (now, then) {
            (Some(now), Some(then)) => {
                used_ns = used_ns.checked_add(now.checked_sub(*then)?)?;
                pcpus += 1;
            }
            (None, None) => {}
            _ => return None,
        }
    }
    for (domain, rates) in frame.snapshot.domains.iter().zip(frame.rates) {
        let then = match rates.matched.same() {
            Some(at) => {
                stayed += 1;
                let then = before.domains.get(at).filter(|then| then.stale_ns == 0)?;
                then.cpu_time_ns?
            }
            // All that it used, it used since the reading before.
            None if rates.matched.is_new() => 0,
            None => return None,
        };
        let now = domain.cpu_time_ns.filter(|_| domain.stale_ns == 0)?;
        used_ns = used_ns.checked_add(now.checked_sub(then)?)?;
    }
    let all_ns = pcpus.checked_mul(elapsed_ns).filter(|&ns| ns > 0)?;
    (stayed == before.domains.len()).then(|| counter::ratio(used_ns, all_ns) * 100.0)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use virtmon_model::Snapshot;

    use super::*;
    use virtmon_analysis::frame::Tick;

    #[test]
    fn a_sum_that_is_no_time_is_unknown() {
        let tick = Tick {
            number: 0,
            mono_ns: 1,
            wall: UNIX_EPOCH,
            late_ns: 0,
            sample_ns: 0,
            missed: 0,
        };
        let idle_ns = |pcpus: &[Option<u64>]| {
            let mut snapshot = Snapshot::default();
            snapshot.host.pcpu_idle_ns.extend(pcpus);
            let mut whole = None;
            HostTable::rows(&Frame::new(tick, &snapshot, &[]), |row| {
                if row.pcpu.is_none() {
                    whole = row.idle_ns;
                }
            });
            whole
        };
        assert_eq!(idle_ns(&[Some(3), None, Some(4)]), Some(7));
        assert_eq!(idle_ns(&[Some(u64::MAX), Some(1)]), None);
        assert_eq!(idle_ns(&[None]), None);
    }
}
