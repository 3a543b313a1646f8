//! The idle time of a host, call by call.

use crate::ffi::bindings::VIR_ERR_NO_SUPPORT;
use crate::ffi::connection::Connection;

/// State of the calls for the CPU time of a host.
#[derive(Debug, Default)]
pub(crate) enum CpuStats {
    /// The number of fields is not known: no call has succeeded.
    #[default]
    Unknown,
    /// The number of fields, which each call has to pass.
    Fields(u8),
    /// The driver does not report the CPU time.
    NotReported,
}

impl CpuStats {
    /// Idle time of all CPUs now, in ns. It takes one call; in the first sample two. A driver that does
    /// not report it is called once.
    pub(crate) fn idle_ns(&mut self, connection: &Connection) -> Option<u64> {
        let fields = match self {
            Self::NotReported => return None,
            Self::Fields(fields) => Ok(*fields),
            Self::Unknown => connection.cpu_stats_fields(),
        };
        let idle_ns = fields.and_then(|fields| {
            *self = Self::Fields(fields);
            connection.idle_ns(fields)
        });
        if let Err(error) = &idle_ns {
            *self = match error.code() {
                VIR_ERR_NO_SUPPORT => Self::NotReported,
                _ => Self::Unknown,
            };
        }
        idle_ns.ok().flatten()
    }
}
