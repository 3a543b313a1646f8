//! One entry of the hypervisor's list as a domain.

use virtmon_model::{Domain, Identity, State, Uuid};
use xen_sys::abi::{DomainInfo, PAGE_BYTES};

/// `SHUTDOWN_crash` of Xen's `public/sched.h`.
const SHUTDOWN_CRASH: u8 = 3;
/// What `SHUTDOWN_*` of the same file are called, each at its number.
const SHUTDOWN_REASONS: [&str; 6] = [
    "poweroff",
    "reboot",
    "suspend",
    "crash",
    "watchdog",
    "soft_reset",
];

/// Makes the row this domain's. Says whether it was before: then it keeps its name, its devices and
/// all else that the list does not tell.
pub(crate) fn claim(domain: &mut Domain, info: &DomainInfo) -> bool {
    let id = u32::from(info.domain);
    let uuid = Uuid::from_bytes(info.handle);
    if domain.identity.id == id && domain.identity.uuid == uuid {
        domain.error = None;
        return true;
    }
    domain.clear();
    domain.identity = Identity {
        id,
        uuid,
        incarnation: None,
    };
    false
}

/// Fills in what the hypervisor's list tells.
#[inline]
pub(crate) fn fill(domain: &mut Domain, info: &DomainInfo) {
    (domain.state, domain.reason) = state(info);
    domain.cpu_time_ns = Some(info.cpu_time);
    domain.vcpus_online = Some(info.nr_online_vcpus);
    // Of nearly every domain all five are sizes: one test does for them.
    let all = info.tot_pages
        | info.max_pages
        | info.outstanding_pages
        | info.shr_pages
        | info.paged_pages;
    if all < NO_LIMIT {
        domain.mem_bytes = Some(info.tot_pages * PAGE_BYTES);
        domain.mem_max_bytes = Some(info.max_pages * PAGE_BYTES);
        domain.memory.outstanding_bytes = Some(info.outstanding_pages * PAGE_BYTES);
        domain.memory.shared_bytes = Some(info.shr_pages * PAGE_BYTES);
        domain.memory.paged_bytes = Some(info.paged_pages * PAGE_BYTES);
    } else {
        fill_unlimited(
            domain,
            [
                info.tot_pages,
                info.max_pages,
                info.outstanding_pages,
                info.shr_pages,
                info.paged_pages,
            ],
        );
    }
    // XEN_SYSCTL_CPUPOOL_PAR_ANY: it is in none.
    domain.cpupool = Some(info.cpupool).filter(|&pool| pool != u32::MAX);
}

/// All ones is "no limit", in 32 or in 64 bits: no domain has 16 TiB less a page, and none has
/// more.
const NO_LIMIT: u64 = u32::MAX as u64;

/// The memory of a domain that has no limit to some of it, apart from the many that have. As all that
/// is for few domains, it takes what it needs by value: an address of the entry would have every
/// domain's written to the stack.
#[cold]
#[inline(never)]
fn fill_unlimited(domain: &mut Domain, pages: [u64; 5]) {
    let bytes = |pages| (pages < NO_LIMIT).then(|| pages * PAGE_BYTES);
    let [held, most, outstanding, shared, paged] = pages.map(bytes);
    domain.mem_bytes = held;
    domain.mem_max_bytes = most;
    domain.memory.outstanding_bytes = outstanding;
    domain.memory.shared_bytes = shared;
    domain.memory.paged_bytes = paged;
}

/// What it is doing, and why it has ended if it has.
fn state(info: &DomainInfo) -> (State, Option<&'static str>) {
    let state = if info.is_dying() || info.shutdown_reason().is_some() {
        return ended(info.is_dying(), info.shutdown_reason());
    } else if info.is_paused() {
        State::Paused
    } else if info.is_blocked() && !info.is_running() {
        State::Blocked
    } else {
        // Where it is not marked as running, some vCPU could run and none does: it waits for a pCPU.
        State::Running
    };
    (state, None)
}

#[cold]
#[inline(never)]
fn ended(dying: bool, code: Option<u8>) -> (State, Option<&'static str>) {
    let state = match code {
        _ if dying => State::Dying,
        Some(SHUTDOWN_CRASH) => State::Crashed,
        _ => State::Shutdown,
    };
    let reason = code.and_then(|code| SHUTDOWN_REASONS.get(usize::from(code)));
    (state, reason.copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(info: DomainInfo) -> Domain {
        let mut domain = Domain::default();
        claim(&mut domain, &info);
        fill(&mut domain, &info);
        domain
    }

    #[test]
    fn pages_become_bytes_and_all_ones_is_no_limit() {
        let info = DomainInfo {
            tot_pages: 24_576,
            max_pages: 25_600,
            ..DomainInfo::default()
        };
        let domain = filled(info);
        assert_eq!(domain.mem_bytes, Some(96 << 20));
        assert_eq!(domain.mem_max_bytes, Some(100 << 20));
        for max_pages in [u64::from(u32::MAX), u64::MAX] {
            assert_eq!(filled(DomainInfo { max_pages, ..info }).mem_max_bytes, None);
        }
    }

    #[test]
    fn a_row_keeps_what_the_list_does_not_tell_while_it_is_the_same_domain() {
        let mut info = DomainInfo {
            domain: 3,
            handle: [7; 16],
            ..DomainInfo::default()
        };
        let mut domain = Domain::default();
        assert!(!claim(&mut domain, &info));
        domain.name = Some("web".into());
        domain.error = Some("of the tick before".into());
        domain.memory.target_bytes = Some(4096);
        assert!(claim(&mut domain, &info));
        assert_eq!(domain.name.as_deref(), Some("web"));
        assert_eq!(domain.memory.target_bytes, Some(4096));
        assert_eq!(domain.error, None);

        info.handle = [8; 16];
        assert!(!claim(&mut domain, &info));
        assert_eq!((domain.name, domain.memory.target_bytes), (None, None));
        assert_eq!(domain.identity.uuid, Uuid::from_bytes([8; 16]));
    }

    #[test]
    fn one_word_for_every_mix_of_flags() {
        let states = [
            (0x00, State::Running),
            (0x10, State::Blocked),
            (0x20, State::Running),
            (0x18, State::Paused),
            (0x28, State::Paused),
            (0x14, State::Shutdown),
            (0x0003_0014, State::Crashed),
            (0x0003_0015, State::Dying),
        ];
        for (flags, state) in states {
            let info = DomainInfo {
                flags,
                ..DomainInfo::default()
            };
            assert_eq!(filled(info).state, state, "flags {flags:#x}");
        }
    }

    #[test]
    fn a_domain_that_has_ended_says_why() {
        let reasons = [
            (0x0000_0014, Some("poweroff")),
            (0x0001_0014, Some("reboot")),
            (0x0002_0014, Some("suspend")),
            (0x0003_0014, Some("crash")),
            (0x0004_0015, Some("watchdog")),
            (0x0005_0014, Some("soft_reset")),
            (0x0006_0014, None),
            (0x00ff_0014, None),
            // Without the flag, the bits of the code mean nothing.
            (0x0003_0011, None),
            (0x0001_0010, None),
        ];
        for (flags, reason) in reasons {
            let info = DomainInfo {
                flags,
                ..DomainInfo::default()
            };
            assert_eq!(filled(info).reason, reason, "flags {flags:#x}");
        }
        // One that is resumed after a checkpoint runs for no such reason.
        let mut domain = filled(DomainInfo {
            flags: 0x0002_0014,
            ..DomainInfo::default()
        });
        fill(&mut domain, &DomainInfo::default());
        assert_eq!(domain.reason, None);
    }
}
