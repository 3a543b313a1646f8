//! The table of domains.

use virtmon_model::Domain;

use crate::schema::cell::Cell;
use crate::schema::column::Table;
use crate::schema::column::columns;
use virtmon_analysis::frame::Frame;
use virtmon_analysis::rates::DomainRates;

/// The table of domains.
#[derive(Debug)]
pub enum DomainTable {}

/// A domain, and what changed of it.
#[derive(Debug, Clone, Copy)]
pub struct DomainRow<'a> {
    /// The domain.
    pub domain: &'a Domain,
    /// What changed since the row before.
    pub rates: &'a DomainRates,
    /// The wall clock when reading began, in ns since 1970.
    pub wall_ns: u64,
}

impl Table for DomainTable {
    type Row<'a> = DomainRow<'a>;
    const NAME: &'static str = "domain";
    const HELP: &'static str = "One row for each domain and tick: the file that `--csv` names.";
    columns! {
        "id" [""] "Xen's domid, or libvirt's id of a running domain; ids come again"
            ("xen_domctl_getdomaininfo.domain", "virDomainGetID")
            |row| Cell::Number(row.domain.identity.id.into());
        "uuid" [""] "the domain's uuid; all zeros is Xen's domain 0"
            ("xen_domctl_getdomaininfo.handle", "virDomainGetUUID")
            |row| Cell::Uuid(row.domain.identity.uuid);
        "name" [""] "the domain's name; bytes that are not UTF-8 are written \\xNN; empty while it has none"
            ("xenstore /local/domain/<id>/name", "virDomainGetName")
            |row| row.domain.name.as_deref().into();
        "state" [""] "running, blocked, paused, shutdown, crashed, dying or unknown"
            ("xen_domctl_getdomaininfo.flags", "state.state")
            |row| Cell::Word(row.domain.state.as_str());
        "cpu_time_ns" ["ns"] "CPU time used by all its vCPUs since it was made"
            ("xen_domctl_getdomaininfo.cpu_time", "cpu.time")
            |row| row.domain.cpu_time_ns.into();
        "cpu_pct" ["% of a pCPU"] "CPU time used since the row before, as percent of one pCPU: two busy vCPUs show 200; empty on the first row and at a reset"
            ("made of cpu_time_ns and mono_ns") |row| row.rates.cpu_pct.into();
        "vcpus_online" ["vCPUs"] "vCPUs that are online"
            ("xen_domctl_getdomaininfo.nr_online_vcpus", "vcpu.current")
            |row| row.domain.vcpus_online.into();
        "mem_bytes" ["bytes"] "memory that it holds now"
            ("xen_domctl_getdomaininfo.tot_pages", "balloon.current")
            |row| row.domain.mem_bytes.into();
        "mem_max_bytes" ["bytes"] "memory that it may hold; empty where there is no limit"
            ("xen_domctl_getdomaininfo.max_pages", "balloon.maximum")
            |row| row.domain.mem_max_bytes.into();
        "net_rx_bytes" ["bytes"] "bytes that the guest received, over all its NICs; empty where any is unknown"
            ("sum of the nic table", "net.<n>.rx.bytes")
            |row| row.domain.nics.sum(|nic| nic.rx_bytes).into();
        "net_tx_bytes" ["bytes"] "bytes that the guest sent, over all its NICs; empty where any is unknown"
            ("sum of the nic table", "net.<n>.tx.bytes")
            |row| row.domain.nics.sum(|nic| nic.tx_bytes).into();
        "disk_rd_bytes" ["bytes"] "bytes that the guest read, over all its disks; empty where any is unknown"
            ("sum of the disk table", "block.<n>.rd.bytes")
            |row| row.domain.disks.sum(|disk| disk.rd_bytes).into();
        "disk_wr_bytes" ["bytes"] "bytes that the guest wrote, over all its disks; empty where any is unknown"
            ("sum of the disk table", "block.<n>.wr.bytes")
            |row| row.domain.disks.sum(|disk| disk.wr_bytes).into();
        "reset" ["0 or 1"] "the counters are not those of the row before: it rebooted, the id has another owner, a device was changed, or a counter ran backwards; the event table tells which"
            ("made of the readings") |row| Cell::Number(row.rates.reset.into());
        "stale" ["ns"] "0 when the values were read at this tick, else how old they are"
            ("0", "0, or the age of the whole row where its QEMU does not answer")
            |row| Cell::Number(row.domain.stale_ns);
        "cpu_user_ns" ["ns"] "part of cpu_time_ns that its process spent outside the host's kernel"
            ("not told", "cpu.user") |row| row.domain.cpu_user_ns.into();
        "cpu_system_ns" ["ns"] "part of cpu_time_ns that the host's kernel spent for it"
            ("not told", "cpu.system") |row| row.domain.cpu_system_ns.into();
        "mem_target_bytes" ["bytes"] "memory that its balloon is asked to reach"
            ("xenstore memory/target", "not told") |row| row.domain.memory.target_bytes.into();
        "mem_shared_bytes" ["bytes"] "memory held in common with other domains"
            ("xen_domctl_getdomaininfo.shr_pages", "not told")
            |row| row.domain.memory.shared_bytes.into();
        "mem_paged_bytes" ["bytes"] "memory paged out by the hypervisor"
            ("xen_domctl_getdomaininfo.paged_pages", "not told")
            |row| row.domain.memory.paged_bytes.into();
        "mem_outstanding_bytes" ["bytes"] "memory claimed and not yet handed out"
            ("xen_domctl_getdomaininfo.outstanding_pages", "not told")
            |row| row.domain.memory.outstanding_bytes.into();
        "mem_rss_bytes" ["bytes"] "memory of the host that its process holds"
            ("not told", "balloon.rss") |row| row.domain.memory.rss_bytes.into();
        "guest_total_bytes" ["bytes"] "all that the guest's kernel manages, as the guest reports it"
            ("xenstore data/meminfo_total", "balloon.available")
            |row| row.domain.memory.guest_total_bytes.into();
        "guest_unused_bytes" ["bytes"] "memory that the guest uses for nothing at all, as the guest reports it"
            ("not told", "balloon.unused")
            |row| row.domain.memory.guest_unused_bytes.into();
        "guest_usable_bytes" ["bytes"] "memory that the guest could use without swapping, as the guest reports it; on Xen the guest's agent writes it"
            ("xenstore data/meminfo_free", "balloon.usable") |row| row.domain.memory.guest_usable_bytes.into();
        "guest_caches_bytes" ["bytes"] "what the guest caches of its disks, as it reports it"
            ("not told", "balloon.disk_caches") |row| row.domain.memory.guest_caches_bytes.into();
        "swap_in_bytes" ["bytes"] "swapped in by the guest, cumulative"
            ("not told", "balloon.swap_in") |row| row.domain.memory.swap_in_bytes.into();
        "swap_out_bytes" ["bytes"] "swapped out by the guest, cumulative"
            ("not told", "balloon.swap_out") |row| row.domain.memory.swap_out_bytes.into();
        "major_faults" ["faults"] "page faults in the guest that needed its disk, cumulative"
            ("not told", "balloon.major_fault") |row| row.domain.memory.major_faults.into();
        "minor_faults" ["faults"] "page faults in the guest that did not, cumulative"
            ("not told", "balloon.minor_fault") |row| row.domain.memory.minor_faults.into();
        "guest_report_age_ns" ["ns"] "how long ago the guest last reported, by the wall clock and to the second; empty where that lies ahead"
            ("not told", "balloon.last-update") |row| row.report_age_ns().into();
        "cpupool" [""] "its cpupool; empty where it is in none"
            ("xen_domctl_getdomaininfo.cpupool", "not told") |row| row.domain.cpupool.into();
        "role" [""] "control (it may control the others: domain 0 on most hosts), hardware (it owns the hardware and is not that one), xenstore (it runs xenstore), stub (it runs another domain's device model), driver (it serves devices of others) or guest"
            ("xen_domctl_get_domain_state.caps from Xen 4.21 on, before that domid 0; XEN_DOMINF_xs_domain; xenstore target, backend", "not told")
            |row| row.domain.role.map_or(Cell::Unknown, |role| Cell::Word(role.as_str()));
        "target_id" [""] "of a stub domain, the id of the domain whose device model it runs"
            ("xenstore target", "not told") |row| row.domain.target_id.into();
        "error" [""] "why some of the row could not be read at this tick"
            ("the calls for this domain") |row| row.domain.error.as_deref().into();
        "state_reason" [""] "how it came to be in that state: on Xen why it has shut down (poweroff, reboot, suspend, crash, watchdog, soft_reset), else in libvirt's words (booted, restored, I/O error)"
            ("xen_domctl_getdomaininfo.flags, the shutdown code", "state.reason") |row| row.domain.reason.map_or(Cell::Unknown, Cell::Word);
        "guest_used_bytes" ["bytes"] "memory that the guest uses and cannot free without swapping"
            ("guest_total_bytes less guest_usable_bytes") |row| row.domain.memory.guest_used_bytes().into();
    }

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&DomainRow<'a>)) {
        let wall_ns = frame.tick.wall_ns();
        for (_, domain, rates) in frame.domains() {
            each(&DomainRow {
                domain,
                rates,
                wall_ns,
            });
        }
    }
}

impl DomainRow<'_> {
    fn report_age_ns(&self) -> Option<u64> {
        let reported_ns = self
            .domain
            .memory
            .guest_reported_s?
            .checked_mul(1_000_000_000)?;
        self.wall_ns.checked_sub(reported_ns)
    }
}
