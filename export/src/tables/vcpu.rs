//! The table of vCPUs.

use virtmon_model::{Domain, Vcpu};

use crate::schema::cell::Cell;
use crate::schema::column::Table;
use crate::schema::column::columns;
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
    columns! {
        "id" [""] "the domain's id" ("the domain table")
            |row| Cell::Number(row.domain.identity.id.into());
        "uuid" [""] "the domain's uuid" ("the domain table")
            |row| Cell::Uuid(row.domain.identity.uuid);
        "name" [""] "the domain's name" ("the domain table")
            |row| row.domain.name.as_deref().into();
        "vcpu" [""] "its number in the domain; numbers may have holes"
            ("xen_domctl_getvcpuinfo.vcpu", "vcpu.<n>")
            |row| Cell::Number(row.vcpu.id.into());
        "state" [""] "running, ready, blocked, paused, offline or unknown; only Xen tells ready, which is to wait for a pCPU, and paused, which is that its domain is paused or has ended"
            ("xen_domctl_getvcpuinfo.online, blocked, running; the domain's state", "vcpu.<n>.state, vcpu.<n>.halted")
            |row| Cell::Word(row.vcpu.state.as_str());
        "cpu_time_ns" ["ns"] "CPU time that it used, cumulative"
            ("xen_domctl_getvcpuinfo.cpu_time", "vcpu.<n>.time")
            |row| row.vcpu.cpu_time_ns.into();
        "cpu_pct" ["% of a pCPU"] "CPU time used since the row before"
            ("made of cpu_time_ns and mono_ns") |row| row.rates.cpu_pct.into();
        "pcpu" [""] "the pCPU that it is on, or was on last"
            ("xen_domctl_getvcpuinfo.cpu", "not told") |row| row.vcpu.pcpu.into();
        "wait_ns" ["ns"] "time of its thread on a run queue, cumulative; kept only while the host's kernel.sched_schedstats is on"
            ("not told", "vcpu.<n>.wait") |row| row.vcpu.wait_ns.into();
        "delay_ns" ["ns"] "time that it could have run and was not let, cumulative: steal"
            ("not told", "vcpu.<n>.delay") |row| row.vcpu.delay_ns.into();
        "delay_pct" ["% of a pCPU"] "time that it was not let since the row before"
            ("not told", "made of delay_ns and mono_ns") |row| row.rates.delay_pct.into();
        "halted" ["0 or 1"] "the guest has halted it"
            ("not told", "vcpu.<n>.halted") |row| row.vcpu.halted.map(u64::from).into();
        "ready_est_ns" ["ns"] "AN ESTIMATE of the time that it waited for a pCPU since virtmon began to watch it: half of each interval for each end of it at which the state was ready, nothing for an end at which it was anything else (paused, blocked, offline); empty until some vCPU has been seen ready"
            ("made of state and mono_ns", "not told") |row| row.rates.ready_est_ns.into();
        "reset" ["0 or 1"] "its counters are not those of the row before"
            ("made of the readings") |row| Cell::Number(row.rates.reset.into());
        "ready_pct" ["% of a vCPU"] "time that it could have run and did not: on libvirt delay_pct; on Xen AN ESTIMATE over the last ten intervals, without those in which it could not run at one of the ends; empty while it may not run, and on Xen until some vCPU has been seen ready"
            ("made of state and mono_ns", "made of delay_ns and mono_ns") |row| row.rates.ready_pct.into();
        "ready_window_ns" ["ns"] "time that ready_pct covers"
            ("made of state and mono_ns", "made of delay_ns and mono_ns") |row| row.rates.ready_window_ns.into();
    }

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
