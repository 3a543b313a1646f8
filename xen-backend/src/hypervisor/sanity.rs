//! Sanity checks of the first list of domains, before any number in it is used.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use virtmon_model::{Error, Result};
use xen_sys::abi::DomainInfo;

/// Limit of the time from the start of Xen to the start of domain 0. On a large host it is some
/// minutes, because Xen cleans the memory.
const MAX_TIME_BEFORE_DOMAIN_0: Duration = Duration::from_secs(3600);

/// Checks that a list is possible on this host.
pub(crate) fn check(infos: &[DomainInfo], pcpus: u32) -> Result<()> {
    let uptime = clock_gettime(ClockId::CLOCK_BOOTTIME)
        .map_err(|error| Error::call("clock_gettime", error.into()))?;
    let uptime = Duration::from(uptime) + MAX_TIME_BEFORE_DOMAIN_0;
    match problem(infos, uptime.as_nanos() * u128::from(pcpus)) {
        None => Ok(()),
        Some(problem) => Err(Error::UnsupportedAbi(format!(
            "the hypervisor's list of domains is invalid, so its layout differs from that of its \
             version: {problem}"
        ))),
    }
}

fn problem(infos: &[DomainInfo], max_cpu_time: u128) -> Option<String> {
    if infos.first().is_none_or(|first| first.domain != 0) {
        return Some("the first domain is not domain 0".into());
    }
    for pair in infos.windows(2) {
        if pair[1].domain <= pair[0].domain {
            let (first, second) = (pair[0].domain, pair[1].domain);
            return Some(format!("domain {second} follows domain {first}"));
        }
    }
    infos.iter().find_map(|info| {
        let DomainInfo {
            domain, cpu_time, ..
        } = *info;
        (u128::from(cpu_time) > max_cpu_time).then(|| {
            format!("domain {domain} used {cpu_time} ns of CPU time, more than the host had")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(domids: &[u16]) -> Vec<DomainInfo> {
        let info = |&domain: &u16| DomainInfo {
            domain,
            cpu_time: 1_000,
            ..DomainInfo::default()
        };
        domids.iter().map(info).collect()
    }

    #[test]
    fn an_invalid_list_is_refused() {
        assert_eq!(problem(&list(&[0]), 1_000), None);
        assert_eq!(problem(&list(&[0, 3, 4000]), 1_000), None);
        for (invalid, max_cpu_time) in [
            (&[][..], 1_000),
            (&[1, 2], 1_000),
            (&[0, 3, 3], 1_000),
            (&[0, 7, 2], 1_000),
            (&[0], 999),
        ] {
            assert!(
                problem(&list(invalid), max_cpu_time).is_some(),
                "{invalid:?}"
            );
        }
    }

    #[test]
    fn the_limit_of_cpu_time_follows_the_clock_of_this_machine() {
        assert!(check(&list(&[0]), 1).is_ok());
        let mut too_much = list(&[0]);
        too_much[0].cpu_time = u64::MAX >> 1;
        assert!(check(&too_much, 1).is_err());
    }
}
