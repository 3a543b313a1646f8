//! The table of domains.

use virtmon_model::{Domain, Role, State};

use crate::schema::cell::Cell;
use crate::schema::column::{Table, columns, words};
use crate::schema::metric::{ColumnUse, counter, gauge, info, states, unused};
use virtmon_analysis::frame::Frame;
use virtmon_analysis::rates::DomainRates;

/// The table of domains.
#[derive(Debug)]
pub enum DomainTable {}

/// A domain with its rates.
#[derive(Debug, Clone, Copy)]
pub struct DomainRow<'a> {
    /// The domain.
    pub domain: &'a Domain,
    /// Its rates since the row before.
    pub rates: &'a DomainRates,
    /// Start of the sample by the wall clock, in ns since 1970.
    pub wall_ns: u64,
}

impl Table for DomainTable {
    type Row<'a> = DomainRow<'a>;
    const NAME: &'static str = "domain";
    const HELP: &'static str = "One row for each domain and tick: the file that `--csv` names.";
    columns! {
        "id" u64 label "" "Xen's domid, or libvirt's id of a running domain; ids are reused"
            {xen: "xen_domctl_getdomaininfo.domain", libvirt: "virDomainGetID"}
            |row| Cell::Number(row.domain.identity.id.into());
        "uuid" uuid label "" "Uuid of the domain; all zeros for Xen's domain 0"
            {xen: "xen_domctl_getdomaininfo.handle", libvirt: "virDomainGetUUID"}
            |row| Cell::Uuid(row.domain.identity.uuid);
        "name" text label "" "Name of the domain; bytes that are not UTF-8 are written \\xNN; empty while it has none"
            {xen: "xenstore /local/domain/<id>/name", libvirt: "virDomainGetName"}
            |row| row.domain.name.as_deref().into();
        "state" text state(words!(State)) "" "State of the domain"
            {xen: "xen_domctl_getdomaininfo.flags", libvirt: "state.state"}
            |row| Cell::Word(row.domain.state.as_str());
        "cpu_time_ns" u64 counter "ns" "CPU time used by all vCPUs since the domain was created"
            {xen: "xen_domctl_getdomaininfo.cpu_time", libvirt: "cpu.time"}
            |row| row.domain.cpu_time_ns.into();
        "cpu_pct" f64 gauge "% of a pCPU" "CPU time used since the row before, in percent of one pCPU: two busy vCPUs show 200; empty in the first row and at a reset"
            {any: "computed from cpu_time_ns and mono_ns"} |row| row.rates.cpu_pct.into();
        "vcpus_online" u64 gauge "vCPUs" "Number of online vCPUs"
            {xen: "xen_domctl_getdomaininfo.nr_online_vcpus", libvirt: "vcpu.current"}
            |row| row.domain.vcpus_online.into();
        "mem_bytes" u64 gauge "bytes" "Memory held by the domain"
            {xen: "xen_domctl_getdomaininfo.tot_pages", libvirt: "balloon.current"}
            |row| row.domain.mem_bytes.into();
        "mem_max_bytes" u64 gauge "bytes" "Maximum memory of the domain; empty if there is no limit"
            {xen: "xen_domctl_getdomaininfo.max_pages", libvirt: "balloon.maximum"}
            |row| row.domain.mem_max_bytes.into();
        "net_rx_bytes" u64 counter "bytes" "Bytes received by the guest over all its NICs; empty if any is unknown"
            {xen: "sum of the nic table", libvirt: "net.<n>.rx.bytes"}
            |row| row.domain.nics.sum(|nic| nic.rx_bytes).into();
        "net_tx_bytes" u64 counter "bytes" "Bytes sent by the guest over all its NICs; empty if any is unknown"
            {xen: "sum of the nic table", libvirt: "net.<n>.tx.bytes"}
            |row| row.domain.nics.sum(|nic| nic.tx_bytes).into();
        "disk_rd_bytes" u64 counter "bytes" "Bytes read by the guest from all its disks; empty if any is unknown"
            {xen: "sum of the disk table", libvirt: "block.<n>.rd.bytes"}
            |row| row.domain.disks.sum(|disk| disk.rd_bytes).into();
        "disk_wr_bytes" u64 counter "bytes" "Bytes written by the guest to all its disks; empty if any is unknown"
            {xen: "sum of the disk table", libvirt: "block.<n>.wr.bytes"}
            |row| row.domain.disks.sum(|disk| disk.wr_bytes).into();
        "reset" u64 gauge "0 or 1" "1 if the counters are not those of the row before: the domain was started again, its id belonged to another domain, a device changed, or a counter decreased; the event table has the cause"
            {any: "computed from the samples"} |row| Cell::Number(row.rates.reset.into());
        "stale" u64 gauge "ns" "0 if the values were read at this tick, else their age"
            {xen: "0", libvirt: "0, or the age of the whole row if its QEMU does not answer"}
            |row| Cell::Number(row.domain.stale_ns);
        "cpu_user_ns" u64 counter "ns" "Part of cpu_time_ns that the domain's process spent outside the host's kernel"
            {libvirt: "cpu.user"} |row| row.domain.cpu_user_ns.into();
        "cpu_system_ns" u64 counter "ns" "Part of cpu_time_ns that the host's kernel spent for the domain"
            {libvirt: "cpu.system"} |row| row.domain.cpu_system_ns.into();
        "mem_target_bytes" u64 gauge "bytes" "Target of the domain's balloon"
            {xen: "xenstore memory/target"} |row| row.domain.memory.target_bytes.into();
        "mem_shared_bytes" u64 gauge "bytes" "Memory shared with other domains"
            {xen: "xen_domctl_getdomaininfo.shr_pages"}
            |row| row.domain.memory.shared_bytes.into();
        "mem_paged_bytes" u64 gauge "bytes" "Memory paged out by the hypervisor"
            {xen: "xen_domctl_getdomaininfo.paged_pages"}
            |row| row.domain.memory.paged_bytes.into();
        "mem_outstanding_bytes" u64 gauge "bytes" "Memory claimed by the domain and not yet allocated"
            {xen: "xen_domctl_getdomaininfo.outstanding_pages"}
            |row| row.domain.memory.outstanding_bytes.into();
        "mem_rss_bytes" u64 gauge "bytes" "Memory of the host held by the domain's process"
            {libvirt: "balloon.rss"} |row| row.domain.memory.rss_bytes.into();
        "guest_total_bytes" u64 gauge "bytes" "Memory managed by the guest's kernel, reported by the guest"
            {xen: "xenstore data/meminfo_total", libvirt: "balloon.available"}
            |row| row.domain.memory.guest_total_bytes.into();
        "guest_unused_bytes" u64 gauge "bytes" "Free memory reported by the guest"
            {libvirt: "balloon.unused"}
            |row| row.domain.memory.guest_unused_bytes.into();
        "guest_usable_bytes" u64 gauge "bytes" "Memory that the guest can use without swapping, reported by the guest; on Xen by the guest's agent"
            {xen: "xenstore data/meminfo_free", libvirt: "balloon.usable"}
            |row| row.domain.memory.guest_usable_bytes.into();
        "guest_caches_bytes" u64 gauge "bytes" "Disk caches of the guest, reported by the guest"
            {libvirt: "balloon.disk_caches"} |row| row.domain.memory.guest_caches_bytes.into();
        "swap_in_bytes" u64 counter "bytes" "Bytes swapped in by the guest"
            {libvirt: "balloon.swap_in"} |row| row.domain.memory.swap_in_bytes.into();
        "swap_out_bytes" u64 counter "bytes" "Bytes swapped out by the guest"
            {libvirt: "balloon.swap_out"} |row| row.domain.memory.swap_out_bytes.into();
        "major_faults" u64 counter "faults" "Page faults in the guest that needed its disk"
            {libvirt: "balloon.major_fault"} |row| row.domain.memory.major_faults.into();
        "minor_faults" u64 counter "faults" "Page faults in the guest that did not need its disk"
            {libvirt: "balloon.minor_fault"} |row| row.domain.memory.minor_faults.into();
        "guest_report_age_ns" u64 gauge "ns" "Time since the guest's last report, by the wall clock, to the second; empty if the report is in the future"
            {libvirt: "balloon.last-update"} |row| row.report_age_ns().into();
        "cpupool" u64 label "" "Number of the domain's cpupool; empty if it is in none"
            {xen: "xen_domctl_getdomaininfo.cpupool"} |row| row.domain.cpupool.into();
        "role" text state(words!(Role)) "" "Role of the domain: control may control the others (domain 0 on most hosts), hardware owns the hardware and is not the control domain, xenstore runs xenstore, stub runs the device model of another domain, driver serves devices of others"
            {xen: "xen_domctl_get_domain_state.caps from Xen 4.21 on, before that domid 0; XEN_DOMINF_xs_domain; xenstore target, backend"}
            |row| row.domain.role.map_or(Cell::Unknown, |role| Cell::Word(role.as_str()));
        "target_id" u64 label "" "Id of the domain whose device model a stub domain runs"
            {xen: "xenstore target"} |row| row.domain.target_id.into();
        "error" text text "" "Error that left part of the row unread at this tick"
            {any: "the calls for this domain"} |row| row.domain.error.as_deref().into();
        "state_reason" text text "" "Reason of the state: on Xen the reason of a shutdown (poweroff, reboot, suspend, crash, watchdog, soft_reset), on libvirt its words (booted, restored, I/O error)"
            {xen: "xen_domctl_getdomaininfo.flags, the shutdown code", libvirt: "state.reason"}
            |row| row.domain.reason.map_or(Cell::Unknown, Cell::Word);
    }

    const METRICS: &'static [ColumnUse] = &[
        states("state", "virtmon_guest_state")
            .help("State of the guest: 1 for the current state, else 0"),
        counter("cpu_time_ns", "virtmon_guest_cpu_seconds"),
        unused(
            "cpu_pct",
            "rate(virtmon_guest_cpu_seconds_total[1m]), or the table of sub-intervals",
        ),
        gauge("vcpus_online", "virtmon_guest_vcpus"),
        gauge("mem_bytes", "virtmon_guest_memory_bytes"),
        gauge("mem_max_bytes", "virtmon_guest_memory_max_bytes")
            .help("Maximum memory of the domain; absent if there is no limit"),
        counter("net_rx_bytes", "virtmon_guest_network_receive_bytes")
            .help("Bytes received by the guest; over all its NICs, or of each with --detail nic")
            .replaced_by("nic"),
        counter("net_tx_bytes", "virtmon_guest_network_transmit_bytes")
            .help("Bytes sent by the guest; over all its NICs, or of each with --detail nic")
            .replaced_by("nic"),
        counter("disk_rd_bytes", "virtmon_guest_block_read_bytes")
            .help("Bytes read by the guest; from all its disks, or from each with --detail disk")
            .replaced_by("disk"),
        counter("disk_wr_bytes", "virtmon_guest_block_write_bytes")
            .help("Bytes written by the guest; to all its disks, or to each with --detail disk")
            .replaced_by("disk"),
        unused("reset", "resets() and rate() find a reset in the counters"),
        gauge("stale", "virtmon_guest_stale_seconds")
            .help("Age of the guest's values; 0 if they were read at this tick"),
        counter("cpu_user_ns", "virtmon_guest_cpu_user_seconds")
            .help("Part of the CPU time that the guest's process spent outside the host's kernel"),
        counter("cpu_system_ns", "virtmon_guest_cpu_system_seconds")
            .help("Part of the CPU time that the host's kernel spent for the guest"),
        gauge("mem_target_bytes", "virtmon_guest_memory_target_bytes"),
        gauge("mem_shared_bytes", "virtmon_guest_memory_shared_bytes"),
        gauge("mem_paged_bytes", "virtmon_guest_memory_paged_bytes"),
        gauge(
            "mem_outstanding_bytes",
            "virtmon_guest_memory_outstanding_bytes",
        ),
        gauge("mem_rss_bytes", "virtmon_guest_memory_resident_bytes"),
        gauge("guest_total_bytes", "virtmon_guest_memory_total_bytes"),
        gauge("guest_unused_bytes", "virtmon_guest_memory_unused_bytes"),
        gauge("guest_usable_bytes", "virtmon_guest_memory_usable_bytes"),
        gauge("guest_caches_bytes", "virtmon_guest_memory_caches_bytes"),
        counter("swap_in_bytes", "virtmon_guest_swap_in_bytes"),
        counter("swap_out_bytes", "virtmon_guest_swap_out_bytes"),
        counter("major_faults", "virtmon_guest_major_faults"),
        counter("minor_faults", "virtmon_guest_minor_faults"),
        gauge("guest_report_age_ns", "virtmon_guest_report_age_seconds").help(
            "Time since the guest's last report about its memory, by the wall clock, to the second",
        ),
        info("cpupool", "virtmon_guest", "cpupool"),
        info("role", "virtmon_guest", "role"),
        info("target_id", "virtmon_guest", "target_id"),
        unused(
            "error",
            "free text; virtmon_guest_stale_seconds and virtmon_events_total count what fails",
        ),
        unused("state_reason", "free text; the event table has it"),
    ];

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
        let reported_s = self.domain.memory.guest_reported_s?;
        let reported_ns = reported_s.checked_mul(1_000_000_000)?;
        self.wall_ns.checked_sub(reported_ns)
    }
}
