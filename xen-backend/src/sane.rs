//! What must hold of a list of domains before any number in it is believed.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use virtmon_model::{Error, Result};
use xen_sys::abi::DomainInfo;

/// Xen is up longer than domain 0 by what it takes to start: on a large host some minutes, which
/// go into cleaning memory.
const BEFORE_DOMAIN_0: Duration = Duration::from_secs(3600);

/// Checks a list against what is known of this host.
pub(crate) fn check(infos: &[DomainInfo], pcpus: u32) -> Result<()> {
    let uptime = clock_gettime(ClockId::CLOCK_BOOTTIME)
        .map_err(|error| Error::call("clock_gettime", error.into()))?;
    let most = (Duration::from(uptime) + BEFORE_DOMAIN_0).as_nanos() * u128::from(pcpus);
    match complaint(infos, most) {
        None => Ok(()),
        Some(what) => Err(Error::UnsupportedAbi(format!(
            "the hypervisor's list of domains makes no sense, so its layout must be another than \
             its version says: {what}"
        ))),
    }
}

fn complaint(infos: &[DomainInfo], most_cpu_time: u128) -> Option<String> {
    if infos.first().is_none_or(|first| first.domain != 0) {
        return Some("it does not begin with domain 0".into());
    }
    for pair in infos.windows(2) {
        if pair[1].domain <= pair[0].domain {
            let (first, second) = (pair[0].domain, pair[1].domain);
            return Some(format!("domain {second} comes after domain {first}"));
        }
    }
    infos.iter().find_map(|info| {
        let DomainInfo {
            domain, cpu_time, ..
        } = *info;
        (u128::from(cpu_time) > most_cpu_time)
            .then(|| format!("domain {domain} used {cpu_time} ns of CPU time, more than there was"))
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
    fn a_list_that_makes_no_sense_is_refused() {
        assert_eq!(complaint(&list(&[0]), 1_000), None);
        assert_eq!(complaint(&list(&[0, 3, 4000]), 1_000), None);
        for (wrong, most) in [
            (&[][..], 1_000),
            (&[1, 2], 1_000),
            (&[0, 3, 3], 1_000),
            (&[0, 7, 2], 1_000),
            (&[0], 999),
        ] {
            assert!(complaint(&list(wrong), most).is_some(), "{wrong:?}");
        }
    }

    #[test]
    fn this_machines_clock_allows_what_can_be() {
        assert!(check(&list(&[0]), 1).is_ok());
        let mut absurd = list(&[0]);
        absurd[0].cpu_time = u64::MAX >> 1;
        assert!(check(&absurd, 1).is_err());
    }
}
