//! The facts about a host that do not change.

use virtmon_model::Host;

use crate::ffi::connection::Connection;
use crate::records::fields::bytes_of_kib;

/// Reads the values of a host that do not change: all but its free memory. A value that cannot be read is
/// unknown.
pub(crate) fn static_info(connection: &Connection) -> Host {
    let node = connection.node_info().ok();
    Host {
        hypervisor: hypervisor(
            &connection.driver().unwrap_or_else(|_| "libvirt".into()),
            connection.hypervisor_version().unwrap_or(0),
        ),
        pcpus: node.as_ref().map(|node| node.cpus),
        mem_bytes: node.and_then(|node| bytes_of_kib(node.mem_kib)),
        mem_free_bytes: None,
        ..Host::default()
    }
}

/// A driver's name with the version that `virConnectGetVersion` packs into a number.
fn hypervisor(driver: &str, version: u64) -> String {
    if version == 0 {
        return driver.to_owned();
    }
    let (major, minor, release) = (
        version / 1_000_000,
        version / 1_000 % 1_000,
        version % 1_000,
    );
    format!("{driver} {major}.{minor}.{release}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_unpacked() {
        assert_eq!(hypervisor("QEMU", 7_002_011), "QEMU 7.2.11");
        assert_eq!(hypervisor("Xen", 4_017_000), "Xen 4.17.0");
        assert_eq!(hypervisor("QEMU", 0), "QEMU");
    }
}
