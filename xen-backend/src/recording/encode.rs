//! Encoder of the raw bytes of a sample. `decode` is the decoder.
//!
//! ```text
//! host_metadata  sysctl interface version   hypervisor   capabilities
//! sample         list   0, or 1 and vCPUs   physinfo   idle times   nodes   domains...   warnings   roles...
//! vCPU           errno; 0 is followed by the 24 bytes of the answer
//! domain         incarnation   name   memory   NICs   disks
//! ```
//!
//! The first recordings have no roles. If the host was not needed, physinfo, idle times and nodes are
//! empty.
//!
//! The answers of the hypervisor are recorded as raw bytes: the list, `xen_sysctl_physinfo`, the
//! arrays of pCPUs and nodes, `xen_domctl_getvcpuinfo`. The data of xenstore, netlink and sysfs is
//! recorded in decoded form: it comes from text and messages of many ticks, and only a name and some
//! numbers of it are used.

use std::io;

use nix::errno::Errno;
use virtmon_model::{Capabilities, Devices, Disk, Domain, Nic, Role, Snapshot};
use virtmon_recording::codec::{put_bytes, put_counters, put_number, put_optional, put_text};
use xen_sys::abi::{Abi, VcpuInfo};

/// Encodes the data that holds for every sample of this host.
pub(crate) fn host_metadata(abi: Abi, hypervisor: &str, capabilities: Capabilities) -> Vec<u8> {
    let mut out = Vec::new();
    put_number(&mut out, abi.sysctl.into());
    put_bytes(&mut out, hypervisor.as_bytes());
    out.push(capabilities.to_bits());
    out
}

/// Appends the result of `XEN_DOMCTL_getvcpuinfo`, with the bytes that it was decoded from.
pub(crate) fn put_vcpu(out: &mut Vec<u8>, info: &io::Result<VcpuInfo>, answer: &[u8]) {
    match info {
        Ok(_) => {
            put_number(out, 0);
            out.extend_from_slice(&answer[..VcpuInfo::BYTES]);
        }
        Err(error) => {
            let errno = error.raw_os_error().and_then(|n| u64::try_from(n).ok());
            put_number(out, errno.unwrap_or(Errno::EIO as u64));
        }
    }
}

/// Appends the values of the snapshot that are not from the hypervisor, and the roles.
pub(crate) fn put_snapshot(out: &mut Vec<u8>, snapshot: &Snapshot) {
    for domain in snapshot.domains.iter() {
        put_domain(out, domain);
    }
    put_number(out, snapshot.warnings.len() as u64);
    for warning in snapshot.warnings.iter() {
        put_bytes(out, warning.as_bytes());
    }
    for domain in snapshot.domains.iter() {
        let index = ROLES.iter().position(|role| Some(*role) == domain.role);
        put_optional(out, index.map(|index| index as u64));
        put_optional(out, domain.target_id.map(u64::from));
    }
}

/// Roles. The index of each is its number in a recording, so new roles are appended.
pub(crate) const ROLES: [Role; 6] = [
    Role::Control,
    Role::Stub,
    Role::Driver,
    Role::Guest,
    Role::Xenstore,
    Role::Hardware,
];

fn put_domain(out: &mut Vec<u8>, domain: &Domain) {
    let memory = &domain.memory;
    put_optional(out, domain.identity.incarnation);
    put_text(out, domain.name.as_deref());
    put_counters(
        out,
        &[
            memory.target_bytes,
            memory.guest_total_bytes,
            memory.guest_usable_bytes,
        ],
    );
    put_devices(out, &domain.nics, |out, nic: &Nic| {
        put_bytes(out, nic.name.as_bytes());
        put_counters(
            out,
            &[
                nic.rx_bytes,
                nic.rx_packets,
                nic.rx_errors,
                nic.rx_drops,
                nic.tx_bytes,
                nic.tx_packets,
                nic.tx_errors,
                nic.tx_drops,
            ],
        );
    });
    put_devices(out, &domain.disks, |out, disk: &Disk| {
        put_bytes(out, disk.name.as_bytes());
        put_bytes(out, disk.path.as_bytes());
        put_counters(
            out,
            &[
                disk.rd_requests,
                disk.wr_requests,
                disk.rd_bytes,
                disk.wr_bytes,
                disk.fl_requests,
                disk.ds_requests,
                disk.queue_full,
                disk.capacity_bytes,
            ],
        );
    });
}

fn put_devices<T: Default>(
    out: &mut Vec<u8>,
    devices: &Devices<T>,
    put: impl Fn(&mut Vec<u8>, &T),
) {
    out.push(devices.complete.into());
    put_number(out, devices.rows.len() as u64);
    for device in devices.rows.iter() {
        put(out, device);
    }
}
