//! Conversion of an entry of the hypervisor's list to a domain's row.

use virtmon_model::{Domain, Identity, State, Uuid};
use xen_sys::abi::{DomainInfo, PAGE_BYTES};

/// `SHUTDOWN_crash` of Xen's `public/sched.h`.
const SHUTDOWN_CRASH: u8 = 3;
/// Names of `SHUTDOWN_*` in the same file. The index is the code.
const SHUTDOWN_REASONS: [&str; 6] = [
    "poweroff",
    "reboot",
    "suspend",
    "crash",
    "watchdog",
    "soft_reset",
];

/// Resets the row if it belongs to another domain, and returns true if it did. A row of the same
/// domain keeps its name, its devices and all other values that are not in the list.
pub(crate) fn reset_if_new(domain: &mut Domain, info: &DomainInfo) -> bool {
    let id = u32::from(info.domain);
    let uuid = Uuid::from_bytes(info.handle);
    if domain.identity.id == id && domain.identity.uuid == uuid {
        domain.error = None;
        return false;
    }
    domain.clear();
    domain.identity = Identity {
        id,
        uuid,
        incarnation: None,
    };
    true
}

/// Fills in the values of an entry.
#[inline]
pub(crate) fn fill(domain: &mut Domain, info: &DomainInfo) {
    (domain.state, domain.reason) = state(info);
    domain.cpu_time_ns = Some(info.cpu_time);
    domain.vcpus_online = Some(info.nr_online_vcpus);
    // For nearly every domain all five are sizes, so one test covers them.
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
    // XEN_SYSCTL_CPUPOOL_PAR_ANY: the domain is in no cpupool.
    domain.cpupool = Some(info.cpupool).filter(|&pool| pool != u32::MAX);
}

/// All ones means "no limit", in 32 or in 64 bits. No domain has 16 TiB less one page, or more.
const NO_LIMIT: u64 = u32::MAX as u64;

/// Fills in the memory of a domain with a value that is "no limit". The function is separate, because
/// few domains need it, and takes its arguments by value: with a reference to the entry, the compiler
/// would write the entry of every domain to the stack.
#[cold]
#[inline(never)]
fn fill_unlimited(domain: &mut Domain, pages: [u64; 5]) {
    let bytes = |pages| (pages < NO_LIMIT).then(|| pages * PAGE_BYTES);
    let [total, max, outstanding, shared, paged] = pages.map(bytes);
    domain.mem_bytes = total;
    domain.mem_max_bytes = max;
    domain.memory.outstanding_bytes = outstanding;
    domain.memory.shared_bytes = shared;
    domain.memory.paged_bytes = paged;
}

/// State of the domain, and the reason of its end if it has ended.
fn state(info: &DomainInfo) -> (State, Option<&'static str>) {
    let state = if info.is_dying() || info.shutdown_reason().is_some() {
        return ended(info.is_dying(), info.shutdown_reason());
    } else if info.is_paused() {
        State::Paused
    } else if info.is_blocked() && !info.is_running() {
        State::Blocked
    } else {
        // Without the flag for running, some vCPU could run and none does: it waits for a pCPU.
        State::Running
    };
    (state, None)
}

#[cold]
#[inline(never)]
fn ended(is_dying: bool, code: Option<u8>) -> (State, Option<&'static str>) {
    let state = match code {
        _ if is_dying => State::Dying,
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
        reset_if_new(&mut domain, &info);
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
    fn a_row_keeps_other_values_while_it_belongs_to_the_same_domain() {
        let mut info = DomainInfo {
            domain: 3,
            handle: [7; 16],
            ..DomainInfo::default()
        };
        let mut domain = Domain::default();
        assert!(reset_if_new(&mut domain, &info));
        domain.name = Some("web".into());
        domain.error = Some("of the tick before".into());
        domain.memory.target_bytes = Some(4096);
        assert!(!reset_if_new(&mut domain, &info));
        assert_eq!(domain.name.as_deref(), Some("web"));
        assert_eq!(domain.memory.target_bytes, Some(4096));
        assert_eq!(domain.error, None);

        info.handle = [8; 16];
        assert!(reset_if_new(&mut domain, &info));
        assert_eq!((domain.name, domain.memory.target_bytes), (None, None));
        assert_eq!(domain.identity.uuid, Uuid::from_bytes([8; 16]));
    }

    #[test]
    fn every_combination_of_flags_has_one_state() {
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
    fn a_domain_that_has_ended_has_a_reason() {
        let reasons = [
            (0x0000_0014, Some("poweroff")),
            (0x0001_0014, Some("reboot")),
            (0x0002_0014, Some("suspend")),
            (0x0003_0014, Some("crash")),
            (0x0004_0015, Some("watchdog")),
            (0x0005_0014, Some("soft_reset")),
            (0x0006_0014, None),
            (0x00ff_0014, None),
            // Without the flag, the bits of the code have no meaning.
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
        // A domain that is resumed after a checkpoint has no reason any more.
        let mut domain = filled(DomainInfo {
            flags: 0x0002_0014,
            ..DomainInfo::default()
        });
        fill(&mut domain, &DomainInfo::default());
        assert_eq!(domain.reason, None);
    }
}
