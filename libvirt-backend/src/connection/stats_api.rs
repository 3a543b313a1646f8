//! How the domains of a connection are read, found out once when it is opened.

use crate::connection::error::Fault;
use crate::ffi::{
    Connection, VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE as ACTIVE,
    VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS as ENFORCE,
    VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT as NOWAIT, VIR_DOMAIN_STATS_INTERFACE,
    VIR_DOMAIN_STATS_STATE, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_ERR_INVALID_ARG, VIR_ERR_NO_SUPPORT,
};

/// What libvirt's QEMU driver answers without asking QEMU's monitor, whatever the guest does.
pub(crate) const DAEMON_GROUPS: u32 = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_INTERFACE;

/// A way to read the domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// All at once, by `virConnectGetAllDomainStats`.
    Bulk {
        /// Whether values that a busy domain would make wait for are left out instead
        /// (libvirt 4.5 and later).
        nowait: bool,
        /// Whether the driver tells of devices.
        devices: bool,
    },
    /// One by one: libvirt's Xen driver has no bulk call.
    Each,
}

impl Way {
    /// Finds out which way this connection has, and how many domains there are where that is
    /// told. The devices that it asks for are those that no guest can keep it waiting for.
    pub(crate) fn find(connection: &Connection) -> Result<(Self, usize), Fault> {
        let mut domains = 0;
        let way = find(|flags| {
            domains = connection.stats(VIR_DOMAIN_STATS_INTERFACE, flags)?.len();
            Ok(())
        })?;
        Ok((way, domains))
    }

    /// Whether the list of domains has their devices.
    pub(crate) fn tells_devices(self) -> bool {
        matches!(self, Self::Bulk { devices: true, .. })
    }

    /// The flags of the bulk call.
    pub(crate) fn flags(nowait: bool) -> u32 {
        if nowait { ACTIVE | NOWAIT } else { ACTIVE }
    }

    /// The flags of the call for some domains, which refuses those that choose domains.
    pub(crate) fn list_flags(nowait: bool) -> u32 {
        if nowait { NOWAIT } else { 0 }
    }
}

/// `ask` asks for devices with these flags. `ENFORCE` makes a driver that knows none refuse.
fn find(mut ask: impl FnMut(u32) -> Result<(), Fault>) -> Result<Way, Fault> {
    for nowait in [true, false] {
        let devices = match ask(Way::flags(nowait) | ENFORCE) {
            Ok(()) => true,
            Err(fault) => match fault.code() {
                VIR_ERR_ARGUMENT_UNSUPPORTED => false,
                VIR_ERR_NO_SUPPORT => return Ok(Way::Each),
                // A flag that this libvirt does not know.
                VIR_ERR_INVALID_ARG if nowait => continue,
                _ => return Err(fault),
            },
        };
        return Ok(Way::Bulk { nowait, devices });
    }
    Ok(Way::Each)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found where the calls come to these codes, 0 being success.
    fn found(codes: &[u32]) -> Option<Way> {
        let mut codes = codes.iter();
        let way = find(|_| match codes.next() {
            Some(0) => Ok(()),
            code => Err(Fault::new(code.unwrap().cast_signed(), 0, "")),
        });
        assert_eq!(codes.next(), None);
        way.ok()
    }

    #[test]
    fn each_driver_is_read_in_the_way_that_it_has() {
        let bulk = |nowait, devices| Some(Way::Bulk { nowait, devices });
        assert_eq!(found(&[0]), bulk(true, true));
        assert_eq!(found(&[VIR_ERR_INVALID_ARG, 0]), bulk(false, true));
        assert_eq!(found(&[VIR_ERR_ARGUMENT_UNSUPPORTED]), bulk(true, false));
        assert_eq!(found(&[VIR_ERR_NO_SUPPORT]), Some(Way::Each));
        assert_eq!(
            found(&[VIR_ERR_INVALID_ARG, VIR_ERR_NO_SUPPORT]),
            Some(Way::Each)
        );
    }

    #[test]
    fn another_refusal_is_passed_on() {
        assert_eq!(found(&[38]), None);
        assert_eq!(found(&[VIR_ERR_INVALID_ARG, VIR_ERR_INVALID_ARG]), None);
    }

    #[test]
    fn nowait_is_a_flag_beside_active() {
        assert_eq!(Way::flags(false), 1);
        assert_eq!(Way::flags(true), 1 | 1 << 29);
    }
}
