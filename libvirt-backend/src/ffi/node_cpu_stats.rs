//! The CPU time of a host.

use std::mem::MaybeUninit;
use std::ptr;

use super::bindings::{
    VIR_NODE_CPU_STATS_ALL_CPUS, VIR_NODE_CPU_STATS_IDLE, VIR_NODE_CPU_STATS_IOWAIT,
    virNodeCPUStats,
};
use super::connection::Connection;
use super::error::LibvirtError;

/// Maximum number of fields: libvirt's own daemon returns no more (`REMOTE_NODE_CPU_STATS_MAX`).
const MAX_FIELDS: u8 = 16;

impl Connection {
    /// Number of fields of `virNodeGetCPUStats`, which a call for their values has to pass.
    pub(crate) fn cpu_stats_fields(&self) -> Result<u8, LibvirtError> {
        let mut count = 0;
        // SAFETY: the connection is open. With a count of 0 the call writes the count alone.
        let status = unsafe {
            self.library.calls.virNodeGetCPUStats(
                self.raw(),
                VIR_NODE_CPU_STATS_ALL_CPUS,
                ptr::null_mut(),
                &raw mut count,
                0,
            )
        };
        if status < 0 {
            return Err(self.library.last_error());
        }
        let count = u8::try_from(count).unwrap_or(MAX_FIELDS);
        Ok(count.min(MAX_FIELDS))
    }

    /// Idle time of all CPUs of the host since it was booted, in ns (`virNodeGetCPUStats`); `None` if the
    /// driver does not report it. `fields` is the result of [`cpu_stats_fields`](Self::cpu_stats_fields).
    pub(crate) fn idle_ns(&self, fields: u8) -> Result<Option<u64>, LibvirtError> {
        let mut stats = MaybeUninit::<[virNodeCPUStats; MAX_FIELDS as usize]>::zeroed();
        let fields = fields.min(MAX_FIELDS);
        let mut count = fields.into();
        // SAFETY: the connection is open, and the array has at least as many entries as the count that
        // the call is given. It writes no more entries than that.
        let status = unsafe {
            self.library.calls.virNodeGetCPUStats(
                self.raw(),
                VIR_NODE_CPU_STATS_ALL_CPUS,
                stats.as_mut_ptr().cast(),
                &raw mut count,
                0,
            )
        };
        if status < 0 {
            return Err(self.library.last_error());
        }
        // SAFETY: all fields are numbers and arrays of characters, and the zeroes written before the call
        // are valid values of both.
        let stats = unsafe { stats.assume_init() };
        let written = usize::try_from(count).unwrap_or(0);
        Ok(idle_ns(&stats[..written.min(fields.into())]))
    }
}

/// The sum of the idle time and of the time in which a CPU was idle while a task waited for I/O. A host
/// without the second one (FreeBSD) counts that time as idle.
fn idle_ns(stats: &[virNodeCPUStats]) -> Option<u64> {
    let value = |name: &[u8]| {
        let stat = stats.iter().find(|stat| has_name(stat, name))?;
        Some(stat.value)
    };
    let idle_ns = value(VIR_NODE_CPU_STATS_IDLE)?;
    idle_ns.checked_add(value(VIR_NODE_CPU_STATS_IOWAIT).unwrap_or(0))
}

/// True if the name of the field is this NUL-terminated one.
fn has_name(stat: &virNodeCPUStats, name: &[u8]) -> bool {
    let field = stat.field.iter().flat_map(|byte| byte.to_ne_bytes());
    field.take(name.len()).eq(name.iter().copied())
}

#[cfg(test)]
mod tests {
    use std::ffi::c_char;

    use super::*;
    use crate::ffi::library::installed;

    fn stat(name: &[u8], value: u64) -> virNodeCPUStats {
        let mut field = [0; 80];
        for (to, &byte) in field.iter_mut().zip(name) {
            *to = c_char::from_ne_bytes([byte]);
        }
        virNodeCPUStats { field, value }
    }

    #[test]
    fn idle_time_has_the_time_of_waiting_for_io() {
        let linux = [
            stat(b"kernel", 1_000),
            stat(b"user", 20_000),
            stat(b"idle", 300_000),
            stat(b"iowait", 4_000_000),
        ];
        assert_eq!(idle_ns(&linux), Some(4_300_000));
        assert_eq!(idle_ns(&linux[..3]), Some(300_000));
        assert_eq!(idle_ns(&linux[..2]), None);
        assert_eq!(idle_ns(&[stat(b"idler", 5), stat(b"idl", 6)]), None);
        assert_eq!(idle_ns(&[stat(b"idle", u64::MAX), linux[3]]), None);
        assert_eq!(idle_ns(&[stat(&[b'i'; 80], 1)]), None);
    }

    #[test]
    fn the_test_driver_reports_idle_time() {
        let Some(library) = installed() else { return };
        let connection = Connection::open(library, Some(c"test:///default")).unwrap();
        let fields = connection.cpu_stats_fields().unwrap();
        assert!(connection.idle_ns(fields).unwrap().is_some());
        assert!(connection.idle_ns(0).unwrap().is_none());
    }
}
