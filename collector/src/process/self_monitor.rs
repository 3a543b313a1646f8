//! Measures virtmon's own cost.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{SysconfVar, sysconf};
use virtmon_analysis::self_stats::SelfStats;

/// Reads the counters of this process.
#[derive(Debug)]
pub struct SelfMonitor {
    statm: Option<File>,
    page_bytes: Option<u64>,
    before: Counters,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counters {
    cpu_ns: Option<u64>,
    page_faults: Option<u64>,
    switches: Option<u64>,
    calls: Option<u64>,
}

impl SelfMonitor {
    /// A monitor whose first difference counts from now.
    #[must_use]
    pub fn start(calls: Option<u64>) -> Self {
        let page_bytes = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
        Self {
            statm: File::open("/proc/self/statm").ok(),
            page_bytes: page_bytes.and_then(|bytes| u64::try_from(bytes).ok()),
            before: Counters::now(calls),
        }
    }

    /// The cost since the last call.
    pub fn take(&mut self, calls: Option<u64>) -> SelfStats {
        let now = Counters::now(calls);
        let before = std::mem::replace(&mut self.before, now);
        let since = |now: Option<u64>, before: Option<u64>| now?.checked_sub(before?);
        SelfStats {
            cpu_ns: since(now.cpu_ns, before.cpu_ns),
            rss_bytes: self.rss_bytes(),
            page_faults: since(now.page_faults, before.page_faults),
            switches: since(now.switches, before.switches),
            calls: since(now.calls, before.calls),
            ..SelfStats::default()
        }
    }

    /// Resident memory: the second number of `/proc/self/statm`, in pages.
    fn rss_bytes(&self) -> Option<u64> {
        let mut text = [0; 128];
        let len = self.statm.as_ref()?.read_at(&mut text, 0).ok()?;
        let text = std::str::from_utf8(&text[..len]).ok()?;
        let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
        pages.checked_mul(self.page_bytes?)
    }
}

impl Counters {
    fn now(calls: Option<u64>) -> Self {
        let cpu = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).ok();
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok();
        let sum = |a: i64, b: i64| u64::try_from(a + b).ok();
        Self {
            cpu_ns: cpu.and_then(|cpu| u64::try_from(Duration::from(cpu).as_nanos()).ok()),
            page_faults: usage
                .and_then(|usage| sum(usage.minor_page_faults(), usage.major_page_faults())),
            switches: usage.and_then(|usage| {
                sum(
                    usage.voluntary_context_switches(),
                    usage.involuntary_context_switches(),
                )
            }),
            calls,
        }
    }
}
