//! Facts about a daemon's driver.

use virtmon_model::Host;

use super::host;
use super::stats_api::StatsApi;
use crate::ffi::connection::Connection;
use crate::ffi::error::LibvirtError;

/// Facts about a daemon's driver and host. The first session finds them out; later sessions of the same
/// daemon do without the calls.
#[derive(Clone)]
pub(crate) struct Driver {
    /// The calls that the driver has.
    pub(crate) api: StatsApi,
    /// The values of the host that do not change.
    pub(crate) host: Host,
    /// True if a record without `balloon.rss` is one for which QEMU was not queried: libvirt's QEMU
    /// driver reads it only together with values from QEMU's monitor.
    pub(crate) reports_rss: bool,
}

impl Driver {
    /// Finds out the facts, and the number of guests; the number is 0 if the driver does not report it.
    pub(crate) fn probe(connection: &Connection) -> Result<(Self, usize), LibvirtError> {
        let (api, guests) = StatsApi::probe(connection)?;
        let driver = Self {
            api,
            host: host::static_info(connection),
            reports_rss: connection.driver().is_ok_and(|driver| driver == "QEMU"),
        };
        Ok((driver, guests))
    }
}
