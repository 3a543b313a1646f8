//! One entry of the hypervisor's list as a domain.

use virtmon_model::{Domain, Identity, Memory, State, Uuid};
use xen_sys::abi::{DomainInfo, PAGE_BYTES};

/// `SHUTDOWN_crash` of Xen's `public/sched.h`.
const SHUTDOWN_CRASH: u8 = 3;

/// Fills a row, all but the name, which the hypervisor does not know.
pub(crate) fn fill(domain: &mut Domain, info: &DomainInfo) {
    let identity = Identity {
        id: u32::from(info.domain),
        uuid: Uuid::from_bytes(info.handle),
        incarnation: None,
    };
    // In a steady tick the row is the same domain's as before: what is not told stays unknown.
    if domain.identity != identity {
        domain.identity = identity;
        domain.memory = Memory::default();
    }
    domain.state = state(info);
    domain.cpu_time_ns = Some(info.cpu_time);
    domain.vcpus_online = Some(info.nr_online_vcpus);
    domain.mem_bytes = info.tot_pages.checked_mul(PAGE_BYTES);
    // "No limit" is all ones, in 32 or in 64 bits; either way the product says so.
    domain.mem_max_bytes = match info.max_pages {
        pages if pages == u64::from(u32::MAX) => None,
        pages => pages.checked_mul(PAGE_BYTES),
    };
    let memory = &mut domain.memory;
    memory.outstanding_bytes = info.outstanding_pages.checked_mul(PAGE_BYTES);
    memory.shared_bytes = info.shr_pages.checked_mul(PAGE_BYTES);
    memory.paged_bytes = info.paged_pages.checked_mul(PAGE_BYTES);
    // XEN_SYSCTL_CPUPOOL_PAR_ANY: it is in none.
    domain.cpupool = Some(info.cpupool).filter(|&pool| pool != u32::MAX);
    domain.vcpus.clear();
    domain.nics.clear();
    domain.disks.clear();
    domain.stale_ns = 0;
    domain.error = None;
}

fn state(info: &DomainInfo) -> State {
    match info.shutdown_reason() {
        _ if info.is_dying() => State::Dying,
        Some(SHUTDOWN_CRASH) => State::Crashed,
        Some(_) => State::Shutdown,
        None if info.is_paused() => State::Paused,
        None if info.is_running() => State::Running,
        None if info.is_blocked() => State::Blocked,
        // Some vCPU could run and none does: it waits for a pCPU.
        None => State::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(info: DomainInfo) -> Domain {
        let mut domain = Domain::default();
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
}
