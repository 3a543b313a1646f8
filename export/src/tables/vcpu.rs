//! The table of vCPUs.

use virtmon_model::{Domain, Vcpu, VcpuState};

use crate::schema::cell::Cell;
use crate::schema::column::{Table, columns, words};
use crate::schema::info::TableNeeds;
use crate::schema::metric::{ColumnUse, counter, gauge, label, states, unused};
use virtmon_analysis::frame::Frame;
use virtmon_analysis::vcpu_rates::VcpuRates;

/// The table of vCPUs.
#[derive(Debug)]
pub enum VcpuTable {}

/// A vCPU with its rates.
#[derive(Debug, Clone, Copy)]
pub struct VcpuRow<'a> {
    domain: &'a Domain,
    vcpu: &'a Vcpu,
    rates: &'a VcpuRates,
}

/// Rates of a vCPU that the frame has none of.
static UNKNOWN: VcpuRates = VcpuRates::UNKNOWN;

impl Table for VcpuTable {
    type Row<'a> = VcpuRow<'a>;
    const NAME: &'static str = "vcpu";
    const HELP: &'static str = "One row for each vCPU and tick.";
    const DETAIL: Option<&'static str> = Some("Single vCPUs");
    const NEEDS: TableNeeds = TableNeeds {
        vcpus: true,
        ..TableNeeds::NONE
    };
    columns! {
        keys |row| row.domain;
        "vcpu" u64 label "" "Number of the vCPU in the domain; numbers may have holes"
            {xen: "xen_domctl_getvcpuinfo.vcpu", libvirt: "vcpu.<n>"}
            |row| Cell::Number(row.vcpu.id.into());
        "state" text state(words!(VcpuState)) "" "State of the vCPU; only Xen reports ready (it waits for a pCPU) and paused (its domain is paused or has ended)"
            {xen: "xen_domctl_getvcpuinfo.online, blocked, running; the domain's state", libvirt: "vcpu.<n>.state, vcpu.<n>.halted"}
            |row| Cell::Word(row.vcpu.state.as_str());
        "cpu_time_ns" u64 counter "ns" "CPU time used by the vCPU"
            {xen: "xen_domctl_getvcpuinfo.cpu_time", libvirt: "vcpu.<n>.time"}
            |row| row.vcpu.cpu_time_ns.into();
        "cpu_pct" f64 gauge "% of a pCPU" "CPU time used since the row before"
            {any: "computed from cpu_time_ns and mono_ns"} |row| row.rates.cpu_pct.into();
        "pcpu" u64 label "" "Number of the pCPU that the vCPU is on, or was on last"
            {xen: "xen_domctl_getvcpuinfo.cpu"} |row| row.vcpu.pcpu.into();
        "wait_ns" u64 counter "ns" "Time of the vCPU's thread on a run queue; only counted while the host's kernel.sched_schedstats is on"
            {libvirt: "vcpu.<n>.wait"} |row| row.vcpu.wait_ns.into();
        "delay_ns" u64 counter "ns" "Time that the vCPU could have run and did not (steal)"
            {libvirt: "vcpu.<n>.delay"} |row| row.vcpu.delay_ns.into();
        "delay_pct" f64 gauge "% of a pCPU" "Steal since the row before"
            {libvirt: "computed from delay_ns and mono_ns"} |row| row.rates.delay_pct.into();
        "halted" u64 gauge "0 or 1" "1 if the guest has halted the vCPU"
            {libvirt: "vcpu.<n>.halted"} |row| row.vcpu.halted.map(u64::from).into();
        "ready_est_ns" u64 counter "ns" "ESTIMATE of the time that the vCPU has waited for a pCPU since virtmon's first sample of it: half of each interval for each end of it at which the state was ready, nothing for an end with another state (paused, blocked, offline); empty until any vCPU has been ready"
            {xen: "computed from state and mono_ns"} |row| row.rates.ready_est_ns.into();
        "reset" u64 gauge "0 or 1" "1 if the counters are not those of the row before"
            {any: "computed from the samples"} |row| Cell::Number(row.rates.reset.into());
        "ready_pct" f64 gauge "% of a vCPU" "Time that the vCPU could have run and did not: on libvirt delay_pct; on Xen an ESTIMATE over the last ten intervals, without those in which the vCPU could not run at an end; empty while it may not run, and on Xen until any vCPU has been ready"
            {xen: "computed from state and mono_ns", libvirt: "computed from delay_ns and mono_ns"}
            |row| row.rates.ready_pct.into();
        "ready_window_ns" u64 gauge "ns" "Time that ready_pct covers"
            {xen: "computed from state and mono_ns", libvirt: "computed from delay_ns and mono_ns"}
            |row| row.rates.ready_window_ns.into();
    }

    const METRICS: &'static [ColumnUse] = &[
        label("vcpu", "vcpu"),
        states("state", "virtmon_guest_vcpu_state").help("State of the vCPU: 1 for the current state, else 0"),
        counter("cpu_time_ns", "virtmon_guest_vcpu_seconds"),
        unused("cpu_pct", "rate(virtmon_guest_vcpu_seconds_total[1m])"),
        gauge("pcpu", "virtmon_guest_vcpu_pcpu"),
        counter("wait_ns", "virtmon_guest_vcpu_wait_seconds"),
        counter("delay_ns", "virtmon_guest_vcpu_delay_seconds"),
        unused("delay_pct", "rate(virtmon_guest_vcpu_delay_seconds_total[1m])"),
        gauge("halted", "virtmon_guest_vcpu_halted"),
        counter("ready_est_ns", "virtmon_guest_vcpu_ready_estimate_seconds").help("ESTIMATE of the time that the vCPU has waited for a pCPU since virtmon's first sample of it, from its states at the samples; absent until any vCPU has been ready"),
        unused("reset", "resets() and rate() find a reset in the counters"),
        gauge("ready_pct", "virtmon_guest_vcpu_ready_ratio").help("Part of the time in which the vCPU could have run and did not: steal on libvirt; on Xen an ESTIMATE over the last ten intervals; absent while the vCPU may not run"),
        gauge("ready_window_ns", "virtmon_guest_vcpu_ready_window_seconds").help("Time that virtmon_guest_vcpu_ready_ratio covers"),
    ];

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&VcpuRow<'a>)) {
        for (_, domain, rates) in frame.domains() {
            let all = frame.vcpus_of(domain, rates);
            for (n, vcpu) in domain.vcpus.rows.iter().enumerate() {
                each(&VcpuRow {
                    domain,
                    vcpu,
                    rates: all.get(n).unwrap_or(&UNKNOWN),
                });
            }
        }
    }
}
