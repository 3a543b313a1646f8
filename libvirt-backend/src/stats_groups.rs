use std::time::{Duration, Instant};

use crate::ffi::{
    VIR_DOMAIN_STATS_BALLOON, VIR_DOMAIN_STATS_BLOCK, VIR_DOMAIN_STATS_CPU_TOTAL,
    VIR_DOMAIN_STATS_DIRTYRATE, VIR_DOMAIN_STATS_INTERFACE, VIR_DOMAIN_STATS_IOTHREAD,
    VIR_DOMAIN_STATS_MEMORY, VIR_DOMAIN_STATS_PERF, VIR_DOMAIN_STATS_STATE, VIR_DOMAIN_STATS_VCPU,
    VIR_DOMAIN_STATS_VM,
};

/// A group of values that libvirt's bulk call is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    name: &'static str,
    bit: u32,
}

/// Asked for at each reading: whether the guest runs.
const ALWAYS: u32 = VIR_DOMAIN_STATS_STATE;
/// Asked for unless something else is said.
const USUAL: u32 = VIR_DOMAIN_STATS_STATE
    | VIR_DOMAIN_STATS_CPU_TOTAL
    | VIR_DOMAIN_STATS_BALLOON
    | VIR_DOMAIN_STATS_VCPU
    | VIR_DOMAIN_STATS_INTERFACE
    | VIR_DOMAIN_STATS_BLOCK;

impl Group {
    /// All that may be chosen, by the names of the options of `virsh domstats`.
    pub const ALL: [Self; 10] = [
        Self::of("cpu-total", VIR_DOMAIN_STATS_CPU_TOTAL),
        Self::of("balloon", VIR_DOMAIN_STATS_BALLOON),
        Self::of("vcpu", VIR_DOMAIN_STATS_VCPU),
        Self::of("interface", VIR_DOMAIN_STATS_INTERFACE),
        Self::of("block", VIR_DOMAIN_STATS_BLOCK),
        Self::of("perf", VIR_DOMAIN_STATS_PERF),
        Self::of("iothread", VIR_DOMAIN_STATS_IOTHREAD),
        Self::of("memory", VIR_DOMAIN_STATS_MEMORY),
        Self::of("dirtyrate", VIR_DOMAIN_STATS_DIRTYRATE),
        Self::of("vm", VIR_DOMAIN_STATS_VM),
    ];

    const fn of(name: &'static str, bit: u32) -> Self {
        Self { name, bit }
    }

    /// The group with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

/// Which groups are to be asked for when.
#[derive(Debug, Clone)]
pub(crate) struct Agenda {
    /// At each reading.
    often: u32,
    slow: Vec<Slow>,
}

#[derive(Debug, Clone)]
struct Slow {
    bit: u32,
    interval: Duration,
    last: Option<Instant>,
}

impl Agenda {
    /// The usual groups and these; those of `slow` no more often than that, whatever else is said.
    pub(crate) fn new(more: &[Group], slow: &[(Group, Duration)]) -> Self {
        let more = more.iter().fold(0, |bits, group| bits | group.bit);
        let seldom = slow.iter().fold(0, |bits, (group, _)| bits | group.bit);
        Self {
            often: ALWAYS | ((USUAL | more) & !seldom),
            slow: slow
                .iter()
                .map(|&(group, interval)| Slow {
                    bit: group.bit,
                    interval,
                    last: None,
                })
                .collect(),
        }
    }

    /// Makes all groups due.
    pub(crate) fn begin(&mut self) {
        for slow in &mut self.slow {
            slow.last = None;
        }
    }

    /// The groups of a reading that begins now.
    pub(crate) fn due(&self, now: Instant) -> u32 {
        let due = self.slow.iter().filter(|slow| slow.is_due(now));
        due.fold(self.often, |bits, slow| bits | slow.bit)
    }

    /// Takes in that a reading that began then has succeeded.
    pub(crate) fn done(&mut self, began: Instant) {
        for slow in &mut self.slow {
            if slow.is_due(began) {
                slow.last = Some(began);
            }
        }
    }
}

impl Slow {
    fn is_due(&self, now: Instant) -> bool {
        // A tenth early is on time: readings begin a little late, each in its own way.
        self.last
            .is_none_or(|last| (now - last) * 10 >= self.interval * 9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_group_has_its_own_interval_and_the_others_have_none() {
        let [balloon, perf, vm] = ["balloon", "perf", "vm"].map(|name| Group::named(name).unwrap());
        let slow = [
            (balloon, Duration::from_secs(10)),
            (perf, Duration::from_secs(2)),
        ];
        let mut agenda = Agenda::new(&[vm], &slow);
        let start = Instant::now();
        let mut asked = |after_ms: u64| {
            let now = start + Duration::from_millis(after_ms);
            let due = agenda.due(now);
            agenda.done(now);
            assert_eq!(
                due & (USUAL & !balloon.bit | vm.bit),
                USUAL & !balloon.bit | vm.bit
            );
            (due & balloon.bit != 0, due & perf.bit != 0)
        };
        assert_eq!(asked(0), (true, true));
        assert_eq!(asked(1000), (false, false));
        assert_eq!(asked(1990), (false, true));
        assert_eq!(asked(3000), (false, false));
        assert_eq!(asked(4010), (false, true));
        assert_eq!(asked(9995), (true, true));
        assert_eq!(asked(10_995), (false, false));
        agenda.begin();
        assert_eq!(
            agenda.due(start + Duration::from_millis(11_000)) & balloon.bit,
            balloon.bit
        );
    }

    #[test]
    fn a_reading_that_failed_leaves_a_group_due() {
        let slow = [(Group::ALL[1], Duration::from_secs(10))];
        let agenda = Agenda::new(&[], &slow);
        let now = Instant::now();
        assert_eq!(agenda.due(now), USUAL);
        assert_eq!(agenda.due(now + Duration::from_secs(1)), USUAL);
        assert!(Group::named("state").is_none());
    }
}
