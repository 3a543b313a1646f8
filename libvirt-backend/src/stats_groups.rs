//! The groups of values that libvirt's bulk call can return, and the samples that query them.

use std::time::{Duration, Instant};

use crate::ffi::bindings::{
    VIR_DOMAIN_STATS_BALLOON, VIR_DOMAIN_STATS_BLOCK, VIR_DOMAIN_STATS_CPU_TOTAL,
    VIR_DOMAIN_STATS_DIRTYRATE, VIR_DOMAIN_STATS_INTERFACE, VIR_DOMAIN_STATS_IOTHREAD,
    VIR_DOMAIN_STATS_MEMORY, VIR_DOMAIN_STATS_PERF, VIR_DOMAIN_STATS_STATE, VIR_DOMAIN_STATS_VCPU,
    VIR_DOMAIN_STATS_VM,
};

/// A group of values that libvirt's bulk call can return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    name: &'static str,
    bit: u32,
}

/// The groups of every sample: the state of the guest.
const MANDATORY: u32 = VIR_DOMAIN_STATS_STATE;
/// The groups that are queried by default.
const DEFAULT: u32 = VIR_DOMAIN_STATS_STATE
    | VIR_DOMAIN_STATS_CPU_TOTAL
    | VIR_DOMAIN_STATS_BALLOON
    | VIR_DOMAIN_STATS_VCPU
    | VIR_DOMAIN_STATS_INTERFACE
    | VIR_DOMAIN_STATS_BLOCK;
/// The groups that libvirt's QEMU driver returns without a query of QEMU's monitor, whatever state the
/// guest is in.
pub(crate) const DAEMON_GROUPS: u32 = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_INTERFACE;

impl Group {
    /// All groups that can be selected, under the names of the options of `virsh domstats`.
    pub const ALL: [Self; 10] = [
        Self::new("cpu-total", VIR_DOMAIN_STATS_CPU_TOTAL),
        Self::new("balloon", VIR_DOMAIN_STATS_BALLOON),
        Self::new("vcpu", VIR_DOMAIN_STATS_VCPU),
        Self::new("interface", VIR_DOMAIN_STATS_INTERFACE),
        Self::new("block", VIR_DOMAIN_STATS_BLOCK),
        Self::new("perf", VIR_DOMAIN_STATS_PERF),
        Self::new("iothread", VIR_DOMAIN_STATS_IOTHREAD),
        Self::new("memory", VIR_DOMAIN_STATS_MEMORY),
        Self::new("dirtyrate", VIR_DOMAIN_STATS_DIRTYRATE),
        Self::new("vm", VIR_DOMAIN_STATS_VM),
    ];

    const fn new(name: &'static str, bit: u32) -> Self {
        Self { name, bit }
    }

    /// The group with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name == name)
    }

    /// Name of the group.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

/// The part of a host that a sample queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The daemon and, through it, each guest's QEMU, for these groups.
    Guests(u32),
    /// The daemon alone, for the values that it has by itself, while no guest may be queried.
    Daemon,
    /// The daemon alone, before each guest is queried by a call of its own.
    DaemonFirst,
}

impl Scope {
    /// The groups to query.
    pub(crate) fn groups(self) -> u32 {
        match self {
            Self::Guests(groups) => groups,
            Self::Daemon | Self::DaemonFirst => DAEMON_GROUPS,
        }
    }
}

/// The groups to query at each sample.
#[derive(Debug, Clone)]
pub(crate) struct StatsSchedule {
    /// Groups that every sample queries.
    every_sample: u32,
    throttled: Vec<Throttled>,
}

/// A group with a minimum interval.
#[derive(Debug, Clone)]
struct Throttled {
    bit: u32,
    interval: Duration,
    last: Option<Instant>,
}

impl StatsSchedule {
    /// The default groups and the additional ones. A group of `throttled` is queried no more often than
    /// its interval, whether it is among the others or not.
    pub(crate) fn new(additional: &[Group], throttled: &[(Group, Duration)]) -> Self {
        let additional = additional.iter().fold(0, |bits, group| bits | group.bit);
        let bits = throttled
            .iter()
            .fold(0, |bits, (group, _)| bits | group.bit);
        Self {
            every_sample: MANDATORY | ((DEFAULT | additional) & !bits),
            throttled: throttled
                .iter()
                .map(|&(group, interval)| Throttled {
                    bit: group.bit,
                    interval,
                    last: None,
                })
                .collect(),
        }
    }

    /// Makes all groups due.
    pub(crate) fn reset(&mut self) {
        for group in &mut self.throttled {
            group.last = None;
        }
    }

    /// The groups of a sample that begins now.
    pub(crate) fn due(&self, now: Instant) -> u32 {
        let due = self.throttled.iter().filter(|group| group.is_due(now));
        due.fold(self.every_sample, |bits, group| bits | group.bit)
    }

    /// Records that the sample that began at `start` has succeeded.
    pub(crate) fn completed(&mut self, start: Instant) {
        for group in &mut self.throttled {
            if group.is_due(start) {
                group.last = Some(start);
            }
        }
    }
}

impl Throttled {
    fn is_due(&self, now: Instant) -> bool {
        // A group is due up to a tenth of its interval early: samples begin with varying lateness.
        self.last
            .is_none_or(|last| (now - last) * 10 >= self.interval * 9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttled_group_has_an_interval_and_the_others_have_none() {
        let [balloon, perf, vm] = ["balloon", "perf", "vm"].map(|name| Group::named(name).unwrap());
        let throttled = [
            (balloon, Duration::from_secs(10)),
            (perf, Duration::from_secs(2)),
        ];
        let mut schedule = StatsSchedule::new(&[vm], &throttled);
        let start = Instant::now();
        let mut queried = |after_ms: u64| {
            let now = start + Duration::from_millis(after_ms);
            let due = schedule.due(now);
            schedule.completed(now);
            assert_eq!(
                due & (DEFAULT & !balloon.bit | vm.bit),
                DEFAULT & !balloon.bit | vm.bit
            );
            (due & balloon.bit != 0, due & perf.bit != 0)
        };
        assert_eq!(queried(0), (true, true));
        assert_eq!(queried(1000), (false, false));
        assert_eq!(queried(1990), (false, true));
        assert_eq!(queried(3000), (false, false));
        assert_eq!(queried(4010), (false, true));
        assert_eq!(queried(9995), (true, true));
        assert_eq!(queried(10_995), (false, false));
        schedule.reset();
        assert_eq!(
            schedule.due(start + Duration::from_millis(11_000)) & balloon.bit,
            balloon.bit
        );
    }

    #[test]
    fn a_group_stays_due_after_a_failed_sample() {
        let throttled = [(Group::ALL[1], Duration::from_secs(10))];
        let schedule = StatsSchedule::new(&[], &throttled);
        let now = Instant::now();
        assert_eq!(schedule.due(now), DEFAULT);
        assert_eq!(schedule.due(now + Duration::from_secs(1)), DEFAULT);
        assert!(Group::named("state").is_none());
    }
}
