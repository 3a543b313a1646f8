//! The calls that a driver has for the values of domains. They are found out once, when a connection is
//! opened.

use crate::ffi::bindings::{
    VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE as ACTIVE,
    VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS as ENFORCE,
    VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT as NOWAIT, VIR_DOMAIN_STATS_INTERFACE,
    VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_ERR_INVALID_ARG, VIR_ERR_NO_SUPPORT,
};
use crate::ffi::connection::Connection;
use crate::ffi::error::LibvirtError;

/// The calls that a driver has for the values of domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatsApi {
    /// One call for all domains, `virConnectGetAllDomainStats`.
    Bulk {
        /// True if `NOWAIT` is known: values that a busy domain would delay are left out
        /// (libvirt 4.5 and later).
        nowait: bool,
        /// True if the driver reports devices.
        devices: bool,
    },
    /// Calls for each domain: libvirt's Xen driver has no bulk call.
    PerDomain,
}

impl StatsApi {
    /// Finds out the calls of a connection's driver, and the number of domains; the number is 0 if the
    /// driver does not report it. The call queries NICs, since no guest can delay those.
    pub(crate) fn probe(connection: &Connection) -> Result<(Self, usize), LibvirtError> {
        let mut domains = 0;
        let api = probe(|flags| {
            domains = connection.stats(VIR_DOMAIN_STATS_INTERFACE, flags)?.len();
            Ok(())
        })?;
        Ok((api, domains))
    }

    /// True if the list of domains has their devices.
    pub(crate) fn reports_devices(self) -> bool {
        matches!(self, Self::Bulk { devices: true, .. })
    }

    /// The flags of the bulk call.
    pub(crate) fn bulk_flags(nowait: bool) -> u32 {
        if nowait { ACTIVE | NOWAIT } else { ACTIVE }
    }

    /// The flags of the call for given domains, which rejects the flags that select domains.
    pub(crate) fn list_flags(nowait: bool) -> u32 {
        if nowait { NOWAIT } else { 0 }
    }
}

/// `call` queries NICs with the given flags. With `ENFORCE`, a driver that has no NICs rejects the call.
fn probe(mut call: impl FnMut(u32) -> Result<(), LibvirtError>) -> Result<StatsApi, LibvirtError> {
    for nowait in [true, false] {
        let devices = match call(StatsApi::bulk_flags(nowait) | ENFORCE) {
            Ok(()) => true,
            Err(error) => match error.code() {
                VIR_ERR_ARGUMENT_UNSUPPORTED => false,
                VIR_ERR_NO_SUPPORT => return Ok(StatsApi::PerDomain),
                // This libvirt does not know the flag.
                VIR_ERR_INVALID_ARG if nowait => continue,
                _ => return Err(error),
            },
        };
        return Ok(StatsApi::Bulk { nowait, devices });
    }
    Ok(StatsApi::PerDomain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result if the calls return these codes, 0 being success.
    fn probed(codes: &[u32]) -> Option<StatsApi> {
        let mut codes = codes.iter();
        let api = probe(|_| match codes.next() {
            Some(0) => Ok(()),
            code => Err(LibvirtError::new(code.unwrap().cast_signed(), 0, "")),
        });
        assert_eq!(codes.next(), None);
        api.ok()
    }

    #[test]
    fn each_driver_is_read_with_the_calls_that_it_has() {
        let bulk = |nowait, devices| Some(StatsApi::Bulk { nowait, devices });
        assert_eq!(probed(&[0]), bulk(true, true));
        assert_eq!(probed(&[VIR_ERR_INVALID_ARG, 0]), bulk(false, true));
        assert_eq!(probed(&[VIR_ERR_ARGUMENT_UNSUPPORTED]), bulk(true, false));
        assert_eq!(probed(&[VIR_ERR_NO_SUPPORT]), Some(StatsApi::PerDomain));
        assert_eq!(
            probed(&[VIR_ERR_INVALID_ARG, VIR_ERR_NO_SUPPORT]),
            Some(StatsApi::PerDomain)
        );
    }

    #[test]
    fn any_other_error_is_returned() {
        assert_eq!(probed(&[38]), None);
        assert_eq!(probed(&[VIR_ERR_INVALID_ARG, VIR_ERR_INVALID_ARG]), None);
    }

    #[test]
    fn nowait_is_a_flag_beside_active() {
        assert_eq!(StatsApi::bulk_flags(false), 1);
        assert_eq!(StatsApi::bulk_flags(true), 1 | 1 << 29);
    }
}
